/** Small data and models for evaluations. */
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { isAmunError } from '../../src/core/errors';
import { randomStream } from '../../src/core/random';
import type { Examples } from '../../src/data/examples';

export const CLASSES = 3;
export const FEATURES = 24;

/** Three overlapping clouds in [0, 1]^24, of which 3 axes matter: fitting the training set means memorising it. */
export function clouds(size: number, seed: number): Examples {
  const random = randomStream(seed, 'clouds');
  const xs = new Float32Array(size * FEATURES);
  const ys = new Int32Array(size);
  for (let i = 0; i < size; i += 1) {
    ys[i] = random.int(CLASSES);
    for (let j = 0; j < FEATURES; j += 1) {
      const center = j === ys[i] ? 0.7 : 0.4;
      xs[i * FEATURES + j] = Math.min(1, Math.max(0, center + 0.25 * random.normal()));
    }
  }
  return { xs: tf.tensor2d(xs, [size, FEATURES]), ys: tf.tensor1d(ys, 'int32') };
}

export function disposeExamples(...sets: Examples[]): void {
  for (const { xs, ys } of sets) tf.dispose([xs, ys]);
}

/** An untrained network with one hidden layer. */
export function network(seed: number, units = 32): tfl.LayersModel {
  return tfl.sequential({
    layers: [
      tfl.layers.dense({
        units,
        activation: 'relu',
        inputShape: [FEATURES],
        kernelInitializer: tfl.initializers.heNormal({ seed }),
      }),
      tfl.layers.dense({
        units: CLASSES,
        activation: 'softmax',
        kernelInitializer: tfl.initializers.glorotUniform({ seed: seed + 1 }),
      }),
    ],
  });
}

/** The code of the AmunError that a promise rejects with, or what it is instead. */
export async function rejection(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    return isAmunError(error) ? error.code : `not an AmunError: ${String(error)}`;
  }
  return 'nothing thrown';
}
