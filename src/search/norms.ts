/**
 * Norms that perturbations are measured and steps are normalised under, as objects: an attack asks its norm and never branches.
 *
 * Shapes: gradients and perturbations are [B, …input], per-example figures [B, 1, …] so that they broadcast.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { TINY } from '../core/float32';
import type { RandomStream } from '../core/random';
import type { NormName } from './attack';

/** Rows as largest magnitude times a rest whose entries are at most 1: squares of the rest neither overflow nor vanish. */
export interface ScaledRows {
  /** The rest [B, …]: rows divided by `scale`. */
  readonly scaled: Tensor;
  /** Largest magnitude of each row [B, 1, …]. */
  readonly scale: Tensor;
  /** Euclidean length of each scaled row [B, 1, …]: 0 for a row of zeros, NaN for one that holds NaN or infinity, else positive. */
  readonly length: Tensor;
}

/** Takes each row's largest magnitude out of it. */
export function scaleRows(rows: Tensor): ScaledRows {
  const axes = rows.shape.slice(1).map((_, axis) => axis + 1);
  const scale: Tensor = tf.max(tf.abs(rows), axes, true);
  const scaled: Tensor = tf.div(rows, tf.maximum(scale, TINY));
  return { scaled, scale, length: tf.sqrt(tf.sum(tf.square(scaled), axes, true)) };
}

/** A norm on inputs. */
export interface Norm {
  readonly name: NormName;
  /** Steps of length 1 along which a loss with this gradient grows fastest [B, …]; zero where the gradient is. */
  direction(gradient: ScaledRows): Tensor;
  /** How fast a loss with this gradient grows along {@link direction} [B, 1, …]: the gradient's length under the dual norm. */
  slope(gradient: ScaledRows): Tensor;
  /** Length of each perturbation [B, 1, …]. */
  length(delta: Tensor): Tensor;
  /** The nearest perturbations [B, …] whose lengths are at most `epsilon` [B, 1, …]. */
  project(delta: Tensor, epsilon: Tensor): Tensor;
  /** Length of the diagonal of a box with these sides, given in turn to `size` values. */
  diameter(sides: readonly number[], size: number): number;
  /** A perturbation of `size` values, drawn evenly from the ball of radius 1. */
  sample(random: RandomStream, size: number): Float32Array;
}

const l2: Norm = {
  name: 'l2',
  direction: ({ scaled, length }) => tf.div(scaled, tf.maximum(length, TINY)),
  slope: ({ scale, length }) => tf.mul(scale, length),
  length: (delta) => {
    const { scale, length } = scaleRows(delta);
    return tf.mul(scale, length);
  },
  project: (delta, epsilon) => {
    const shrink = tf.minimum(tf.div(epsilon, tf.maximum(l2.length(delta), TINY)), 1);
    return tf.mul(delta, shrink);
  },
  diameter: (sides, size) => Math.sqrt((size / sides.length) * sides.reduce((sum, side) => sum + side * side, 0)),
  // A Gaussian vector has an even direction; the radius r of an even draw has the distribution function r^size.
  sample: (random, size) => {
    const gaussian = Float64Array.from({ length: size }, () => random.normal());
    const length = Math.sqrt(gaussian.reduce((sum, value) => sum + value * value, 0));
    const factor = random.float() ** (1 / size) / Math.max(length, TINY);
    return Float32Array.from(gaussian, (value) => value * factor);
  },
};

const linf: Norm = {
  name: 'linf',
  direction: ({ scaled }) => tf.sign(scaled),
  slope: ({ scaled, scale }) => {
    const axes = scaled.shape.slice(1).map((_, axis) => axis + 1);
    return tf.mul(scale, tf.sum(tf.abs(scaled), axes, true));
  },
  length: (delta) => scaleRows(delta).scale,
  // Division and multiplication broadcast on every backend; minimum and maximum do not on wasm.
  project: (delta, epsilon) => tf.mul(tf.clipByValue(tf.div(delta, epsilon), -1, 1), epsilon),
  diameter: (sides) => Math.max(...sides),
  sample: (random, size) => Float32Array.from({ length: size }, () => 2 * random.float() - 1),
};

const NORMS: Readonly<Record<NormName, Norm>> = { l2, linf };

/** The names of all norms. */
export const NORM_NAMES = ['l2', 'linf'] as const satisfies readonly NormName[];

/** The norm of that name. */
export function normOf(name: NormName): Norm {
  return NORMS[name];
}
