/**
 * Labelled data as the library works with it inside: checked, with integer labels on the host.
 */
import type { Tensor } from '@tensorflow/tfjs-core';

/** Inputs on the backend, labels on the host. Whoever gathered it disposes `xs`. */
export interface LabelledBatch {
  /** Inputs [B, …input]. */
  readonly xs: Tensor;
  /** Class ids [B]. */
  readonly labels: Int32Array;
}

/** Checked data that batches are gathered from. It owns no tensors: those belong to the caller or to each batch. */
export interface LabelledData {
  /** How many examples there are. */
  readonly size: number;
  /** Shape of one input, without the batch axis. */
  readonly inputShape: readonly number[];
  /** All labels [N]; absent for a source, whose labels come only with its batches. */
  readonly labels: Int32Array | undefined;
  /** True when batches can only be read in order. */
  readonly sequential: boolean;
  /** The examples of these indices, in this order. */
  gather(indices: Int32Array, signal?: AbortSignal): Promise<LabelledBatch>;
}
