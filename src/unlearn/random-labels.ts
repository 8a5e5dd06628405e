/**
 * Random labels: the forget set with wrong labels drawn at random, beside the retain set.
 *
 * Source: Golatkar et al., "Eternal Sunshine of the Spotless Net", CVPR 2020; in the form of the AMUN code: the true label is excluded,
 * labels are redrawn each epoch, forget and retain set in one shuffled loader. (SalUn's code draws the true label too.)
 */
import { concatData, relabel } from '../data/compose';
import type { RandomStream } from '../core/random';
import { type EpochPlan, labelsOf, type RunContext } from './context';
import { resolveTraining, type TrainingOptions } from './options';
import { Unlearner } from './unlearner';

/** Cross-entropy on the forget set with random wrong labels, and on the retain set where there is one. */
export class RandomLabels extends Unlearner {
  readonly name = 'RandomLabels';

  /** @param options - Learning rate 0.01, ×0.1 every epoch, unless told: best of a small grid in a PyTorch run. */
  constructor(options: TrainingOptions = {}) {
    super(resolveTraining('RandomLabels', options, { learningRate: 0.01, schedule: { every: 1 } }, []));
  }

  async plan(context: RunContext): Promise<EpochPlan> {
    const { forget, retain, options, run } = context;
    const labels = await labelsOf(forget, options.batchSize, run.signal);
    const { classCount } = context.view;
    return (epoch) => {
      const wrong = wrongLabels(labels, classCount, context.random('labels', epoch));
      const parts = [relabel(context.augmented(forget), wrong)];
      if (retain !== undefined) parts.push(context.augmented(retain));
      return [{ name: 'train', data: concatData(parts) }];
    };
  }
}

/** For each label another one, uniformly. */
export function wrongLabels(labels: Int32Array, classCount: number, random: RandomStream): Int32Array {
  return labels.map((label) => (label + 1 + random.int(classCount - 1)) % classCount);
}
