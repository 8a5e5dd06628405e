/**
 * Batch normalisation without a scale or an offset, which tfjs-layers can neither train nor differentiate: its training pass reads
 * the missing weight, and the gradient of its inference pass needs it.
 *
 *   y = gamma · (x − mean) / √(variance + epsilon) + beta, with gamma 1 or beta 0 where the layer has none
 *
 * Ioffe & Szegedy, "Batch Normalization", ICML 2015. As in tfjs-layers, moving ← momentum · moving + (1 − momentum) · batch, with the
 * variance divided by the batch's size.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import type { LayerObject } from './tfjs-layers';

interface Weight {
  read(): Variable;
}

interface BatchNormLayer {
  readonly axis: number;
  readonly momentum: number;
  readonly epsilon: number;
  readonly gamma?: Weight | null;
  readonly beta?: Weight | null;
  readonly movingMean: Weight;
  readonly movingVariance: Weight;
}

/** True for a layer that lacks a scale or an offset. */
export function isPartialBatchNorm(layer: LayerObject): boolean {
  const { gamma, beta } = layer as unknown as BatchNormLayer;
  return layer.getClassName() === 'BatchNormalization' && (gamma == null || beta == null);
}

/** What stands in for the layer's `call`. */
export function partialBatchNormCall(layer: LayerObject): LayerObject['call'] {
  const norm = layer as unknown as BatchNormLayer;
  return (inputs, kwargs) => {
    const x = Array.isArray(inputs) ? inputs[0] : inputs;
    return tf.tidy(() => (kwargs['training'] === true ? trained(norm, x) : normalised(norm, x, moving(norm))));
  };
}

interface Statistics {
  readonly mean: Tensor;
  readonly variance: Tensor;
}

const moving = (norm: BatchNormLayer): Statistics => ({
  mean: norm.movingMean.read(),
  variance: norm.movingVariance.read(),
});

function trained(norm: BatchNormLayer, x: Tensor): Tensor {
  const axis = (norm.axis + x.rank) % x.rank;
  const others = Array.from({ length: x.rank }, (_, i) => i).filter((i) => i !== axis);
  const statistics = tf.moments(x, others);
  update(norm.movingMean, statistics.mean, norm.momentum);
  update(norm.movingVariance, statistics.variance, norm.momentum);
  return normalised(norm, x, statistics);
}

function update(weight: Weight, batch: Tensor, momentum: number): void {
  const old = weight.read();
  old.assign(tf.sub(old as Tensor, tf.mul(tf.sub(old as Tensor, batch), 1 - momentum)));
}

function normalised(norm: BatchNormLayer, x: Tensor, { mean, variance }: Statistics): Tensor {
  const shape: number[] = Array.from({ length: x.rank }, () => 1);
  shape[(norm.axis + x.rank) % x.rank] = mean.size;
  const along = (values: Tensor): Tensor => tf.reshape(values, shape);
  let y = tf.mul(tf.sub(x, along(mean)), along(tf.rsqrt(tf.add(variance, norm.epsilon))));
  if (norm.gamma != null) y = tf.mul(y, along(norm.gamma.read()));
  return norm.beta == null ? y : tf.add(y, along(norm.beta.read()));
}
