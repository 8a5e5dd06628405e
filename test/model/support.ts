/** What the tests of models and unlearning share: backends, seeded numbers, and what "unchanged" means. */
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-layers';
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { expect } from 'vitest';
import { randomStream } from '../../src/core/random';
import { modelVariables } from '../../src/model/variables';
import { allLayers, layersOf } from '../../src/model/tfjs-layers';
import { useWasm } from '../../src/wasm/use-wasm';

/** Backends that everything runs on. */
export const BACKENDS = ['cpu', 'wasm'] as const;

/** Makes a backend current. */
export async function useBackend(name: (typeof BACKENDS)[number]): Promise<void> {
  if (name === 'wasm') await useWasm();
  else await tf.setBackend('cpu');
}

/** A tensor of seeded uniform numbers. */
export function uniform(shape: number[], seed: number, low = 0, high = 1): tf.Tensor {
  const random = randomStream(seed, 'test');
  const values = Float32Array.from({ length: tf.util.sizeFromShape(shape) }, () => low + (high - low) * random.float());
  return tf.tensor(values, shape);
}

/** Values of a tensor, which is disposed. */
export function take(tensor: tf.Tensor): Float32Array {
  const values = Float32Array.from(tensor.dataSync());
  tensor.dispose();
  return values;
}

/** Every weight of a model by key. */
export function weightsOf(model: LayersModel): Record<string, number[]> {
  return Object.fromEntries(modelVariables(model).map(({ key, variable }) => [key, Array.from(variable.dataSync())]));
}

/** Draws every weight of a model anew: initial biases are zero, and hide faults. */
export function scramble(model: LayersModel, seed = 1, scale = 0.5): LayersModel {
  modelVariables(model).forEach(({ key, variable, shape }, i) => {
    const low = key.includes('variance') ? 0.5 : -scale;
    const value = uniform([...shape], seed * 1000 + i, low, scale + (low > 0 ? 1 : 0));
    variable.assign(value);
    value.dispose();
  });
  return model;
}

/** Own properties of every layer that a forward pass may touch, to tell that they were put back. */
export function layerState(model: LayersModel): unknown[] {
  return allLayers(layersOf(model)).map((layer) =>
    (['call', 'activation', 'dropoutFunc', 'dropoutMask', 'recurrentDropoutMask'] as const).map((key) => [
      layer.name,
      key,
      Object.getOwnPropertyDescriptor(layer, key),
      layer[key],
    ]),
  );
}

/** Frees the dropout masks that tfjs' own predict leaves in recurrent cells. */
export function dropMasks(model: LayersModel): void {
  for (const layer of allLayers(layersOf(model))) {
    for (const key of ['dropoutMask', 'recurrentDropoutMask'] as const) {
      if (layer[key] != null) tf.dispose(layer[key]);
      if (key in layer) layer[key] = null;
    }
  }
}

/** Runs `call` and expects as many tensors afterwards as before, `kept` aside. */
export async function expectTensors<T>(kept: number, call: () => Promise<T> | T): Promise<T> {
  const before = tf.memory().numTensors;
  const result = await call();
  expect(tf.memory().numTensors - before, 'tensors kept').toBe(kept);
  return result;
}

/** The error that a call throws or rejects with. */
export async function errorOf(call: () => unknown): Promise<Error & { code?: string }> {
  try {
    await call();
  } catch (error) {
    return error as Error;
  }
  throw new Error('expected an error, but nothing was thrown');
}

/** Largest absolute difference. */
export function worst(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(actual.length).toBe(expected.length);
  return Array.from(actual).reduce((most, value, i) => {
    const difference = Math.abs(value - expected[i]);
    return Number.isNaN(difference) ? Infinity : Math.max(most, difference);
  }, 0);
}

/** Largest difference, relative to the larger of the expected value and `floor`. */
export function worstRelative(actual: ArrayLike<number>, expected: ArrayLike<number>, floor = 0): number {
  const scaled = (values: ArrayLike<number>): number[] =>
    Array.from(values, (value, i) => value / Math.max(Math.abs(expected[i]), floor));
  return worst(scaled(actual), scaled(expected));
}
