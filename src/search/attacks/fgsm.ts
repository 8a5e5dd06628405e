/**
 * The fast gradient (sign) method: one step as long as the radius.
 *
 *   x' = clamp(x0 + ε · direction(∇ loss(x0))), where the direction under `linf` is the gradient's sign
 *
 * Source: Goodfellow et al., "Explaining and Harnessing Adversarial Examples" (2015), §4.
 */
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { checkKeys, checkOneOf } from '../../core/options';
import type { Examples } from '../../data/examples';
import type { Classifier } from '../../model/classifier';
import type { Attack, AttackResult, AttackRun, NormName } from '../attack';
import { NORM_NAMES, normOf } from '../norms';
import { gradientAttack } from './gradient-attack';

/** Options of {@link Fgsm}. */
export interface FgsmOptions {
  /** Norm of the ball: `linf` moves every value by ε, `l2` moves along the gradient. @default 'linf' */
  readonly norm?: NormName;
}

/** One step as long as the radius. An example that is misclassified already stays where it is. */
export class Fgsm implements Attack {
  readonly norm: NormName;

  /** @throws AmunError `invalid-option`. */
  constructor(options: FgsmOptions = {}) {
    checkKeys('Fgsm', options, ['norm']);
    const { norm = 'linf' } = options;
    this.norm = checkOneOf('Fgsm: norm', norm, NORM_NAMES);
  }

  /**
   * Moves each example by its radius.
   *
   * @throws AmunError for options, model or data that can't be used, before any step; the signal's reason on abort.
   */
  async perturb(model: LayersModel | Classifier, examples: Examples, run: AttackRun): Promise<AttackResult> {
    const rule = { norm: normOf(this.norm), steps: 1, stepSize: 1, randomStart: false };
    return gradientAttack('Fgsm.perturb', rule, model, examples, run);
  }
}
