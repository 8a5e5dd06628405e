/**
 * The networks of the benchmarks. Layers have names of their own, by which bench/peers/pytorch/networks.py takes over their weights.
 */
import * as tfl from '@tensorflow/tfjs-layers';
import type { LayersModel, SymbolicTensor } from '@tensorflow/tfjs-layers';

/** Names of the networks. */
export type NetworkName = 'resnet8' | 'plain-cnn';

/** What differs between networks of one name. */
export interface NetworkOptions {
  /** Height and width of the images. @default 28 */
  readonly imageSize?: number;
  /** @default 10 */
  readonly classes?: number;
  /** @default 1 */
  readonly seed?: number;
}

/** Builds a network on grey images, with logits as outputs. */
export function buildNetwork(name: NetworkName, options: NetworkOptions = {}): LayersModel {
  return name === 'resnet8' ? resnet8(options) : plainCnn(options);
}

function initializers(seed: number): () => ReturnType<typeof tfl.initializers.heNormal> {
  let layer = 0;
  return () => {
    layer += 1;
    return tfl.initializers.heNormal({ seed: seed * 1000 + layer });
  };
}

/** A stem, three stages of one basic block with 16, 32 and 64 channels, the average over positions, a dense layer: 78,000 weights. */
function resnet8({ imageSize = 28, classes = 10, seed = 1 }: NetworkOptions): LayersModel {
  const next = initializers(seed);
  const conv = (name: string, x: SymbolicTensor, filters: number, kernelSize: number, strides: number) => {
    const kernelInitializer = next();
    const layer = tfl.layers.conv2d({
      name,
      filters,
      kernelSize,
      strides,
      padding: 'same',
      useBias: false,
      kernelInitializer,
    });
    return layer.apply(x) as SymbolicTensor;
  };
  const norm = (name: string, x: SymbolicTensor) =>
    tfl.layers.batchNormalization({ name, epsilon: 1e-5, momentum: 0.9 }).apply(x) as SymbolicTensor;
  const relu = (x: SymbolicTensor) => tfl.layers.reLU().apply(x) as SymbolicTensor;

  const block = (stage: string, x: SymbolicTensor, filters: number, strides: number): SymbolicTensor => {
    const inner = relu(norm(`${stage}-norm_a`, conv(`${stage}-conv_a`, x, filters, 3, strides)));
    const residual = norm(`${stage}-norm_b`, conv(`${stage}-conv_b`, inner, filters, 3, 1));
    const shortcut =
      strides === 1 ? x : norm(`${stage}-shortcut_norm`, conv(`${stage}-shortcut`, x, filters, 1, strides));
    return relu(tfl.layers.add().apply([residual, shortcut]) as SymbolicTensor);
  };

  const input = tfl.input({ shape: [imageSize, imageSize, 1] });
  let x = relu(norm('stem_norm', conv('stem', input, 16, 3, 1)));
  for (const [stage, filters, strides] of [
    ['stage1', 16, 1],
    ['stage2', 32, 2],
    ['stage3', 64, 2],
  ] as const) {
    x = block(stage, x, filters, strides);
  }
  const pooled = tfl.layers.globalAveragePooling2d({}).apply(x) as SymbolicTensor;
  const head = tfl.layers.dense({ name: 'head', units: classes, kernelInitializer: next() });
  return tfl.model({ inputs: input, outputs: head.apply(pooled) as SymbolicTensor });
}

/** Two convolutions with max pooling and two dense layers: 54,000 weights. */
function plainCnn({ imageSize = 28, classes = 10, seed = 1 }: NetworkOptions): LayersModel {
  const next = initializers(seed);
  const conv = (name: string, filters: number) =>
    tfl.layers.conv2d({
      name,
      filters,
      kernelSize: 3,
      padding: 'same',
      activation: 'relu',
      kernelInitializer: next(),
    });
  return tfl.sequential({
    layers: [
      tfl.layers.inputLayer({ inputShape: [imageSize, imageSize, 1] }),
      conv('conv1', 8),
      tfl.layers.maxPooling2d({ poolSize: 2 }),
      conv('conv2', 16),
      tfl.layers.maxPooling2d({ poolSize: 2 }),
      tfl.layers.flatten(),
      tfl.layers.dense({ name: 'hidden', units: 64, activation: 'relu', kernelInitializer: next() }),
      tfl.layers.dense({ name: 'head', units: classes, kernelInitializer: next() }),
    ],
  });
}
