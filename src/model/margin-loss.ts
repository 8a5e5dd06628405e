/**
 * The margin by which a class is missed, and a gradient of it that looks ahead to more than one rival.
 *
 *   m = max_{j≠y} z_j − z_y,   ∂m/∂z = softmax_{j≠y}((z_j − max_{i≠y} z_i) / (ρ |m|)) − y
 *
 * DeepFool (Moosavi-Dezfooli et al. 2016, algorithm 2) follows the rival whose boundary is nearest, at a gradient per class. Here
 * rivals share one gradient: far from the boundary (|m| large) all that are not far behind the first, at the boundary the first
 * alone, where this is the exact gradient. The weights do not depend on the scale of the logits. The
 * width ρ = 0.2 was chosen on two small networks trained on Fashion-MNIST, between 0 (the first rival alone) and 1.5.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import type { Loss } from './losses';

/** ρ: how far behind the first a rival may be and still weigh 1/e of it, as a fraction of the margin. */
const REACH = 0.2;

/** Far below any logit, and finite, so that its exponential is 0. */
const EXCLUDED = -1e30;

/** Keeps the division from 0 / 0 on the boundary itself. */
const TINY = 1e-6;

/** max_{j≠y} z_j − z_y of logits [B, K] and one-hot labels [B, K], as [B, 1]: positive where the class is missed. */
export function margins(logits: Tensor2D, oneHot: Tensor2D): Tensor2D {
  return tf.tidy(() => tf.sub(tf.max(rivals(logits, oneHot), 1, true), tf.sum(tf.mul(logits, oneHot), 1, true)));
}

/** The logits with that of the label out of the way. */
function rivals(logits: Tensor2D, oneHot: Tensor2D): Tensor2D {
  return tf.add(tf.mul(logits, tf.sub(1, oneHot)), tf.mul(oneHot, EXCLUDED));
}

/** The margin as a loss, with the gradient above. */
export const margin: Loss = (logits, oneHot) =>
  tf.customGrad((...args) => {
    const [z, save] = args as unknown as [Tensor2D, (tensors: Tensor[]) => void];
    const others = rivals(z, oneHot);
    const first = tf.max(others, 1, true);
    const value = tf.sub(first, tf.sum(tf.mul(z, oneHot), 1, true));
    const width = tf.add(tf.mul(tf.abs(value), REACH), TINY);
    save([tf.sub(tf.softmax(tf.div(tf.sub(others, first), width) as Tensor2D), oneHot)]);
    const gradFunc = (dy: Tensor, [weights]: Tensor[]): Tensor => tf.mul(tf.expandDims(dy, 1), weights);
    return { value: tf.squeeze(value, [1]), gradFunc };
  })(logits) as Tensor1D;
