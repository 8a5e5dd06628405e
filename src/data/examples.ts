/**
 * Examples: inputs with labels, held as tensors or gathered on demand.
 */
import type { Tensor } from '@tensorflow/tfjs-core';

/** Inputs and labels in memory. The caller owns and disposes both tensors. */
export interface Examples {
  /** Inputs [N, …input], float32, or int32 for embeddings. */
  readonly xs: Tensor;
  /**
   * Labels: class ids [N] in 0 … K-1, whole numbers of any dtype, or one-hot [N, K]. With one sigmoid unit ids in {0,
   * 1}, [N] or [N, 1].
   */
  readonly ys: Tensor;
}

/** Labelled data that may be larger than memory. Every parameter that takes {@link Examples} takes one of these too. */
export interface ExampleSource {
  /** How many examples there are. */
  readonly size: number;
  /** Shape of one input, without the batch axis. */
  readonly inputShape: readonly number[];
  /** How many classes the labels have. */
  readonly classCount: number;
  /**
   * True when the data can only be read in order: `gather` then returns the next examples, whatever the indices say.
   * Such a source can be trained and evaluated on, but neither forgotten nor relabelled. @default false
   */
  readonly sequential?: boolean;
  /**
   * A reader of its own, at the first example: what each call of the library reads from, so that two calls share no
   * position. Only a sequential source needs one. @default the source itself
   */
  reader?(): ExampleSource;
  /** Loads the examples of these indices, in this order, as new tensors: the library disposes what comes back. */
  gather(indices: Int32Array, signal?: AbortSignal): Promise<Examples>;
}

/** Labelled data, in memory or gathered on demand. */
export type ExampleData = Examples | ExampleSource;

/**
 * True for a source, false for tensors. Structural: a source may come from any copy of the library or from user code.
 */
export function isExampleSource(data: unknown): data is ExampleSource {
  return typeof data === 'object' && data !== null && typeof (data as ExampleSource).gather === 'function';
}
