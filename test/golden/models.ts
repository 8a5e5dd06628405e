/**
 * The networks of `model.json`, built in tfjs: same layers, same weights, linear heads.
 */
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { golden } from '../metrics/golden';

/** A tensor as the golden files hold it. */
export interface GoldenTensor {
  readonly shape: number[];
  readonly dtype: 'float32' | 'uint8';
  readonly data: number[];
}

/** Weights by variable name, such as `conv1/kernel`. */
export type GoldenWeights = Readonly<Record<string, GoldenTensor>>;

/** `model.json`. */
export interface GoldenModels {
  readonly images: GoldenTensor;
  readonly labels: number[];
  readonly cnn: { weights: GoldenWeights; order: string[]; logits: GoldenTensor; pred: number[] };
  readonly bn: {
    weights: GoldenWeights;
    order: string[];
    logits_eval: GoldenTensor;
    pred: number[];
    train_mode: { logits: GoldenTensor; moving_after: GoldenWeights };
  };
  readonly mlp: {
    inputs: GoldenTensor;
    labels: number[];
    weights: GoldenWeights;
    order: string[];
    logits: GoldenTensor;
    pred: number[];
  };
  readonly ops: {
    conv_stride2: {
      input: GoldenTensor;
      kernel: GoldenTensor;
      explicit_padding: [number, number][];
      output_torch_padding1: GoldenTensor;
      output_tf_same: GoldenTensor;
      input_gradient_of_sum_torch_padding1: GoldenTensor;
    };
  };
}

/** The stored networks. */
export const goldenModels = (): GoldenModels => golden<GoldenModels>('model');

/** A stored tensor on the backend; uint8 images become [0, 1]. The caller disposes it. */
export function goldenTensor({ data, shape, dtype }: GoldenTensor): tf.Tensor {
  const scale = dtype === 'uint8' ? 255 : 1;
  return tf.tensor(
    Float32Array.from(data, (value) => Math.fround(value / scale)),
    shape,
  );
}

/** Gives each variable of the model the stored value of its layer and name. */
function withWeights(model: LayersModel, weights: GoldenWeights): LayersModel {
  for (const weight of model.weights) {
    const value = goldenTensor(weights[weight.originalName]);
    (weight.read() as tf.Variable).assign(value);
    value.dispose();
  }
  return model;
}

const { conv2d, dense, flatten, reLU, batchNormalization } = tfl.layers;

const convolution = (name: string, filters: number, options: object): tfl.layers.Layer =>
  conv2d({ name, filters, kernelSize: 3, padding: 'same', ...options });

/** `cnn`: two max-pooled convolutions and a dense layer. */
export function goldenCnn(weights = goldenModels().cnn.weights): LayersModel {
  const layers = [
    convolution('conv1', 8, { activation: 'relu', inputShape: [28, 28, 1] }),
    tfl.layers.maxPooling2d({ poolSize: 2, strides: 2 }),
    convolution('conv2', 16, { activation: 'relu' }),
    tfl.layers.maxPooling2d({ poolSize: 2, strides: 2 }),
    flatten(),
    dense({ name: 'dense', units: 10 }),
  ];
  return withWeights(tfl.sequential({ layers }), weights);
}

/** `bn`: two convolutions with batch norm, average pooling, a dense layer. */
export function goldenBn(weights = goldenModels().bn.weights): LayersModel {
  const norm = (name: string): tfl.layers.Layer => batchNormalization({ name, epsilon: 1e-5, momentum: 0.9 });
  const layers = [
    convolution('conv1', 12, { useBias: false, inputShape: [28, 28, 1] }),
    norm('bn1'),
    reLU(),
    tfl.layers.averagePooling2d({ poolSize: 2, strides: 2 }),
    convolution('conv2', 24, { useBias: false }),
    norm('bn2'),
    reLU(),
    tfl.layers.globalAveragePooling2d({}),
    dense({ name: 'dense', units: 10 }),
  ];
  return withWeights(tfl.sequential({ layers }), weights);
}

/** `mlp`: 16 → 32 relu → 5. */
export function goldenMlp(weights = goldenModels().mlp.weights): LayersModel {
  const layers = [
    dense({ name: 'fc1', units: 32, activation: 'relu', inputShape: [16] }),
    dense({ name: 'fc2', units: 5 }),
  ];
  return withWeights(tfl.sequential({ layers }), weights);
}
