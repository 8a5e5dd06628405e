/**
 * Numbers per example as tensors, and back.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** One number per example, [B, 1, …] so that it broadcasts against inputs of this rank. */
export function perExample(values: Float32Array, rank: number): Tensor {
  return tf.tensor(values, [values.length, ...new Array<number>(rank - 1).fill(1)]);
}

/** The values of a float32 tensor, which is disposed, whatever happens. */
export async function readAndDispose(tensor: Tensor): Promise<Float32Array> {
  try {
    return (await tensor.data()) as Float32Array;
  } finally {
    tensor.dispose();
  }
}
