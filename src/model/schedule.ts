/**
 * Learning rate over epochs.
 */
import { AmunError } from '../core/errors';
import { checkInteger, checkKeys, checkNumber, show } from '../core/options';

/**
 * How the learning rate falls: not at all; along half a cosine to zero over the run (PyTorch's `CosineAnnealingLR`, stepped per
 * epoch); or times `factor` every `every` epochs (`StepLR`).
 */
export type Schedule =
  | 'constant'
  | 'cosine'
  | {
      /** Epochs between two cuts. */
      readonly every: number;
      /** What the rate is multiplied by at each cut. @default 0.1 */
      readonly factor?: number;
    };

/** Checks a schedule and fills in its defaults. */
export function checkSchedule(where: string, schedule: Schedule): Schedule {
  if (schedule === 'constant' || schedule === 'cosine') return schedule;
  if (typeof schedule !== 'object' || schedule === null) {
    throw new AmunError(
      'invalid-option',
      `${where}: schedule: expected 'constant', 'cosine' or { every, factor }, got ${show(schedule)}.`,
    );
  }
  checkKeys(`${where}: schedule`, schedule, ['every', 'factor']);
  return {
    every: checkInteger(`${where}: schedule.every`, schedule.every, { min: 1 }),
    factor: checkNumber(`${where}: schedule.factor`, schedule.factor ?? 0.1, { above: 0, max: 1 }),
  };
}

/** The learning rate of an epoch, counted from 0. */
export function learningRateAt(schedule: Schedule, base: number, epoch: number, epochs: number): number {
  if (schedule === 'constant') return base;
  if (schedule === 'cosine') return (base / 2) * (1 + Math.cos((Math.PI * epoch) / epochs));
  return base * (schedule.factor ?? 0.1) ** Math.floor(epoch / schedule.every);
}
