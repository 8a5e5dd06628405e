/**
 * What the examples need before they begin: a few real images, and a model that has learned them by heart.
 */
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { type Examples, fromArrays } from 'amun-ts';
import { useWasm } from 'amun-ts/wasm';
import { EMBEDDED, loadFashionMnist } from './fashion-mnist/dataset';

export { CLASS_NAMES } from './fashion-mnist/dataset';

/** Images of Fashion-MNIST, [N, 28, 28, 1] in [0, 1], with labels [N]. */
export function loadImages(trainSize: number, testSize: number): { train: Examples; test: Examples } {
  const data = loadFashionMnist(EMBEDDED, trainSize, testSize);
  const examples = (set: typeof data.train) => fromArrays({ xs: set.pixels, shape: [28, 28, 1], ys: set.labels });
  return { train: examples(data.train), test: examples(data.test) };
}

/** A small network, as an application would have one: compiled, trained with `fit`, ending in softmax. */
export async function trainedModel({ xs, ys }: Examples, epochs = 12): Promise<tfl.LayersModel> {
  await useWasm();
  const init = (seed: number) => tfl.initializers.heNormal({ seed });
  const model = tfl.sequential({
    layers: [
      tfl.layers.conv2d({
        inputShape: [28, 28, 1],
        filters: 8,
        kernelSize: 5,
        strides: 2,
        activation: 'relu',
        kernelInitializer: init(1),
      }),
      tfl.layers.flatten(),
      tfl.layers.dense({ units: 64, activation: 'relu', kernelInitializer: init(2) }),
      tfl.layers.dense({ units: 10, activation: 'softmax', kernelInitializer: init(3) }),
    ],
  });
  model.compile({ optimizer: tf.train.adam(3e-3), loss: 'categoricalCrossentropy' });
  const oneHot = tf.oneHot(tf.cast(ys, 'int32'), 10);
  await model.fit(xs, oneHot, { epochs, batchSize: 32, shuffle: false, verbose: 0 });
  oneHot.dispose();
  return model;
}

/** A fraction as per cent. */
export const percent = (fraction: number): string => `${(100 * fraction).toFixed(1)} %`;
