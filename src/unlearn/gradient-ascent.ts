/**
 * Gradient ascent: away from the forget set, after a pass over the retain set that keeps the rest in place.
 *
 * Source: Thudi et al., "Unrolling SGD", EuroS&P 2022; with the pass over the retain set first in each epoch, as the AMUN code
 * has it. Without retain data it is ascent alone, which destroys a model soon: use a rate of 1e-3 or less.
 */
import type { EpochPlan, Pass, RunContext } from './context';
import { resolveTraining, type TrainingOptions } from './options';
import { Unlearner } from './unlearner';

/** Highest rate at which ascent alone left a small network usable (bench/without-retain.ts). */
const SAFE_ALONE = 1e-3;

/** −CE on the forget set; a CE pass over the retain set first in each epoch, where there is one. */
export class GradientAscent extends Unlearner {
  readonly name = 'GradientAscent';

  /** @param options - Learning rate 0.01, ×0.1 every 5 epochs, unless told: best of a small grid in a PyTorch run. */
  constructor(options: TrainingOptions = {}) {
    super(resolveTraining('GradientAscent', options, { learningRate: 0.01, schedule: { every: 5 } }, []));
  }

  plan(context: RunContext): EpochPlan {
    const ascent: Pass = { name: 'forget', data: context.augmented(context.forget), direction: -1 };
    if (context.retain === undefined) {
      if (context.options.learningRate > SAFE_ALONE) {
        context.warn(
          `Gradient ascent without retain data at a rate above ${SAFE_ALONE} soon destroys a model; lower learningRate.`,
        );
      }
      return () => [ascent];
    }
    const descent: Pass = { name: 'retain', data: context.augmented(context.retain) };
    return () => [descent, ascent];
  }
}
