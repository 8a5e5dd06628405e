import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';

/** What an import could have done to the process and to tfjs. */
function surroundings(): unknown {
  const engine = tf.engine() as unknown as { registryFactory: object; registry: object; state: { numTensors: number } };
  return {
    globals: Reflect.ownKeys(globalThis).map(String),
    backends: Object.keys(engine.registryFactory),
    started: Object.keys(engine.registry),
    kernels: ['cpu', 'wasm', 'tensorflow'].map((backend) => tf.getKernelsForBackend(backend).length),
    gradient: tf.getGradient('MirrorPad'),
    listeners: process.eventNames().map((name) => [String(name), process.listenerCount(name)]),
    tensors: engine.state.numTensors,
  };
}

it('does nothing when it is imported', async () => {
  // tfjs-layers, a peer that the entry imports, registers gradients and globals of its own.
  await import('@tensorflow/tfjs-layers');
  const before = surroundings();
  await import('amun-ts/node');
  expect(surroundings()).toEqual(before);
});
