/**
 * One step of training on one batch: what every loop over epochs is made of.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor2D } from '@tensorflow/tfjs-core';
import { runStep } from '../core/engine';
import type { RandomStream } from '../core/random';
import type { LabelledBatch } from '../data/labelled';
import type { ClassifierView } from './classifier';
import { weightGradients } from './gradients';
import { crossEntropy, oneHotLabels } from './losses';
import type { Sgd } from './sgd';

/** How layers behave in a step, and where its random draws come from. */
export interface TrainMode {
  readonly kind: 'training';
  readonly batchNorm: 'train' | 'frozen';
  readonly random: RandomStream;
}

/** How a step is taken. */
export interface TrainStepOptions {
  readonly optimizer: Sgd;
  readonly mode: TrainMode;
  readonly learningRate: number;
  /** 1 descends the cross-entropy, −1 ascends it. @default 1 */
  readonly direction?: 1 | -1;
}

/**
 * Takes one step, and disposes the batch. Resolves to its mean cross-entropy before the step. Where that is not finite, so are the
 * weights afterwards: the caller goes back to earlier ones.
 */
export async function trainStep(
  view: ClassifierView,
  { xs, labels }: LabelledBatch,
  { optimizer, mode, learningRate, direction = 1 }: TrainStepOptions,
): Promise<number> {
  const inputs = [xs, oneHotLabels(labels, view.classCount), tf.scalar(learningRate)];
  try {
    const [loss] = await runStep({
      key: `train ${mode.kind} ${mode.batchNorm} ${direction} ${optimizer.key}`,
      owner: optimizer,
      inputs,
      variables: [...view.variables.map(({ variable }) => variable), ...optimizer.state],
      weights: 'changing',
      random: mode.random,
      compute: ([batch, oneHot, rate], draw) => {
        const options = { loss: crossEntropy, mode: { ...mode, draw }, scale: direction };
        const result = weightGradients(view, batch, oneHot as Tensor2D, options);
        optimizer.step(result.gradients, rate as Scalar);
        return [result.loss];
      },
    });
    const value = (await loss.data())[0] * direction;
    loss.dispose();
    return value;
  } finally {
    tf.dispose(inputs);
  }
}
