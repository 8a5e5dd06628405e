import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { randomStream } from '../../src/core/random';
import { useWasm } from '../../src/wasm';

/**
 * A whole model's float32 rounding: some hundred operations deep, each within a unit of 2⁻²⁴ of the largest value. A missing or
 * doubled term is a thousand times larger.
 */
const RELATIVE = 512 * 2 ** -24;

beforeAll(async () => {
  await useWasm();
});

function randomValues(shape: number[], name: string): Float32Array {
  const random = randomStream(7, name);
  return Float32Array.from({ length: tf.util.sizeFromShape(shape) }, () => random.normal());
}

type Build = () => tfl.layers.Layer[];

/** Output, gradients of Σ dy·output by input and weights, and the weights that a training pass changes by itself. */
async function train(
  backend: string,
  build: Build,
  inputShape: number[],
  ids: number,
): Promise<Record<string, Float32Array>> {
  await tf.setBackend(backend);
  const model = tfl.sequential({ layers: build() });
  const results: Record<string, Float32Array> = {};
  const weights = model.weights.map((weight) => weight.read() as tf.Variable);
  weights.forEach((w, i) => {
    const values = randomValues(w.shape, `weight ${i}`);
    // Every second number squared: a variance must not be negative.
    w.assign(tf.tensor(model.weights[i].originalName.endsWith('variance') ? values.map(Math.abs) : values, w.shape));
  });
  const random = randomStream(7, 'input');
  const xs = ids
    ? tf.tensor(
        Array.from({ length: tf.util.sizeFromShape(inputShape) }, () => random.int(ids)),
        inputShape,
        'float32',
      )
    : tf.tensor(randomValues(inputShape, 'input'), inputShape);
  const before = tf.memory();
  const trainable = model.trainableWeights.map((weight) => weight.read() as tf.Variable);
  const apply = (x: tf.Tensor) => model.apply(x, { training: true }) as tf.Tensor;
  const { value, grads } = tf.variableGrads(() => {
    const y = apply(xs);
    results['output'] = y.dataSync() as Float32Array;
    return tf.sum(tf.mul(y, tf.tensor(randomValues(y.shape, 'dy'), y.shape)));
  }, trainable);
  trainable.forEach((w, i) => (results[`gradient ${i}`] = grads[w.name].dataSync() as Float32Array));
  tf.dispose([value, grads]);
  if (!ids) {
    const dx = tf.grad((x: tf.Tensor) => tf.sum(model.apply(x, { training: false }) as tf.Tensor))(xs);
    results['input gradient'] = dx.dataSync() as Float32Array;
    dx.dispose();
  }
  expect(tf.memory().numTensors).toBe(before.numTensors);
  model.weights.forEach((weight, i) => (results[`weight ${i}`] = weight.read().dataSync() as Float32Array));
  xs.dispose();
  model.dispose();
  return results;
}

async function expectSameTraining(build: Build, inputShape: number[], ids = 0): Promise<void> {
  const expected = await train('cpu', build, inputShape, ids);
  const actual = await train('wasm', build, inputShape, ids);
  expect(Object.keys(actual)).toEqual(Object.keys(expected));
  for (const [name, values] of Object.entries(expected)) {
    const largest = values.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
    const worst = values.reduce((max, value, i) => Math.max(max, Math.abs(value - actual[name][i])), 0);
    expect(worst / Math.max(largest, 1e-3), name).toBeLessThan(RELATIVE);
  }
}

const image = { inputShape: [9, 7, 3] };
const sequence = { inputShape: [5, 4] };
// tfjs-layers' default, orthogonal, needs the union package's chained methods.
const recurrent = { units: 3, recurrentInitializer: 'glorotUniform' } as const;
/** In front of layers that have no weights. */
const pointwise = () => tfl.layers.conv2d({ filters: 4, kernelSize: 1, ...image });

describe('layers train as on cpu', () => {
  const cases: [string, Build, number[], number?][] = [
    [
      'dense',
      () => [tfl.layers.dense({ units: 6, activation: 'relu', inputShape: [5] }), tfl.layers.dense({ units: 3 })],
      [4, 5],
    ],
    [
      'convolution with bias',
      () => [tfl.layers.conv2d({ filters: 9, kernelSize: 3, activation: 'relu', ...image })],
      [3, 9, 7, 3],
    ],
    ['depthwise', () => [tfl.layers.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2, ...image })], [3, 9, 7, 3]],
    [
      'separable',
      () => [tfl.layers.separableConv2d({ filters: 5, kernelSize: 3, strides: 2, padding: 'same', ...image })],
      [3, 9, 7, 3],
    ],
    ['1-D convolution', () => [tfl.layers.conv1d({ filters: 6, kernelSize: 3, ...sequence })], [3, 5, 4]],
    ['batch norm of images', () => [tfl.layers.batchNormalization({ momentum: 0.8, ...image })], [3, 9, 7, 3]],
    ['batch norm of vectors', () => [tfl.layers.batchNormalization({ epsilon: 0.1, inputShape: [6] })], [8, 6]],
    ['layer norm', () => [tfl.layers.layerNormalization({ inputShape: [6] })], [8, 6]],
    ['max pooling', () => [pointwise(), tfl.layers.maxPooling2d({ poolSize: 2 })], [3, 9, 7, 3]],
    ['average pooling', () => [pointwise(), tfl.layers.averagePooling2d({ poolSize: 3, strides: 2 })], [3, 9, 7, 3]],
    ['global pooling', () => [pointwise(), tfl.layers.globalAveragePooling2d({})], [3, 9, 7, 3]],
    [
      'dropout',
      () => [tfl.layers.dense({ units: 9, inputShape: [50] }), tfl.layers.dropout({ rate: 0.4, seed: 3 })],
      [4, 50],
    ],
    ['embedding', () => [tfl.layers.embedding({ inputDim: 6, outputDim: 4, inputLength: 5 })], [3, 5], 6],
    ['LSTM', () => [tfl.layers.lstm({ ...recurrent, ...sequence })], [3, 5, 4]],
    ['GRU', () => [tfl.layers.gru({ ...recurrent, returnSequences: true, ...sequence })], [3, 5, 4]],
    ['simple RNN', () => [tfl.layers.simpleRNN({ ...recurrent, ...sequence })], [3, 5, 4]],
    [
      'bidirectional',
      () => [
        tfl.layers.bidirectional({
          layer: tfl.layers.lstm({ ...recurrent }) as tfl.RNN,
          mergeMode: 'concat',
          ...sequence,
        } as never),
      ],
      [3, 5, 4],
    ],
    [
      'a small network',
      () => [
        tfl.layers.conv2d({ filters: 8, kernelSize: 3, padding: 'same', useBias: false, ...image }),
        tfl.layers.batchNormalization(),
        tfl.layers.reLU(),
        tfl.layers.conv2d({ filters: 12, kernelSize: 3, strides: 2, padding: 'same', useBias: false }),
        tfl.layers.batchNormalization(),
        tfl.layers.activation({ activation: 'relu' }),
        tfl.layers.globalAveragePooling2d({}),
        tfl.layers.dense({ units: 4 }),
      ],
      [6, 9, 7, 3],
    ],
  ];
  it.each(cases)('%s', async (_, build, inputShape, ids) => {
    await expectSameTraining(build, inputShape, ids);
  });
});

describe('batch norm without scale or offset', () => {
  it('trains as with scale one and offset zero', async () => {
    await tf.setBackend('wasm');
    const xs = tf.tensor(randomValues([7, 5], 'x'), [7, 5]);
    const dy = tf.tensor(randomValues([7, 5], 'dy'), [7, 5]);
    const outcomes = [true, false].map((both) => {
      const layer = tfl.layers.batchNormalization({ scale: both, center: both });
      const f = (x: tf.Tensor) => layer.apply(x, { training: true }) as tf.Tensor;
      const values = tf.tidy(() => [f(xs), tf.grad(f)(xs, dy)].map((tensor) => Array.from(tensor.dataSync())));
      layer.dispose();
      return values;
    });
    expect(outcomes[1]).toEqual(outcomes[0]);
    tf.dispose([xs, dy]);
  });
});
