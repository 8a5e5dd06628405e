import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, expect, it } from 'vitest';
import { randomStream } from '../../src/core/random';
import { useWasm } from '../../src/wasm';

beforeAll(async () => {
  await useWasm();
});

function counts() {
  const { numTensors, numBytes, numDataBuffers } = tf.memory();
  const backend = tf.backend() as unknown as { numDataIds(): number; wasm: { HEAPU8: Uint8Array } };
  return { numTensors, numBytes, numDataBuffers, dataIds: backend.numDataIds(), heapBytes: backend.wasm.HEAPU8.length };
}

const WARM_UP = 100;
const STEPS = 2000;

it('holds no more after 2,000 training and attack steps than after 100', () => {
  const model = tfl.sequential({
    layers: [
      tfl.layers.conv2d({ filters: 8, kernelSize: 3, padding: 'same', inputShape: [6, 6, 8] }),
      tfl.layers.batchNormalization(),
      tfl.layers.reLU(),
      tfl.layers.maxPooling2d({ poolSize: 2 }),
      tfl.layers.depthwiseConv2d({ kernelSize: 2 }),
      tfl.layers.flatten(),
      tfl.layers.dense({ units: 3 }),
    ],
  });
  const random = randomStream(1, 'xs');
  const xs = tf.tensor(Float32Array.from({ length: 2 * 6 * 6 * 8 }, random.normal), [2, 6, 6, 8]);
  const weights = model.trainableWeights.map((weight) => weight.read() as tf.Variable);
  const loss = (x: tf.Tensor, training: boolean) =>
    tf.sum(tf.square(model.apply(x, { training }) as tf.Tensor)) as tf.Scalar;
  const attack = tf.grad((x: tf.Tensor) => loss(x, false));
  const step = () => {
    tf.tidy(() => {
      const { grads } = tf.variableGrads(() => loss(xs, true), weights);
      for (const w of weights) w.assign(tf.sub(w, tf.mul(grads[w.name], 1e-4)));
      attack(xs);
    });
  };
  for (let i = 0; i < WARM_UP; i++) step();
  const before = counts();
  for (let i = WARM_UP; i < STEPS; i++) step();
  expect(counts()).toEqual(before);
  tf.dispose(xs);
  model.dispose();
});

it('computes a deferred filter gradient once, whenever it is first used, and never if it is not', () => {
  const x = tf.ones<tf.Rank.R4>([1, 4, 4, 1]);
  const dy = tf.ones<tf.Rank.R4>([1, 4, 4, 1]);
  const before = counts();
  const attrs = { strides: [1, 1], pad: 'same', dataFormat: 'NHWC', filterShape: [3, 3, 1, 1] };
  const gradient = () => tf.engine().runKernel('Conv2DBackpropFilter', { x: xs, dy }, attrs) as tf.Tensor;
  // The inputs may be gone by then.
  let xs = tf.mul(x, 2) as tf.Tensor4D;
  const used = gradient();
  xs.dispose();
  const copy = tf.clone(used);
  used.dispose();
  // Twice the number of the 16 pixels that each tap of a 3×3 window meets.
  expect(Array.from(copy.dataSync())).toEqual([18, 24, 18, 24, 32, 24, 18, 24, 18]);
  expect(Array.from(copy.dataSync())).toEqual([18, 24, 18, 24, 32, 24, 18, 24, 18]);
  copy.dispose();
  xs = tf.mul(x, 3) as tf.Tensor4D;
  const unused = gradient();
  xs.dispose();
  unused.dispose();
  expect(counts()).toEqual(before);
  tf.dispose([x, dy]);
});
