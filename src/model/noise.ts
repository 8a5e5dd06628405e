/**
 * Layers that draw random numbers in training, with draws from our seed: tfjs' own take none, or one that stays the same in every
 * step. Masks and noise are made on the host and handed in, so that an engine that compiled the step gets fresh ones each time.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Draw } from '../core/engine';
import type { RandomStream } from '../core/random';
import type { LayerObject } from './tfjs-layers';

const single = (inputs: Tensor | Tensor[]): Tensor => (Array.isArray(inputs) ? inputs[0] : inputs);

/** x · mask, with a mask of `shape` that is 0 with probability `rate`, and 1 / (1 − rate) otherwise. */
export function dropped(x: Tensor, rate: number, shape: readonly number[], draw: Draw): Tensor {
  if (rate <= 0) return tf.clone(x);
  const kept = 1 / (1 - rate);
  return tf.mul(
    x,
    drawn(draw, shape, (random) => (random.float() < rate ? 0 : kept)),
  );
}

function drawn(draw: Draw, shape: readonly number[], value: (random: RandomStream) => number): Tensor {
  const size = tf.util.sizeFromShape([...shape]);
  return draw((random) =>
    tf.tensor(
      Float32Array.from({ length: size }, () => value(random)),
      [...shape],
    ),
  );
}

/** What a layer that draws random numbers computes in training; undefined for all others. */
export function noisyCall(layer: LayerObject, draw: Draw): LayerObject['call'] | undefined {
  const noisy = noiseOf(layer, draw);
  if (noisy === undefined) return undefined;
  return (inputs, kwargs) => {
    const x = single(inputs);
    return kwargs['training'] === true ? tf.tidy(() => noisy(x)) : x;
  };
}

/** GaussianNoise adds N(0, σ²); GaussianDropout multiplies by N(1, rate / (1 − rate)). */
function noiseOf(layer: LayerObject, draw: Draw): ((x: Tensor) => Tensor) | undefined {
  const { rate = 0, stddev = 0 } = layer;
  switch (layer.getClassName()) {
    case 'Dropout':
    case 'SpatialDropout1D':
      return (x) => dropped(x, rate, layer.getNoiseShape?.(x) ?? x.shape, draw);
    case 'GaussianNoise':
      return (x) =>
        tf.add(
          x,
          drawn(draw, x.shape, (random) => stddev * random.normal()),
        );
    case 'GaussianDropout': {
      if (rate <= 0 || rate >= 1) return (x) => x;
      const deviation = Math.sqrt(rate / (1 - rate));
      return (x) =>
        tf.mul(
          x,
          drawn(draw, x.shape, (random) => 1 + deviation * random.normal()),
        );
    }
    default:
      return undefined;
  }
}
