/**
 * Batches of examples between the backend of one thread and that of another: bytes as they are, so that nothing is rounded.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { LabelledBatch, LabelledData } from '../../data/labelled';
import type { HostExamples } from './protocol';

/** Gathers examples and brings them to the host. */
export async function gatherToHost(
  data: LabelledData,
  indices: Int32Array,
  signal?: AbortSignal,
): Promise<HostExamples> {
  const { xs, labels } = await data.gather(indices, signal);
  try {
    return { xs: await xs.data(), shape: xs.shape, dtype: xs.dtype, labels };
  } finally {
    xs.dispose();
  }
}

/** The inputs on the backend. The caller disposes them. */
export function inputsOf({ xs, shape, dtype }: HostExamples): Tensor {
  return tf.tensor(xs, [...shape], dtype as 'float32');
}

/** A batch on the backend. The caller disposes `xs`. */
export function batchOf(examples: HostExamples): LabelledBatch {
  return { xs: inputsOf(examples), labels: examples.labels };
}
