/**
 * Projected gradient descent: many small normalised steps within a ball, until the prediction flips.
 *
 * Source: Madry et al., "Towards Deep Learning Models Resistant to Adversarial Attacks" (2018); the step of ε/10 under the
 * Euclidean norm is that of AMUN's search (Ali-E/AMUN, `pgdl2_modified.py`). See {@link pgdStep} for the formula and for what
 * differs.
 */
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { checkBoolean, checkInteger, checkKeys, checkNumber, checkOneOf } from '../../core/options';
import type { Examples } from '../../data/examples';
import type { Classifier } from '../../model/classifier';
import type { Attack, AttackResult, AttackRun, NormName } from '../attack';
import { NORM_NAMES, normOf } from '../norms';
import { gradientAttack } from './gradient-attack';

/** Options of {@link Pgd}. */
export interface PgdOptions {
  /** Norm of the ball, and the one under which steps are normalised. @default 'l2' */
  readonly norm?: NormName;
  /** Steps until an example is given up, at least 1. @default 50 */
  readonly steps?: number;
  /** Length of a step as a fraction of the radius, in (0, 2]. @default 0.1 */
  readonly stepSize?: number;
  /** Begin at a random point of the ball instead of at the example; `start` overrules it. @default false */
  readonly randomStart?: boolean;
}

/**
 * Projected gradient descent within a fixed radius. An example stops as soon as it is misclassified; with `randomStart` its
 * first point is a drawn one.
 *
 * @example
 * ```ts
 * const { xs, ys, found } = await new Pgd({ norm: 'linf' }).perturb(model, examples, { epsilon: 8 / 255 });
 * ```
 */
export class Pgd implements Attack {
  readonly norm: NormName;
  /** Steps until an example is given up. */
  readonly steps: number;
  /** Length of a step as a fraction of the radius. */
  readonly stepSize: number;
  /** Whether it begins at a random point of the ball. */
  readonly randomStart: boolean;

  /** @throws AmunError `invalid-option`. */
  constructor(options: PgdOptions = {}) {
    checkKeys('Pgd', options, ['norm', 'steps', 'stepSize', 'randomStart']);
    const { norm = 'l2', steps = 50, stepSize = 0.1, randomStart = false } = options;
    this.norm = checkOneOf('Pgd: norm', norm, NORM_NAMES);
    this.steps = checkInteger('Pgd: steps', steps, { min: 1 });
    this.stepSize = checkNumber('Pgd: stepSize', stepSize, { above: 0, max: 2 });
    this.randomStart = checkBoolean('Pgd: randomStart', randomStart);
  }

  /**
   * Perturbs each example within its radius until the model puts it into another class than its label.
   *
   * @throws AmunError for options, model or data that can't be used, before any step; the signal's reason on abort.
   */
  async perturb(model: LayersModel | Classifier, examples: Examples, run: AttackRun): Promise<AttackResult> {
    const { steps, stepSize, randomStart } = this;
    return gradientAttack(
      'Pgd.perturb',
      { norm: normOf(this.norm), steps, stepSize, randomStart },
      model,
      examples,
      run,
    );
  }
}
