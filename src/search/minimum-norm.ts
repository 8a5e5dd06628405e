/**
 * A search for nearest misclassified neighbours that looks for the boundary itself instead of trying one radius after the other.
 *
 *   x ← x0; repeat { ε ← where the margin would vanish if it were linear; x ← a step along its gradient, within ε of x0 }
 *
 * The paper's loop ({@link IncreasingEpsilonSearch}) spends most of its gradients within radii that are too small. Here each
 * gradient also says how far the boundary is, so that a few suffice: see {@link runDescentStep} for the step, {@link Descender} for
 * what follows from it, and bench/search.ts for what it costs and finds beside the paper's loop.
 * Sources: Pintor et al., "Fast Minimum-norm Adversarial Attacks through Adaptive Norm Constraints" (NeurIPS 2021), for steps that
 * shrink along a cosine within an adapted radius; Moosavi-Dezfooli et al., "DeepFool" (CVPR 2016), for the radius.
 * Deviations from FMN: the radius follows the linear estimate throughout, also back from a neighbour; inputs at the edge of their
 * range do not count for it; rivals share the gradient (model/margin-loss); and a descent that finds nothing goes on with growing
 * radii. Steps at a time of their own rather than 1,000, and no random start: nothing is drawn, and the seed is not used.
 */
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { boxSides } from '../core/bounds';
import { checkInteger, checkKeys, checkNumber, checkOneOf } from '../core/options';
import { RunControl } from '../core/run';
import type { ExampleData } from '../data/examples';
import type { Classifier } from '../model/classifier';
import type { AdversarialSearch, AdversarialSet, SearchRun } from './adversarial-search';
import type { NormName } from './attack';
import { RADIUS_RANGE } from './attacks/run-options';
import { descend } from './descent';
import { NORM_NAMES, normOf } from './norms';
import { openSearch } from './open';

/** Options of {@link MinimumNormSearch}. */
export interface MinimumNormOptions {
  /** The norm under which neighbours are near. @default 'l2' */
  readonly norm?: NormName;
  /**
   * Gradients per example, at least 2: more find nearer neighbours, ever more slowly. An example that has no neighbour by then
   * takes as many more as it needs.
   * @default 8
   */
  readonly steps?: number;
  /** Largest distance, in input units under the norm. @default the diameter of the input box */
  readonly maxEpsilon?: number;
  /** Bisections that move each neighbour back towards its example: each costs a forward pass, and no gradient. @default 0 */
  readonly refine?: number;
  /**
   * How far each neighbour is moved on beyond the boundary, as a fraction of its distance, within the box and `maxEpsilon`, unless
   * the model classifies it right there. It costs a forward pass. `distances` and `epsilons` are those of the point it is moved to.
   * For the nearest neighbours leave it at 0; for fine-tuning on them see `Amun`, which has 0.1 (bench/neighbours.ts).
   * @default 0
   */
  readonly overshoot?: number;
}

/**
 * Finds for each example a near input that the model puts into another class, with few gradients. The result holds inputs for
 * all examples in memory, also when they come from a source.
 *
 * `epsilons` are the radii within which the neighbours were found: the distances, or a little more where the box cuts them short;
 * 0 for examples misclassified from the start. Where no neighbour is found within `maxEpsilon`, or there is no gradient to follow,
 * `found` is 0: `xs` holds the clean example, `ys` its own label, `distances` 0, and `epsilons` the last radius tried.
 *
 * @example
 * ```ts
 * const neighbours = await new MinimumNormSearch().find(model, forget);
 * const { model: forgotten } = await new Amun({ adversarial: neighbours }).unlearn(model, { forget, retain });
 * neighbours.dispose();
 * ```
 */
export class MinimumNormSearch implements AdversarialSearch {
  /** The norm under which neighbours are near. */
  readonly norm: NormName;
  /** Gradients per example. */
  readonly steps: number;
  /** Largest distance; undefined for the diameter of the input box. */
  readonly maxEpsilon: number | undefined;
  /** Bisections towards the example. */
  readonly refine: number;
  /** How far neighbours are moved on, as a fraction of their distance. */
  readonly overshoot: number;

  /** @throws AmunError `invalid-option`. */
  constructor(options: MinimumNormOptions = {}) {
    const where = 'MinimumNormSearch';
    checkKeys(where, options, ['norm', 'steps', 'maxEpsilon', 'refine', 'overshoot']);
    const { norm = 'l2', steps = 8, maxEpsilon, refine = 0, overshoot = 0 } = options;
    this.norm = checkOneOf(`${where}: norm`, norm, NORM_NAMES);
    this.steps = checkInteger(`${where}: steps`, steps, { min: 2 });
    this.refine = checkInteger(`${where}: refine`, refine, { min: 0, max: 60 });
    this.overshoot = checkNumber(`${where}: overshoot`, overshoot, { min: 0, max: 1 });
    this.maxEpsilon =
      maxEpsilon === undefined ? undefined : checkNumber(`${where}: maxEpsilon`, maxEpsilon, RADIUS_RANGE);
  }

  /**
   * Searches one neighbour per example.
   *
   * @throws AmunError for options, model or data that can't be used, before the search; the signal's reason on abort.
   */
  async find(model: LayersModel | Classifier, examples: ExampleData, run: SearchRun = {}): Promise<AdversarialSet> {
    const opened = await openSearch('MinimumNormSearch.find', model, examples, run);
    const { view, data, release } = opened;
    try {
      const [norm, { steps, refine, overshoot }] = [normOf(this.norm), this];
      const size = data.inputShape.reduce((product, length) => product * length, 1);
      const maxEpsilon = this.maxEpsilon ?? norm.diameter(boxSides(view.bounds), size);
      const control = new RunControl(run, 'search', 'examples', data.size);
      const neighbours = await descend({
        ...opened,
        norm,
        steps,
        refine,
        overshoot,
        maxEpsilon,
        control,
        signal: run.signal,
      });
      try {
        return neighbours.finish();
      } finally {
        neighbours.dispose();
      }
    } finally {
      release();
    }
  }
}
