/**
 * AMUN's search: the nearest misclassified neighbour of each example, by an attack within a radius that grows until it succeeds.
 *
 *   x ← x0, ε ← ε0; repeat { x ← attack(x within ε of x0); stop if misclassified; ε ← growth · ε }
 *
 * Source: Ebrahimpour-Boroojeny et al., "AMUN: Adversarial Machine UNlearning" (ICML 2025), algorithm 1; the details are those
 * of Ali-E/AMUN, `pgdl2_modified.py`: the true class is attacked, an example goes on from where the last round left it, and its
 * ε is the radius in force when it flipped.
 * Deviations: the original has no upper bound on ε, so that it never ends on an example whose gradient vanishes or whose class
 * nothing leaves, or stores NaN for it. Here the radius ends at the size of the input box, and such examples are `found` 0. A
 * flip needs a margin above rounding, and every neighbour is checked in a forward pass of its own.
 */
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { AmunError } from '../core/errors';
import { boxSides } from '../core/bounds';
import { checkInteger, checkKeys, checkNumber, checkOneOf, checkStrategy } from '../core/options';
import { randomStream } from '../core/random';
import { RunControl } from '../core/run';
import type { ExampleData } from '../data/examples';
import type { Classifier } from '../model/classifier';
import type { AdversarialSearch, AdversarialSet, SearchRun } from './adversarial-search';
import type { Attack } from './attack';
import { RADIUS_RANGE } from './attacks/run-options';
import { Pgd } from './attacks/pgd';
import { searchRounds } from './epsilon-rounds';
import type { RoundsContext } from './rounds-context';
import { NORM_NAMES, normOf } from './norms';
import { allRows } from './positions';
import { markChecked, type OpenedSearch, openSearch } from './open';

/** Options of {@link IncreasingEpsilonSearch}. */
export interface IncreasingEpsilonOptions {
  /** The attack within each radius; its norm is the search's. @default new Pgd({ norm: 'l2', steps: 50 }) */
  readonly attack?: Attack;
  /**
   * First radius, in input units under the attack's norm. `'calibrated'` searches 50 examples (drawn with the run's seed) from
   * 1 % of the widest side of the input box, and takes the median of their radii: fewer rounds, and less overshoot.
   * @default 0.04
   */
  readonly initialEpsilon?: number | 'calibrated';
  /** Factor between one radius and the next, at least 1.01. @default 2 */
  readonly growth?: number;
  /** Last radius, in input units under the attack's norm. @default the diameter of the input box */
  readonly maxEpsilon?: number;
  /** Bisections that move each neighbour back towards its example: each costs a forward pass, and no gradient. @default 0 */
  readonly refine?: number;
}

/** How many examples calibrate the first radius, and from which fraction of the box's widest side. */
const PROBES = 50;
const PROBE_FRACTION = 0.01;

/**
 * Finds for each example a near input that the model puts into another class. The result holds inputs for all examples in
 * memory, also when they come from a source; a source must gather the same inputs each time it is asked.
 *
 * Where no neighbour is found up to the last radius, or the gradient is exactly zero or not finite, `found` is 0: `xs` holds
 * the clean example, `ys` its own label, `distances` 0, and `epsilons` the last radius tried.
 *
 * @example
 * ```ts
 * const search = new IncreasingEpsilonSearch({ initialEpsilon: 'calibrated', refine: 4 });
 * const neighbours = await search.find(model, forget, { onProgress: ({ done, total }) => show(done / total) });
 * neighbours.dispose();
 * ```
 */
export class IncreasingEpsilonSearch implements AdversarialSearch {
  /** The attack within each radius. */
  readonly attack: Attack;
  /** First radius. */
  readonly initialEpsilon: number | 'calibrated';
  /** Factor between one radius and the next. */
  readonly growth: number;
  /** Last radius; undefined for the diameter of the input box. */
  readonly maxEpsilon: number | undefined;
  /** Bisections towards the example. */
  readonly refine: number;

  /** @throws AmunError `invalid-option`. */
  constructor(options: IncreasingEpsilonOptions = {}) {
    const where = 'IncreasingEpsilonSearch';
    checkKeys(where, options, ['attack', 'initialEpsilon', 'growth', 'maxEpsilon', 'refine']);
    const { attack = new Pgd({ norm: 'l2', steps: 50 }), initialEpsilon = 0.04, growth = 2, refine = 0 } = options;
    this.attack = checkStrategy(`${where}: attack`, attack, 'perturb', 'new Pgd()');
    checkOneOf(`${where}: attack.norm`, attack.norm, NORM_NAMES);
    this.initialEpsilon =
      typeof initialEpsilon === 'string'
        ? checkOneOf(`${where}: initialEpsilon`, initialEpsilon, ['calibrated'] as const)
        : checkNumber(`${where}: initialEpsilon`, initialEpsilon, RADIUS_RANGE);
    this.growth = checkNumber(`${where}: growth`, growth, { min: 1.01 });
    this.refine = checkInteger(`${where}: refine`, refine, { min: 0, max: 60 });
    this.maxEpsilon = options.maxEpsilon;
    if (this.maxEpsilon === undefined) return;
    checkNumber(`${where}: maxEpsilon`, this.maxEpsilon, RADIUS_RANGE);
    if (typeof this.initialEpsilon === 'number' && this.initialEpsilon > this.maxEpsilon) {
      throw new AmunError(
        'invalid-option',
        `${where}: expected initialEpsilon of at most maxEpsilon, got ${this.initialEpsilon} and ${this.maxEpsilon}.`,
      );
    }
  }

  /**
   * Searches one neighbour per example.
   *
   * @throws AmunError for options, model or data that can't be used, before the search; the signal's reason on abort.
   */
  async find(model: LayersModel | Classifier, examples: ExampleData, run: SearchRun = {}): Promise<AdversarialSet> {
    const where = 'IncreasingEpsilonSearch.find';
    const opened = await openSearch(where, model, examples, run);
    const unmark = markChecked(opened.view);
    try {
      const everything = allRows(opened.data.size);
      const probed = this.initialEpsilon === 'calibrated' ? await this.calibrate(where, opened, run) : undefined;
      const radii = this.radii(opened, probed?.epsilon ?? (this.initialEpsilon as number));
      const control = new RunControl(run, 'search', 'examples', everything.length);
      const neighbours = await searchRounds(this.context(where, opened, run, { radii, examples: everything, control }));
      try {
        neighbours.gradientSteps += probed?.gradientSteps ?? 0;
        return neighbours.finish();
      } finally {
        neighbours.dispose();
      }
    } finally {
      unmark();
      opened.release();
    }
  }

  private context(
    where: string,
    opened: OpenedSearch,
    run: SearchRun,
    parts: Pick<RoundsContext, 'radii' | 'examples' | 'control'>,
  ): RoundsContext {
    const { attack, refine } = this;
    return { ...opened, ...parts, where, attack, norm: normOf(attack.norm), refine, signal: run.signal };
  }

  /** The radii of the rounds: growing, and ending at the last one allowed. */
  private radii({ view, data }: OpenedSearch, initial: number): readonly number[] {
    const size = data.inputShape.reduce((product, length) => product * length, 1);
    const last = this.maxEpsilon ?? normOf(this.attack.norm).diameter(boxSides(view.bounds), size);
    const radii: number[] = [];
    for (let epsilon = initial; epsilon < last; epsilon *= this.growth) radii.push(epsilon);
    return [...radii, last];
  }

  /** Median radius of a few examples; those misclassified from the start have none. */
  private async calibrate(
    where: string,
    opened: OpenedSearch,
    run: SearchRun,
  ): Promise<{ epsilon: number; gradientSteps: number }> {
    const { data, seed, view } = opened;
    const examples = randomStream(seed, 'calibrate').sample(data.size, Math.min(PROBES, data.size));
    const initial = PROBE_FRACTION * Math.max(...boxSides(view.bounds));
    const control = new RunControl(run, 'calibrate', 'examples', examples.length);
    const radii = this.radii(opened, initial);
    const probes = await searchRounds(this.context(where, opened, run, { radii, examples, control }));
    probes.dispose();
    const found = probes.epsilons.filter((_, i) => probes.found[i] === 1 && probes.distances[i] > 0).sort();
    return { epsilon: found.length === 0 ? initial : median(found), gradientSteps: probes.gradientSteps };
  }
}

/** The middle of ascending values, or the mean of the middle two. */
function median(sorted: Float32Array): number {
  return (sorted[Math.floor((sorted.length - 1) / 2)] + sorted[Math.ceil((sorted.length - 1) / 2)]) / 2;
}
