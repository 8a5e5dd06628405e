/** Models whose nearest neighbours are known, and what tests of attacks and searches check again and again. */
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { expect } from 'vitest';
import type { Examples } from '../../src/data/examples';
import type { Classifier } from '../../src/model/classifier';
import { asClassifier } from '../../src/model/classifier';
import type { NormName } from '../../src/search/attack';
import { goldenModels, goldenTensor } from '../golden/models';

/** A linear classifier: logits x·kernel + bias, with `kernel` as rows per input value. */
export function linearModel(kernel: number[][], bias: number[]): LayersModel {
  const layer = tfl.layers.dense({ units: bias.length, inputShape: [kernel.length] });
  const model = tfl.sequential({ layers: [layer] });
  tf.tidy(() => layer.setWeights([tf.tensor2d(kernel), tf.tensor1d(bias)]));
  return model;
}

/** Examples of these rows and labels. */
export function examplesOf(rows: number[][], labels: number[]): Examples {
  return { xs: tf.tensor2d(rows), ys: tf.tensor1d(labels, 'int32') };
}

/** The 24 stored examples of the golden MLP. */
export function mlpExamples(): Examples {
  const { inputs, labels } = goldenModels().mlp;
  return { xs: goldenTensor(inputs), ys: tf.tensor1d(labels, 'int32') };
}

export function disposeExamples({ xs, ys }: Examples): void {
  tf.dispose([xs, ys]);
}

/** The classes that a model gives inputs, in batches of this size. */
export function predictedClasses(model: LayersModel | Classifier, xs: tf.Tensor, batchSize: number): number[] {
  const view = asClassifier('test', model);
  const classes: number[] = [];
  for (let start = 0; start < xs.shape[0]; start += batchSize) {
    const batch = tf.tidy(() => {
      const size = Math.min(batchSize, xs.shape[0] - start);
      return Array.from(tf.argMax(view.logits(tf.slice(xs, start, size)), 1).dataSync());
    });
    classes.push(...batch);
  }
  return classes;
}

/** Lengths of the rows of xs − x0, in double precision. */
export function lengths(xs: tf.Tensor, x0: tf.Tensor, norm: NormName): number[] {
  const [a, b] = [xs.dataSync(), x0.dataSync()];
  const size = a.length / xs.shape[0];
  return Array.from({ length: xs.shape[0] }, (_, row) => {
    const delta = Array.from({ length: size }, (_, i) => Math.abs(a[row * size + i] - b[row * size + i]));
    return norm === 'l2' ? Math.sqrt(delta.reduce((sum, d) => sum + d * d, 0)) : Math.max(...delta);
  });
}

/** Expects each found neighbour to be misclassified as `ys` says, alone and in company, and within the box. */
export function expectNeighbours(
  model: LayersModel | Classifier,
  { xs, ys, found }: { xs: tf.Tensor; ys: tf.Tensor; found: Uint8Array },
  labels: ArrayLike<number>,
  [low, high]: readonly [number, number] = [0, 1],
): void {
  const said = Array.from(ys.dataSync());
  const alone = predictedClasses(model, xs, 1);
  const together = predictedClasses(model, xs, 128);
  found.forEach((isFound, i) => {
    if (isFound === 0) expect(said[i], `label of example ${i}, which is not found`).toBe(labels[i]);
    else {
      expect([alone[i], together[i]], `classes of neighbour ${i}`).toEqual([said[i], said[i]]);
      expect(said[i], `class of neighbour ${i}`).not.toBe(labels[i]);
    }
  });
  const values = xs.dataSync();
  expect(values.every((value) => value >= low && value <= high)).toBe(true);
}
