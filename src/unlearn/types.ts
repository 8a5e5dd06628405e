/**
 * What goes into an unlearning run and what comes out.
 */
import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { RunOptions } from '../core/run';
import type { CheckpointStore } from './checkpoint-store';

/** Options of one unlearning run. */
export interface UnlearnRun extends RunOptions {
  /**
   * Called after each epoch with the working model, for early looks at metrics; awaited. The model belongs to the run: read it,
   * don't keep it. An error that it throws ends the run.
   */
  readonly onEpochEnd?: (model: LayersModel, epoch: number) => void | Promise<void>;
  /** Changes the given model itself instead of a copy. Abort, divergence and errors restore its weights. @default false */
  readonly inPlace?: boolean;
  /** Where the run's state is kept after each epoch, so that it can go on bit-identically after an interruption. */
  readonly checkpoint?: CheckpointStore;
}

/** One epoch of a run. */
export interface EpochRecord {
  /** From 1. */
  readonly epoch: number;
  /** Learning rate in force. */
  readonly learningRate: number;
  /** Mean loss of each pass of the epoch, by the pass's name, such as `train`, or `retain` and `forget`. */
  readonly losses: Readonly<Record<string, number>>;
  /** Milliseconds of the epoch. */
  readonly durationMs: number;
}

/** What a search inside a run found, without its tensors. */
export interface SearchSummary {
  /** How many examples there were to forget. */
  readonly total: number;
  /** How many of the forget set got an adversarial neighbour; the others are left out of the adversarial set. */
  readonly found: number;
  /** Median radius of those found, in input units. */
  readonly medianEpsilon: number;
  /** Median length of their perturbations, in input units. */
  readonly medianDistance: number;
  /** Gradients of single examples that were computed. */
  readonly gradientSteps: number;
  /** Milliseconds of the search; 0 when the set was given. */
  readonly durationMs: number;
}

/** Result of an unlearning run. */
export interface UnlearnResult {
  /**
   * `completed`; `aborted`: the caller's signal ended it, the model holds the weights after the last whole step; `diverged`: a loss or
   * weight became NaN, infinite or huge, the model holds the weights of the last good epoch.
   */
  readonly state: 'completed' | 'aborted' | 'diverged';
  /** The unlearned model; the caller disposes it. With `inPlace` the given model. */
  readonly model: LayersModel;
  /** Name of the method, such as `Amun`. */
  readonly method: string;
  /** The whole epochs of the run. */
  readonly history: readonly EpochRecord[];
  /** Every option in force, defaults filled in, as plain JSON. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Seed of the run. */
  readonly seed: number;
  /** Milliseconds of this call, search included; a resumed run counts from where it was resumed. */
  readonly durationMs: number;
  /** False when a layer draws random numbers that can not be seeded. */
  readonly deterministic: boolean;
  /** What the caller should know, in words. */
  readonly warnings: readonly string[];
  /** What the search found, for methods that search. */
  readonly search?: SearchSummary;
}
