/**
 * Fine-tuning on the retain set: the forget set fades by itself, or not.
 *
 * Source: Golatkar et al., "Eternal Sunshine of the Spotless Net", CVPR 2020; a baseline of the AMUN paper, section 6.
 */
import type { EpochPlan, RunContext } from './context';
import { resolveTraining, type TrainingOptions } from './options';
import { Unlearner } from './unlearner';

/** Cross-entropy on the retain set. Needs it. */
export class FineTune extends Unlearner {
  readonly name = 'FineTune';

  /** @param options - Learning rate 0.05, ×0.1 every 5 epochs, unless told: best of a small grid in a PyTorch run. */
  constructor(options: TrainingOptions = {}) {
    super(resolveTraining('FineTune', options, { learningRate: 0.05, schedule: { every: 5 } }, []));
  }

  override needsRetain(): boolean {
    return true;
  }

  plan(context: RunContext): EpochPlan {
    const passes = [{ name: 'retain', data: context.augmented(context.retain!) }];
    return () => passes;
  }
}
