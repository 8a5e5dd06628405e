/**
 * How much a run of the benchmarks measures.
 */
import type { NetworkName } from './models';

/** Sizes of one run. */
export interface Plan {
  readonly name: string;
  /** Rounds of every comparison; their median counts. */
  readonly rounds: number;
  /** Seconds that each side of a round takes for a step-level workload, at least. */
  readonly seconds: number;
  readonly models: readonly NetworkName[];
  readonly batches: readonly number[];
  /** Gradients of single images in one call of PGD. */
  readonly gradients: number;
  /** Batches of an epoch in the training workload. */
  readonly epochBatches: number;
  /** AMUN from end to end, and the retraining that it is compared with. */
  readonly amun: {
    readonly forget: number;
    readonly retain: number;
    readonly epochs: number;
    /** Epochs of the retraining that are run; where they are fewer than 20, the rest is projected from them. */
    readonly retrainEpochs: number;
  };
  /** Images that one and two workers search, and how many of them to a gradient step. */
  readonly workers: { readonly count: number; readonly batch: number };
  readonly evaluate: { readonly forget: number; readonly retain: number; readonly test: number };
  /** Points of the curves that show how cost grows; none where they are left out. */
  readonly growth: {
    readonly forget: readonly number[];
    readonly retain: readonly number[];
    readonly classes: readonly number[];
    readonly imageSizes: readonly number[];
  };
}

const NO_GROWTH: Plan['growth'] = { forget: [], retain: [], classes: [], imageSizes: [] };

const FULL: Plan = {
  name: 'full',
  rounds: 5,
  seconds: 2,
  models: ['resnet8', 'plain-cnn'],
  batches: [32, 128, 512],
  gradients: 2560,
  epochBatches: 10,
  amun: { forget: 1000, retain: 9000, epochs: 10, retrainEpochs: 20 },
  workers: { count: 1024, batch: 64 },
  evaluate: { forget: 1000, retain: 9000, test: 2000 },
  growth: {
    forget: [100, 300, 1000, 3000, 10_000],
    retain: [1000, 3000, 9000],
    classes: [10, 100, 1000],
    imageSizes: [14, 28, 56],
  },
};

const QUICK: Plan = {
  ...FULL,
  name: 'quick',
  rounds: 3,
  seconds: 0.5,
  models: ['resnet8'],
  batches: [128],
  gradients: 1280,
  epochBatches: 4,
  amun: { forget: 64, retain: 576, epochs: 10, retrainEpochs: 3 },
  workers: { count: 256, batch: 32 },
  evaluate: { forget: 200, retain: 800, test: 500 },
  growth: NO_GROWTH,
};

/** A few images, to test that a run works: its figures mean nothing. */
const TINY: Plan = {
  ...QUICK,
  name: 'tiny',
  rounds: 1,
  seconds: 0.01,
  batches: [4],
  gradients: 8,
  epochBatches: 1,
  amun: { forget: 2, retain: 6, epochs: 1, retrainEpochs: 2 },
  workers: { count: 4, batch: 2 },
  evaluate: { forget: 8, retain: 24, test: 24 },
};

/** Plans by name. */
export const PLANS = { full: FULL, quick: QUICK, tiny: TINY } as const;
