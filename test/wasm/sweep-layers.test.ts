/**
 * The layers of tfjs-layers on wasm against cpu: the forward pass, in training mode too, and the gradients of input and weights.
 */
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { useWasm } from 'amun-ts/wasm';
import { randomStream } from '../../src/core/random';

type Layer = ReturnType<typeof tfl.layers.dense>;

interface LayerCase {
  readonly shape: readonly number[];
  readonly make: () => Layer | Layer[];
  /** Whole numbers below this, instead of real ones: no gradient of the input. */
  readonly integersBelow?: number;
  /** Why cpu's gradients cannot be compared: only forward values are. */
  readonly forwardOnly?: string;
}

const L = tfl.layers;
const as = (layer: unknown): Layer => layer as Layer;

/** The default, orthogonal, needs the chained ops of the union package. */
const RECURRENT = 'glorotUniform';

const IMAGE = [6, 5, 3];
const SEQUENCE = [4, 3];
const VOLUME = [4, 4, 4, 2];

const ACTIVATIONS = [
  ...(['elu', 'hardSigmoid', 'linear', 'relu', 'relu6', 'selu', 'sigmoid'] as const),
  ...(['softmax', 'softplus', 'softsign', 'tanh', 'swish', 'mish', 'gelu', 'gelu_new'] as const),
];

const LAYERS: Record<string, LayerCase> = {
  ...Object.fromEntries(
    ACTIVATIONS.map((activation) => [
      `dense ${activation}`,
      { shape: [5], make: () => L.dense({ units: 4, activation }) },
    ]),
  ),
  ...Object.fromEntries(
    (['linear', 'relu', 'elu', 'relu6'] as const).map((activation) => [
      `conv2d ${activation}`,
      { shape: IMAGE, make: () => as(L.conv2d({ filters: 4, kernelSize: 3, padding: 'same', activation })) },
    ]),
  ),
  conv1d: { shape: SEQUENCE, make: () => as(L.conv1d({ filters: 4, kernelSize: 2, activation: 'relu' })) },
  conv3d: { shape: VOLUME, make: () => as(L.conv3d({ filters: 2, kernelSize: 2, strides: 2 })) },
  conv2dTranspose: {
    shape: IMAGE,
    make: () => as(L.conv2dTranspose({ filters: 2, kernelSize: 3, strides: 2, padding: 'same' })),
  },
  conv3dTranspose: { shape: VOLUME, make: () => as(L.conv3dTranspose({ filters: 2, kernelSize: 2, strides: 2 })) },
  depthwiseConv2d: { shape: IMAGE, make: () => as(L.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2 })) },
  separableConv2d: { shape: IMAGE, make: () => as(L.separableConv2d({ filters: 4, kernelSize: 3 })) },
  maxPooling1d: { shape: SEQUENCE, make: () => as(L.maxPooling1d({ poolSize: 2 })) },
  maxPooling2d: { shape: IMAGE, make: () => as(L.maxPooling2d({ poolSize: 2 })) },
  'maxPooling2d same': { shape: IMAGE, make: () => as(L.maxPooling2d({ poolSize: 3, strides: 2, padding: 'same' })) },
  maxPooling3d: { shape: VOLUME, make: () => as(L.maxPooling3d({ poolSize: 2 } as never)) },
  averagePooling1d: { shape: SEQUENCE, make: () => as(L.averagePooling1d({ poolSize: 2 })) },
  averagePooling2d: { shape: IMAGE, make: () => as(L.averagePooling2d({ poolSize: 2 })) },
  averagePooling3d: { shape: VOLUME, make: () => as(L.averagePooling3d({ poolSize: 2 } as never)) },
  globalAveragePooling1d: { shape: SEQUENCE, make: () => as(L.globalAveragePooling1d({})) },
  globalAveragePooling2d: { shape: IMAGE, make: () => as(L.globalAveragePooling2d({})) },
  globalMaxPooling1d: { shape: SEQUENCE, make: () => as(L.globalMaxPooling1d({})) },
  globalMaxPooling2d: { shape: IMAGE, make: () => as(L.globalMaxPooling2d({})) },
  batchNormalization: { shape: IMAGE, make: () => as(L.batchNormalization({})) },
  'batchNormalization of vectors': { shape: [5], make: () => as(L.batchNormalization({})) },
  layerNormalization: { shape: SEQUENCE, make: () => as(L.layerNormalization({})) },
  leakyReLU: { shape: [7], make: () => as(L.leakyReLU({ alpha: 0.2 })) },
  prelu: { shape: [7], make: () => as(L.prelu({ alphaInitializer: 'randomNormal' })) },
  elu: { shape: [7], make: () => as(L.elu()) },
  reLU: { shape: [7], make: () => as(L.reLU({ maxValue: 1 })) },
  thresholdedReLU: { shape: [7], make: () => as(L.thresholdedReLU({ theta: 0.5 })) },
  softmax: { shape: [5], make: () => as(L.softmax({})) },
  flatten: { shape: IMAGE, make: () => as(L.flatten()) },
  permute: { shape: SEQUENCE, make: () => as(L.permute({ dims: [2, 1] })) },
  reshape: { shape: SEQUENCE, make: () => as(L.reshape({ targetShape: [6, 2] })) },
  repeatVector: { shape: [5], make: () => as(L.repeatVector({ n: 3 })) },
  zeroPadding2d: { shape: IMAGE, make: () => as(L.zeroPadding2d({ padding: 1 })) },
  cropping2D: {
    shape: IMAGE,
    make: () =>
      as(
        L.cropping2D({
          cropping: [
            [1, 0],
            [1, 1],
          ],
        }),
      ),
  },
  upSampling2d: {
    shape: IMAGE,
    make: () => as(L.upSampling2d({ size: [2, 2] })),
    forwardOnly: 'cpu loses rows: see the sweep',
  },
  'upSampling2d bilinear': {
    shape: IMAGE,
    make: () => as(L.upSampling2d({ size: [2, 2], interpolation: 'bilinear' })),
    forwardOnly: 'cpu swaps height and width: see the sweep',
  },
  rescaling: { shape: IMAGE, make: () => as(L.rescaling({ scale: 0.5, offset: 1 })) },
  embedding: { shape: [6], integersBelow: 5, make: () => as(L.embedding({ inputDim: 5, outputDim: 3 })) },
  'embedding with mask': {
    shape: [6],
    integersBelow: 5,
    make: () => [
      as(L.embedding({ inputDim: 5, outputDim: 3, maskZero: true })),
      as(L.lstm({ units: 2, recurrentInitializer: RECURRENT })),
    ],
  },
  masking: { shape: SEQUENCE, make: () => as(L.masking({ maskValue: 0 })) },
  simpleRNN: { shape: SEQUENCE, make: () => as(L.simpleRNN({ units: 3, recurrentInitializer: RECURRENT })) },
  gru: { shape: SEQUENCE, make: () => as(L.gru({ units: 3, recurrentInitializer: RECURRENT })) },
  lstm: {
    shape: SEQUENCE,
    make: () => as(L.lstm({ units: 3, returnSequences: true, recurrentInitializer: RECURRENT })),
  },
  bidirectional: {
    shape: SEQUENCE,
    make: () =>
      as(
        L.bidirectional({ layer: L.gru({ units: 2, recurrentInitializer: RECURRENT }) as never, mergeMode: 'concat' }),
      ),
  },
  timeDistributed: { shape: SEQUENCE, make: () => as(L.timeDistributed({ layer: as(L.dense({ units: 2 })) })) },
  convLstm2d: {
    shape: [2, 4, 4, 2],
    make: () =>
      as(L.convLstm2d({ filters: 2, kernelSize: 2, padding: 'same', recurrentInitializer: RECURRENT } as never)),
  },
};

/** Layers of two inputs that merge them. */
const MERGES: Record<string, () => Layer> = {
  add: () => as(L.add()),
  average: () => as(L.average()),
  concatenate: () => as(L.concatenate()),
  maximum: () => as(L.maximum()),
  minimum: () => as(L.minimum()),
  multiply: () => as(L.multiply()),
  dot: () => as(L.dot({ axes: -1 })),
};

function values(name: string, count: number, integersBelow?: number): number[] {
  const stream = randomStream(3, name);
  return Array.from({ length: count }, () =>
    integersBelow === undefined ? 2 * stream.float() - 1 : stream.int(integersBelow),
  );
}

function modelOf(test: LayerCase): tfl.LayersModel {
  const input = tfl.input({ shape: [...test.shape] });
  const made = test.make();
  const layers = Array.isArray(made) ? made : [made];
  const output = layers.reduce((x, layer) => layer.apply(x) as tfl.SymbolicTensor, input as tfl.SymbolicTensor);
  return tfl.model({ inputs: input, outputs: output });
}

/** Sets every weight from the seed; variances stay positive. */
function seedWeights(model: tfl.LayersModel): void {
  const weights = model.getWeights().map((weight, i) => {
    const drawn = values(`weight ${i}`, weight.size);
    const positive = model.weights[i].originalName.includes('variance') || model.weights[i].name.includes('variance');
    return tf.tensor(positive ? drawn.map((v) => 1.5 + v) : drawn, weight.shape);
  });
  model.setWeights(weights);
  tf.dispose(weights);
}

/** Forward values in both modes, then the gradients of the input and of each trainable weight. */
async function run(backend: string, test: LayerCase): Promise<number[][]> {
  await tf.setBackend(backend);
  const before = tf.memory().numTensors;
  const model = modelOf(test);
  seedWeights(model);
  const results = tf.tidy(() => {
    const shape = [2, ...test.shape];
    const x = tf.tensor(values('x', tf.util.sizeFromShape(shape), test.integersBelow), shape);
    const call = (input: tf.Tensor, training: boolean) => model.apply(input, { training }) as tf.Tensor;
    const y = call(x, false);
    if (test.forwardOnly !== undefined) return [Array.from(y.dataSync())];
    const dy = tf.tensor(values('dy', y.size), y.shape);
    const loss = () => tf.sum(tf.mul(call(x, true), dy)) as tf.Scalar;
    const trained = model.trainableWeights.map((weight) => weight.read() as tf.Variable);
    const weightGradients = trained.length > 0 ? Object.values(tf.variableGrads(loss, trained).grads) : [];
    const inputGradient = test.integersBelow === undefined ? [tf.grad((input) => call(input, true))(x, dy)] : [];
    return [y, call(x, true), ...inputGradient, ...weightGradients].map((tensor) => Array.from(tensor.dataSync()));
  });
  model.dispose();
  expect(tf.memory().numTensors).toBe(before);
  return results;
}

function expectClose(got: number[][], expected: number[][]): void {
  expect(got.map((tensor) => tensor.length)).toEqual(expected.map((tensor) => tensor.length));
  for (const [i, tensor] of got.entries()) {
    const largest = Math.max(1, ...expected[i].map(Math.abs));
    const worst = Math.max(...tensor.map((v, j) => Math.abs(v - expected[i][j])));
    expect(worst, `result ${i}`).toBeLessThan(2e-5 * largest);
  }
}

beforeAll(async () => {
  await useWasm();
});

describe('layers on wasm agree with cpu', () => {
  it.each(Object.keys(LAYERS))('%s', async (name) => {
    const expected = await run('cpu', LAYERS[name]);
    expectClose(await run('wasm', LAYERS[name]), expected);
  });

  it.each(Object.keys(MERGES))('%s of two', async (name) => {
    // The second input is the first, through a layer of its own.
    class Merge extends tfl.layers.Layer {
      static className = `Merge${name}`;
      private readonly merge = MERGES[name]();
      override computeOutputShape(shape: tfl.Shape): tfl.Shape {
        return this.merge.computeOutputShape([shape, shape] as never) as tfl.Shape;
      }
      override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
        const x = Array.isArray(inputs) ? inputs[0] : inputs;
        return this.merge.apply([x, tf.sin(tf.mul(x, 3))]) as tf.Tensor;
      }
    }
    const test = { shape: [5], make: () => as(new Merge()) };
    const expected = await run('cpu', test);
    expectClose(await run('wasm', test), expected);
  });
});
