/** A small classifier around each layer of tfjs-layers, for the engine to run. */
import * as tfl from '@tensorflow/tfjs-layers';
import type { LayersModel, SymbolicTensor } from '@tensorflow/tfjs-layers';
import { scramble } from '../model/support';

/** A model to run. */
export interface LayerNet {
  readonly name: string;
  /** Shape of one input. */
  readonly shape: number[];
  readonly build: () => LayersModel;
  /** Inputs are whole numbers below this. */
  readonly integersBelow?: number;
}

type Layer = tfl.layers.Layer;

const L = tfl.layers;
const as = (layer: unknown): Layer => layer as Layer;
const VECTOR = [6];
const IMAGE = [8, 7, 3];
const SEQUENCE = [5, 3];
const RECURRENT = { recurrentInitializer: 'glorotUniform' } as const;

const ACTIVATIONS = [
  ...(['elu', 'hardSigmoid', 'linear', 'relu', 'relu6', 'selu', 'sigmoid'] as const),
  ...(['softmax', 'softplus', 'softsign', 'tanh', 'swish', 'mish', 'gelu', 'gelu_new', 'logSoftmax'] as const),
] as const;

/** Before the layer something to learn, after it a dense head. */
function around(shape: number[], make: () => Layer[]): () => LayersModel {
  return () => {
    const input = tfl.input({ shape });
    const first =
      shape.length === 3
        ? L.conv2d({ filters: shape[2], kernelSize: 3, padding: 'same' })
        : L.dense({ units: shape.at(-1)! });
    let x = first.apply(input) as SymbolicTensor;
    for (const layer of make()) x = layer.apply(x) as SymbolicTensor;
    if (x.shape.length > 2) x = L.flatten().apply(x) as SymbolicTensor;
    return scramble(tfl.model({ inputs: input, outputs: L.dense({ units: 3 }).apply(x) as SymbolicTensor }));
  };
}

const net = (name: string, shape: number[], ...make: (() => unknown)[]): LayerNet => ({
  name,
  shape,
  build: around(shape, () => make.map((layer) => as(layer()))),
});

function merged(name: string, merge: () => unknown): LayerNet {
  const build = (): LayersModel => {
    const input = tfl.input({ shape: IMAGE });
    const [a, b] = [1, 3].map(
      (kernelSize) => L.conv2d({ filters: 4, kernelSize, padding: 'same' }).apply(input) as SymbolicTensor,
    );
    const joined = L.flatten().apply(as(merge()).apply([a, b])) as SymbolicTensor;
    return scramble(tfl.model({ inputs: input, outputs: L.dense({ units: 3 }).apply(joined) as SymbolicTensor }));
  };
  return { name, shape: IMAGE, build };
}

const sequence = (name: string, layer: () => unknown): LayerNet => net(name, SEQUENCE, layer);
const image = (name: string, ...layers: (() => unknown)[]): LayerNet => net(name, IMAGE, ...layers);

const embedding = (maskZero: boolean): LayerNet => ({
  name: `embedding${maskZero ? ' with mask' : ''}`,
  shape: [5],
  integersBelow: 6,
  build: () =>
    scramble(
      tfl.sequential({
        layers: [
          L.embedding({ inputDim: 6, outputDim: 4, inputLength: 5, maskZero }),
          maskZero ? L.lstm({ units: 3, ...RECURRENT }) : L.flatten(),
          L.dense({ units: 3 }),
        ],
      }),
    ),
});

/** All of them. */
export const LAYER_NETS: readonly LayerNet[] = [
  ...ACTIVATIONS.map((activation) =>
    net(`dense ${activation}`, VECTOR, () => L.dense({ units: 4, activation: activation as 'relu' })),
  ),
  ...(['relu', 'relu6', 'elu', 'tanh', 'softmax', 'swish'] as const).map((activation) =>
    image(`conv2d ${activation}`, () => L.conv2d({ filters: 4, kernelSize: 3, activation: activation as 'relu' })),
  ),
  image('conv2d 17 filters, strides 2', () => L.conv2d({ filters: 17, kernelSize: 3, strides: 2, padding: 'same' })),
  image('conv2d strides 3', () => L.conv2d({ filters: 4, kernelSize: 2, strides: 3 })),
  image('conv2d 5 × 5', () => L.conv2d({ filters: 16, kernelSize: 5, padding: 'same', activation: 'relu' })),
  sequence('conv1d', () => L.conv1d({ filters: 4, kernelSize: 2, activation: 'relu' })),
  image('conv2dTranspose', () => L.conv2dTranspose({ filters: 2, kernelSize: 3, strides: 2, padding: 'same' })),
  image('depthwiseConv2d', () => L.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2 })),
  image('depthwiseConv2d strides 2', () => L.depthwiseConv2d({ kernelSize: 3, strides: 2, padding: 'same' })),
  image('separableConv2d', () => L.separableConv2d({ filters: 4, kernelSize: 3, padding: 'same' })),
  sequence('maxPooling1d', () => L.maxPooling1d({ poolSize: 2 })),
  image('maxPooling2d', () => L.maxPooling2d({ poolSize: 2 })),
  image('maxPooling2d 3 by 2 same', () => L.maxPooling2d({ poolSize: 3, strides: 2, padding: 'same' })),
  image(
    'maxPooling2d of 16 channels',
    () => L.conv2d({ filters: 16, kernelSize: 3, padding: 'same', activation: 'relu' }),
    () => L.maxPooling2d({ poolSize: 2 }),
    () => L.conv2d({ filters: 16, kernelSize: 3, padding: 'same', activation: 'relu' }),
    () => L.maxPooling2d({ poolSize: 3, strides: 2, padding: 'same' }),
  ),
  sequence('averagePooling1d', () => L.averagePooling1d({ poolSize: 2 })),
  image('averagePooling2d', () => L.averagePooling2d({ poolSize: 2 })),
  image('averagePooling2d 3 by 2 same', () => L.averagePooling2d({ poolSize: 3, strides: 2, padding: 'same' })),
  sequence('globalAveragePooling1d', () => L.globalAveragePooling1d({})),
  image('globalAveragePooling2d', () => L.globalAveragePooling2d({})),
  sequence('globalMaxPooling1d', () => L.globalMaxPooling1d({})),
  image('globalMaxPooling2d', () => L.globalMaxPooling2d({})),
  image('batchNormalization', () => L.batchNormalization({})),
  image('batchNormalization, no scale', () => L.batchNormalization({ scale: false })),
  image('batchNormalization, no center', () => L.batchNormalization({ center: false })),
  image('batchNormalization, frozen', () => L.batchNormalization({ trainable: false })),
  net('batchNormalization of vectors', VECTOR, () => L.batchNormalization({})),
  image(
    'convolution, norm, ReLU',
    () => L.conv2d({ filters: 16, kernelSize: 3, useBias: false }),
    () => L.batchNormalization({}),
    () => L.reLU(),
  ),
  sequence('layerNormalization', () => L.layerNormalization({})),
  image('layerNormalization of an image', () => L.layerNormalization({})),
  net('leakyReLU', VECTOR, () => L.leakyReLU({ alpha: 0.2 })),
  net('prelu', VECTOR, () => L.prelu({})),
  image('prelu of an image', () => L.prelu({ sharedAxes: [1, 2] })),
  net('elu', VECTOR, () => L.elu()),
  net('reLU', VECTOR, () => L.reLU()),
  net('reLU up to 1', VECTOR, () => L.reLU({ maxValue: 1 })),
  net('thresholdedReLU', VECTOR, () => L.thresholdedReLU({ theta: 0.2 })),
  net('softmax', VECTOR, () => L.softmax({})),
  net('dropout', VECTOR, () => L.dropout({ rate: 0.4 })),
  sequence('spatialDropout1d', () => L.spatialDropout1d({ rate: 0.4 })),
  net('gaussianNoise', VECTOR, () => L.gaussianNoise({ stddev: 0.3 })),
  net('gaussianDropout', VECTOR, () => L.gaussianDropout({ rate: 0.3 })),
  sequence('permute', () => L.permute({ dims: [2, 1] })),
  sequence('reshape', () => L.reshape({ targetShape: [3, 5] })),
  net('repeatVector', VECTOR, () => L.repeatVector({ n: 3 })),
  image('zeroPadding2d', () =>
    L.zeroPadding2d({
      padding: [
        [1, 0],
        [2, 1],
      ],
    }),
  ),
  image('cropping2D', () =>
    L.cropping2D({
      cropping: [
        [1, 0],
        [1, 2],
      ],
    }),
  ),
  image('upSampling2d', () => L.upSampling2d({ size: [2, 3] })),
  image('upSampling2d bilinear', () => L.upSampling2d({ size: [2, 3], interpolation: 'bilinear' })),
  image('rescaling', () => L.rescaling({ scale: 0.5, offset: 1 })),
  embedding(false),
  embedding(true),
  sequence('masking', () => L.masking({ maskValue: 0 })),
  sequence('simpleRNN', () => L.simpleRNN({ units: 3, ...RECURRENT })),
  sequence('gru', () => L.gru({ units: 3, ...RECURRENT })),
  sequence('lstm', () => L.lstm({ units: 3, returnSequences: true, ...RECURRENT })),
  sequence('lstm with dropout', () => L.lstm({ units: 3, dropout: 0.3, recurrentDropout: 0.3, ...RECURRENT })),
  sequence('bidirectional', () =>
    L.bidirectional({ layer: L.gru({ units: 2, ...RECURRENT }) as never, mergeMode: 'concat' }),
  ),
  sequence('timeDistributed', () => L.timeDistributed({ layer: as(L.dense({ units: 2 })) })),
  net('convLstm2d', [2, 4, 4, 2], () =>
    L.convLstm2d({ filters: 2, kernelSize: 2, padding: 'same', ...RECURRENT } as never),
  ),
  merged('add', () => L.add()),
  merged('average', () => L.average()),
  merged('concatenate', () => L.concatenate()),
  merged('maximum', () => L.maximum()),
  merged('minimum', () => L.minimum()),
  merged('multiply', () => L.multiply()),
];
