/**
 * Options that all methods share.
 */
import { AmunError } from '../core/errors';
import { checkInteger, checkKeys, checkNumber, checkOneOf, checkOptionalFunction, show } from '../core/options';
import type { Augment } from '../data/augment';
import type { WeightMask } from '../model/sgd';
import type { ModelVariable } from '../model/variables';
import { checkSchedule, type Schedule } from '../model/schedule';

/** How a method trains. Each method has its own defaults for the learning rate, its schedule and the epochs. */
export interface TrainingOptions {
  /** Passes over the data. @default 10 */
  readonly epochs?: number;
  /** Examples per step. @default 128 */
  readonly batchSize?: number;
  /** Step size of SGD, at the start. @default the method's own */
  readonly learningRate?: number;
  /** How it falls. @default the method's own */
  readonly schedule?: Schedule;
  /** Momentum of SGD, in [0, 1). @default 0.9 */
  readonly momentum?: number;
  /** Coupled L2 weight decay, as in PyTorch's SGD. @default 5e-4 */
  readonly weightDecay?: number;
  /** Changes original images at random, such as `randomCropFlip()`; adversarial images are never augmented. @default none */
  readonly augment?: Augment;
  /** Whether batch norm uses and updates batch statistics, or keeps its moving ones. @default 'train' */
  readonly batchNorm?: 'train' | 'frozen';
  /** Which weights may change, by variable key; masked ones stay bit-identical. @default all */
  readonly mask?: WeightMask;
}

/** Training options with every default filled in. */
export interface ResolvedTrainingOptions extends Required<Omit<TrainingOptions, 'augment' | 'mask'>> {
  /** Changes original images at random. */
  readonly augment?: Augment;
  /** Which weights may change. */
  readonly mask?: WeightMask;
}

/** What a method must say of its own defaults. */
export type TrainingDefaults = Pick<ResolvedTrainingOptions, 'learningRate' | 'schedule'> &
  Partial<Pick<ResolvedTrainingOptions, 'epochs'>>;

/** Names of the shared options. */
export const TRAINING_KEYS = [
  'epochs',
  'batchSize',
  'learningRate',
  'schedule',
  'momentum',
  'weightDecay',
  'augment',
  'batchNorm',
  'mask',
] as const;

/**
 * Fills in defaults and checks every shared option.
 *
 * @throws AmunError `invalid-option`.
 */
export function resolveTraining(
  where: string,
  given: TrainingOptions,
  defaults: TrainingDefaults,
  ownKeys: readonly string[],
): ResolvedTrainingOptions {
  checkKeys(where, given, [...TRAINING_KEYS, ...ownKeys]);
  const { epochs = defaults.epochs ?? 10, batchSize = 128, learningRate = defaults.learningRate } = given;
  const { schedule = defaults.schedule, momentum = 0.9, weightDecay = 5e-4, batchNorm = 'train' } = given;
  checkMask(where, given.mask);
  return Object.freeze({
    epochs: checkInteger(`${where}: epochs`, epochs, { min: 1 }),
    batchSize: checkInteger(`${where}: batchSize`, batchSize, { min: 1 }),
    learningRate: checkNumber(`${where}: learningRate`, learningRate, { above: 0 }),
    schedule: checkSchedule(where, schedule),
    momentum: checkNumber(`${where}: momentum`, momentum, { min: 0, below: 1 }),
    weightDecay: checkNumber(`${where}: weightDecay`, weightDecay, { min: 0 }),
    batchNorm: checkOneOf(`${where}: batchNorm`, batchNorm, ['train', 'frozen']),
    augment: checkOptionalFunction(`${where}: augment`, given.augment),
    mask: given.mask,
  });
}

function checkMask(where: string, mask: unknown): void {
  if (mask === undefined || (mask as WeightMask | null)?.get !== undefined) return;
  throw new AmunError(
    'invalid-option',
    `${where}: mask: expected a Map of Uint8Array by variable key, got ${show(mask)}.`,
  );
}

/** Checks a mask against the model: known keys, one bit per weight. */
export function checkMaskFits(where: string, mask: WeightMask | undefined, variables: readonly ModelVariable[]): void {
  if (mask === undefined) return;
  const sizes = new Map(variables.map(({ key, variable }) => [key, variable.size]));
  for (const [key, bits] of mask) {
    const size = sizes.get(key);
    if (size === undefined || bits.length !== size) {
      throw new AmunError(
        'size-mismatch',
        `${where}: mask: expected ${size === undefined ? 'only variables of the model' : `${size} bits for '${key}'`}, got ${
          size === undefined ? `'${key}'` : bits.length
        }; variables are ${[...sizes.keys()].slice(0, 4).join(', ')} …`,
      );
    }
  }
}

/** The weights that both masks let change. */
export function intersectMasks(a: WeightMask | undefined, b: WeightMask): WeightMask {
  if (a === undefined) return b;
  const both = new Map(b);
  for (const [key, bits] of a) {
    const other = b.get(key);
    both.set(key, other === undefined ? bits : Uint8Array.from(bits, (bit, i) => bit & other[i]));
  }
  return both;
}

/** An option as the record of a run shows it: plain JSON. */
export function describeOption(value: unknown): unknown {
  if (typeof value === 'function') return value.name === '' ? 'function' : value.name;
  if (value instanceof Map) return `mask of ${value.size} variables`;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(describeOption);
  return Object.getPrototypeOf(value) === Object.prototype ? describeOptions(value) : describeStrategy(value);
}

/** A strategy as its class name and the settings that it shows. */
function describeStrategy(strategy: object): unknown {
  const settings = Object.entries(strategy).filter(([, value]) => typeof value !== 'object' || isStrategy(value));
  if (settings.length === 0) return strategy.constructor.name;
  return { name: strategy.constructor.name, ...describeOptions(Object.fromEntries(settings)) };
}

/** Arrays have a method find() too. */
const isStrategy = (value: object | null): boolean =>
  value !== null && !Array.isArray(value) && ('perturb' in value || 'find' in value);

/** All defined options of a bag as plain JSON. */
export function describeOptions(options: object): Record<string, unknown> {
  const entries = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries.map(([key, value]) => [key, describeOption(value)]));
}
