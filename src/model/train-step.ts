/**
 * One step of training on one batch: what every loop over epochs is made of.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { LabelledBatch } from '../data/labelled';
import type { ClassifierView } from './classifier';
import type { ForwardMode } from './forward';
import { weightGradients } from './gradients';
import { crossEntropy, oneHotLabels } from './losses';
import type { Sgd } from './sgd';

/** How a step is taken. */
export interface TrainStepOptions {
  readonly optimizer: Sgd;
  readonly mode: ForwardMode;
  readonly learningRate: number;
  /** 1 descends the cross-entropy, −1 ascends it. @default 1 */
  readonly direction?: 1 | -1;
  /** No step is taken on a loss beyond this, or on NaN. */
  readonly maxLoss: number;
}

/** Takes one step, and disposes the batch. Resolves to its mean cross-entropy before the step. */
export async function trainStep(
  view: ClassifierView,
  { xs, labels }: LabelledBatch,
  { optimizer, mode, learningRate, direction, maxLoss }: TrainStepOptions,
): Promise<number> {
  const options = { loss: crossEntropy, mode, scale: direction };
  const { loss, gradients } = gradientsOf(
    () => weightGradients(view, xs, oneHotLabels(labels, view.classCount), options),
    xs,
  );
  try {
    const value = (await loss.data())[0] * (direction ?? 1);
    if (Math.abs(value) <= maxLoss) optimizer.step(gradients, learningRate);
    return value;
  } finally {
    loss.dispose();
    tf.dispose(gradients);
  }
}

function gradientsOf<T extends tf.TensorContainer>(compute: () => T, xs: tf.Tensor): T {
  try {
    return tf.tidy(compute);
  } finally {
    xs.dispose();
  }
}
