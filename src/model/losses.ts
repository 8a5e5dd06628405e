/**
 * Losses on logits [B, K] with one-hot labels [B, K], as single ops with closed-form gradients.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';

/** Per-example loss [B] of logits [B, K] and one-hot labels [B, K]. */
export type Loss = (logits: Tensor2D, oneHot: Tensor2D) => Tensor1D;

/** log Σ exp per row, [B, 1], stable for any finite logits. */
function logSumExp(z: Tensor): Tensor {
  const max = tf.max(z, 1, true);
  return tf.add(max, tf.log(tf.sum(tf.exp(tf.sub(z, max)), 1, true)));
}

const rows = (dy: Tensor): Tensor => tf.expandDims(dy, 1);

/** Cross-entropy: LSE(z) − z_y, gradient softmax(z) − y. */
export const crossEntropy: Loss = (logits, oneHot) =>
  tf.customGrad((...args) => {
    const [z, save] = args as unknown as [Tensor2D, (tensors: Tensor[]) => void];
    save([z]);
    const value = tf.squeeze(tf.sub(logSumExp(z), tf.sum(tf.mul(z, oneHot), 1, true)), [1]);
    const gradFunc = (dy: Tensor, saved: Tensor[]): Tensor =>
      tf.mul(rows(dy), tf.sub(tf.softmax(saved[0] as Tensor2D), oneHot));
    return { value, gradFunc };
  })(logits) as Tensor1D;

/** Far below any logit, and finite, so that its exponential is 0 and its product with 0 is 0. */
const EXCLUDED = -1e30;

/**
 * Log-odds of leaving the class: LSE_{j≠y}(z_j) − z_y.
 *
 * Its gradient is that of cross-entropy divided by 1 − p_y: the same direction, with the factor taken out that vanishes on
 * confident examples. An attack that normalises its gradient takes the same steps, and goes on where cross-entropy's
 * gradient underflows.
 */
export const logOdds: Loss = (logits, oneHot) =>
  tf.customGrad((...args) => {
    const [z, save] = args as unknown as [Tensor2D, (tensors: Tensor[]) => void];
    const others = tf.add(tf.mul(z, tf.sub(1, oneHot)), tf.mul(oneHot, EXCLUDED)) as Tensor2D;
    save([others]);
    const value = tf.squeeze(tf.sub(logSumExp(others), tf.sum(tf.mul(z, oneHot), 1, true)), [1]);
    const gradFunc = (dy: Tensor, saved: Tensor[]): Tensor =>
      tf.mul(rows(dy), tf.sub(tf.softmax(saved[0] as Tensor2D), oneHot));
    return { value, gradFunc };
  })(logits) as Tensor1D;

/** One-hot labels [B, K] as float32. */
export function oneHotLabels(labels: Int32Array, classCount: number): Tensor2D {
  // Filled on the host: it is tiny, and the OneHot kernel is missing on some backends.
  const values = new Float32Array(labels.length * classCount);
  labels.forEach((label, i) => {
    values[i * classCount + label] = 1;
  });
  return tf.tensor2d(values, [labels.length, classCount]);
}
