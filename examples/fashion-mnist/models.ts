/**
 * The models of the demonstration. Each seed gives other initial weights.
 */
import * as tfl from '@tensorflow/tfjs-layers';
import type { LayersModel, SymbolicTensor } from '@tensorflow/tfjs-layers';

/** Names of the models. */
export type ModelName = 'small-cnn' | 'resnet8';

/** Builds a model by name. */
export function buildModel(name: ModelName, seed: number): LayersModel {
  return name === 'resnet8' ? resnet8(seed) : smallCnn(seed);
}

/** Initializers of consecutive layers, each with a seed of its own. */
function initializers(seed: number): () => ReturnType<typeof tfl.initializers.heNormal> {
  let layer = 0;
  return () => {
    layer += 1;
    return tfl.initializers.heNormal({ seed: seed * 1000 + layer });
  };
}

/** Two convolutions and two dense layers, 54,000 weights: memorises 3,000 images within a minute. */
function smallCnn(seed: number): LayersModel {
  const next = initializers(seed);
  const conv = (filters: number) =>
    tfl.layers.conv2d({ filters, kernelSize: 3, padding: 'same', activation: 'relu', kernelInitializer: next() });
  return tfl.sequential({
    layers: [
      tfl.layers.inputLayer({ inputShape: [28, 28, 1] }),
      conv(8),
      tfl.layers.maxPooling2d({ poolSize: 2 }),
      conv(16),
      tfl.layers.maxPooling2d({ poolSize: 2 }),
      tfl.layers.flatten(),
      tfl.layers.dense({ units: 64, activation: 'relu', kernelInitializer: next() }),
      tfl.layers.dense({ units: 10, kernelInitializer: next() }),
    ],
  });
}

/** A residual network of eight convolutions, 78,000 weights: stem, then three stages of 16, 32 and 64 channels. */
function resnet8(seed: number): LayersModel {
  const next = initializers(seed);
  const conv = (x: SymbolicTensor, filters: number, kernelSize: number, strides: number) =>
    tfl.layers
      .conv2d({ filters, kernelSize, strides, padding: 'same', useBias: false, kernelInitializer: next() })
      .apply(x) as SymbolicTensor;
  const norm = (x: SymbolicTensor) =>
    tfl.layers.batchNormalization({ epsilon: 1e-5, momentum: 0.9 }).apply(x) as SymbolicTensor;
  const relu = (x: SymbolicTensor) => tfl.layers.reLU().apply(x) as SymbolicTensor;

  const block = (x: SymbolicTensor, filters: number, strides: number): SymbolicTensor => {
    const inner = relu(norm(conv(x, filters, 3, strides)));
    const residual = norm(conv(inner, filters, 3, 1));
    const shortcut = strides === 1 ? x : norm(conv(x, filters, 1, strides));
    return relu(tfl.layers.add().apply([residual, shortcut]) as SymbolicTensor);
  };

  const input = tfl.input({ shape: [28, 28, 1] });
  const stem = relu(norm(conv(input, 16, 3, 1)));
  const features = [16, 32, 64].reduce((x, filters, stage) => block(x, filters, stage === 0 ? 1 : 2), stem);
  const pooled = tfl.layers.globalAveragePooling2d({}).apply(features) as SymbolicTensor;
  const logits = tfl.layers.dense({ units: 10, kernelInitializer: next() }).apply(pooled) as SymbolicTensor;
  return tfl.model({ inputs: input, outputs: logits });
}
