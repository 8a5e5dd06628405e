/** One small model per kind of architecture and head that the library must read, with random weights. */
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import type { LayersModel, SymbolicTensor } from '@tensorflow/tfjs-layers';
import type { ClassifierOptions } from '../../src/model/classifier';
import { scramble, uniform } from './support';

/** What the model's own outputs are. */
export type Outputs = 'logits' | 'probabilities' | 'sigmoid';

/** A model to be read as a classifier. */
export interface NetCase {
  readonly name: string;
  readonly build: () => LayersModel;
  readonly outputs: Outputs;
  /** Inputs [3, …]. */
  readonly inputs: () => tf.Tensor;
  readonly options?: ClassifierOptions;
  /** False where inputs are indices. */
  readonly continuous?: boolean;
}

const { dense, conv2d, depthwiseConv2d, flatten, reshape, activation, inputLayer } = tfl.layers;

const vectors = (): tf.Tensor => uniform([3, 4], 1);
const images = (): tf.Tensor => uniform([3, 6, 6, 2], 2);
const sequences = (): tf.Tensor => uniform([3, 5, 2], 3);

/** A layer of our own: twice its input, or a row's share of its sum. */
export class Custom extends tfl.layers.Layer {
  static className = 'TestCustom';

  constructor(private readonly config: { kind: 'double' | 'share'; name?: string }) {
    super(config.name === undefined ? {} : { name: config.name });
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const x = Array.isArray(inputs) ? inputs[0] : inputs;
    if (this.config.kind === 'double') return tf.mul(x, 2);
    const positive = tf.exp(x);
    return tf.div(positive, tf.sum(positive, -1, true));
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), kind: this.config.kind };
  }
}

/** Makes {@link Custom} known to tfjs. */
export function registerCustom(): void {
  tf.serialization.registerClass(Custom);
}

const hidden = (units = 5): tfl.layers.Layer => dense({ units, activation: 'tanh', inputShape: [4] });

const sequential = (...layers: tfl.layers.Layer[]): LayersModel => tfl.sequential({ layers });

function graph(
  shape: (number | null)[],
  body: (input: SymbolicTensor) => SymbolicTensor,
  dtype?: 'int32',
): LayersModel {
  const input = tfl.input({ shape, ...(dtype === undefined ? {} : { dtype }) });
  return tfl.model({ inputs: input, outputs: body(input) });
}

const apply = (layer: tfl.layers.Layer, x: SymbolicTensor | SymbolicTensor[]): SymbolicTensor =>
  layer.apply(x) as SymbolicTensor;

const mobileNet = (): LayersModel =>
  sequential(
    conv2d({ filters: 4, kernelSize: 3, strides: 2, padding: 'same', useBias: false, inputShape: [6, 6, 2] }),
    tfl.layers.batchNormalization({}),
    tfl.layers.reLU({ maxValue: 6 }),
    tfl.layers.zeroPadding2d({
      padding: [
        [0, 1],
        [0, 1],
      ],
    }),
    depthwiseConv2d({ kernelSize: 3, strides: 2, padding: 'valid', useBias: false }),
    tfl.layers.batchNormalization({}),
    tfl.layers.reLU({ maxValue: 6 }),
    tfl.layers.separableConv2d({ filters: 4, kernelSize: 3, padding: 'same' }),
    tfl.layers.globalAveragePooling2d({}),
    reshape({ targetShape: [1, 1, 4] }),
    tfl.layers.dropout({ rate: 0.5 }),
    conv2d({ filters: 3, kernelSize: 1, padding: 'same' }),
    activation({ activation: 'softmax' }),
    reshape({ targetShape: [3] }),
  );

const nestedHead = (): LayersModel =>
  sequential(hidden(), sequential(dense({ units: 6, inputShape: [5] }), dense({ units: 3, activation: 'softmax' })));

/** The same softmax layer makes an attention in the middle and the output at the end. */
const sharedHead = (): LayersModel => {
  const shared = dense({ units: 3, activation: 'softmax' });
  return graph([3], (x) => apply(shared, apply(tfl.layers.multiply(), [x, apply(shared, x)])));
};

const branches = (merge: tfl.layers.Layer, kind: 'softmax' | 'linear'): LayersModel =>
  graph([4], (x) =>
    apply(
      merge,
      [1, 2].map(() => apply(dense({ units: 3, activation: kind }), apply(hidden(), x))),
    ),
  );

/** Two residual paths that join before the head. */
const severalPaths = (): LayersModel =>
  graph([4], (x) => {
    const a = apply(hidden(4), x);
    const joined = apply(tfl.layers.concatenate(), [apply(tfl.layers.add(), [a, x]), apply(hidden(3), a), x]);
    return apply(dense({ units: 3, activation: 'softmax' }), joined);
  });

const frozen = (): LayersModel => {
  const first = dense({ units: 5, activation: 'relu', inputShape: [4], trainable: false });
  return sequential(first, tfl.layers.batchNormalization({ trainable: false }), dense({ units: 3 }));
};

const GLOROT = { kernelInitializer: 'glorotUniform', recurrentInitializer: 'glorotUniform' } as const;
const lstm = (options: object = {}): tfl.RNN => tfl.layers.lstm({ units: 3, ...GLOROT, ...options }) as tfl.RNN;

const embedding = (): LayersModel =>
  sequential(
    tfl.layers.embedding({ inputDim: 6, outputDim: 3, inputLength: 5 }),
    tfl.layers.gru({ units: 4, ...GLOROT }),
    dense({ units: 3, activation: 'softmax' }),
  );

const anySize = (): LayersModel =>
  sequential(
    conv2d({ filters: 3, kernelSize: 3, activation: 'relu', inputShape: [null, null, 2] }),
    tfl.layers.globalMaxPooling2d({}),
    dense({ units: 3, activation: 'softmax' }),
  );

const vector = (
  name: string,
  outputs: Outputs,
  head: () => tfl.layers.Layer[],
  options?: ClassifierOptions,
): NetCase => ({
  name,
  outputs,
  inputs: vectors,
  build: () => sequential(hidden(), ...head()),
  options,
});

const linear = (): tfl.layers.Layer => dense({ units: 3 });

/** Every kind of model. */
export const NETS: readonly NetCase[] = (
  [
    vector('linear head', 'logits', () => [linear()]),
    vector('Dense with softmax', 'probabilities', () => [dense({ units: 3, activation: 'softmax' })]),
    vector('Softmax layer', 'probabilities', () => [linear(), tfl.layers.softmax({})]),
    vector('Activation softmax', 'probabilities', () => [linear(), activation({ activation: 'softmax' })]),
    vector('Activation linear after softmax', 'probabilities', () => [
      dense({ units: 3, activation: 'softmax' }),
      activation({ activation: 'linear' }),
    ]),
    vector('Activation logSoftmax', 'logits', () => [linear(), activation({ activation: 'logSoftmax' as 'softmax' })]),
    vector('relu head', 'logits', () => [dense({ units: 3, activation: 'relu' })]),
    vector('one sigmoid unit', 'sigmoid', () => [dense({ units: 1, activation: 'sigmoid' })]),
    vector('Activation sigmoid', 'sigmoid', () => [dense({ units: 1 }), activation({ activation: 'sigmoid' })]),
    vector('custom layer of logits', 'logits', () => [linear(), new Custom({ kind: 'double' })]),
    vector('custom layer of probabilities', 'probabilities', () => [linear(), new Custom({ kind: 'share' })]),
    vector('probabilities declared', 'probabilities', () => [linear(), new Custom({ kind: 'share' })], {
      outputs: 'probabilities',
    }),
    vector('softmax declared as probabilities', 'probabilities', () => [dense({ units: 3, activation: 'softmax' })], {
      outputs: 'probabilities',
    }),
    { name: 'MobileNet-like', outputs: 'probabilities', inputs: images, build: mobileNet },
    { name: 'nested Sequential', outputs: 'probabilities', inputs: vectors, build: nestedHead },
    { name: 'shared softmax', outputs: 'probabilities', inputs: () => uniform([3, 3], 1), build: sharedHead },
    {
      name: 'average of softmax branches',
      outputs: 'probabilities',
      inputs: vectors,
      build: () => branches(tfl.layers.average(), 'softmax'),
    },
    {
      name: 'sum of linear branches',
      outputs: 'logits',
      inputs: vectors,
      build: () => branches(tfl.layers.add(), 'linear'),
    },
    { name: 'several paths', outputs: 'probabilities', inputs: vectors, build: severalPaths },
    { name: 'frozen layers', outputs: 'logits', inputs: vectors, build: frozen },
    {
      name: 'LSTM with dropout',
      outputs: 'probabilities',
      inputs: sequences,
      build: () =>
        sequential(
          inputLayer({ inputShape: [5, 2] }),
          lstm({ dropout: 0.5, recurrentDropout: 0.5 }),
          dense({ units: 3, activation: 'softmax' }),
        ),
    },
    {
      name: 'Bidirectional LSTM',
      outputs: 'logits',
      inputs: sequences,
      build: () =>
        sequential(
          inputLayer({ inputShape: [5, 2] }),
          tfl.layers.bidirectional({ layer: lstm(), mergeMode: 'concat' }),
          linear(),
        ),
    },
    {
      name: 'Embedding and GRU',
      outputs: 'probabilities',
      inputs: () =>
        tf.tensor2d(
          [
            [0, 1, 2, 3, 4],
            [5, 5, 0, 1, 2],
            [3, 2, 1, 0, 5],
          ],
          [3, 5],
          'int32',
        ),
      build: embedding,
      options: { bounds: [0, 5] },
      continuous: false,
    },
    { name: 'any image size', outputs: 'probabilities', inputs: images, build: anySize },
    {
      name: 'mean and std',
      outputs: 'logits',
      inputs: vectors,
      build: () => sequential(hidden(), linear()),
      options: { preprocess: { mean: 0.4, std: 0.2 } },
    },
    {
      name: 'mean and std per channel',
      outputs: 'logits',
      inputs: images,
      build: () =>
        sequential(
          conv2d({ filters: 2, kernelSize: 3, inputShape: [6, 6, 2], activation: 'relu' }),
          flatten(),
          linear(),
        ),
      options: { preprocess: { mean: [0.4, 0.1], std: [0.2, 3] } },
    },
    {
      name: 'compiled',
      outputs: 'probabilities',
      inputs: vectors,
      build: () => {
        const model = sequential(hidden(), dense({ units: 3, activation: 'softmax' }));
        model.compile({ loss: 'categoricalCrossentropy', optimizer: 'sgd' });
        return model;
      },
    },
  ] as NetCase[]
).map((net) => ({ ...net, build: () => scramble(net.build()) }));
