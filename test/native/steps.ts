/** Small steps and trainings for the tests of the engine. */
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import type { Step } from '../../src/core/engine';
import { randomStream } from '../../src/core/random';
import { classifier, type ClassifierView } from '../../src/model/classifier';
import { Sgd } from '../../src/model/sgd';
import { trainStep } from '../../src/model/train-step';
import { scramble } from '../model/support';
import { numbers } from './support';

/** Values of a tensor. */
export const values = (tensor: tf.Tensor): number[] => Array.from(tensor.dataSync());

/** Values of tensors, which are disposed. */
export function take(tensors: tf.Tensor[]): number[][] {
  const all = tensors.map(values);
  tf.dispose(tensors);
  return all;
}

/** A step that doubles its input. */
export function doubling(changes: Partial<Step> = {}): Step {
  return {
    key: 'double',
    owner: {},
    inputs: [],
    variables: [],
    weights: 'fixed',
    compute: ([x]) => [tf.mul(x, 2)],
    ...changes,
  };
}

/** Sums of products: rounding shows the order. */
export function model(...middle: tfl.layers.Layer[]): tfl.LayersModel {
  const layers = [tfl.layers.dense({ units: 7, activation: 'tanh', inputShape: [5] }), ...middle];
  return scramble(tfl.sequential({ layers: [...layers, tfl.layers.dense({ units: 3 })] }));
}

/** A model as a classifier. */
export const viewOf = (made: tfl.LayersModel): ClassifierView => classifier(made) as ClassifierView;
/** Inputs of that model. */
export const batch = (rows = 6): tf.Tensor => tf.tensor(numbers('batch', rows * 5), [rows, 5]);

/** Losses of some steps of training, and the weights after them. */
export async function train(made: tfl.LayersModel, steps: number, seed = 1): Promise<number[][]> {
  const view = viewOf(made);
  const optimizer = new Sgd(view.variables, { momentum: 0.9, weightDecay: 1e-3 });
  const random = randomStream(seed, 'masks');
  const labels = Int32Array.from([0, 1, 2, 0, 1, 2]);
  const losses: number[] = [];
  for (let step = 0; step < steps; step += 1) {
    const mode = { kind: 'training', batchNorm: 'train', random } as const;
    losses.push(await trainStep(view, { xs: batch(), labels }, { optimizer, mode, learningRate: 0.1 }));
  }
  optimizer.dispose();
  return [losses, ...view.variables.map(({ variable }) => values(variable))];
}
