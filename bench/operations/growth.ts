/**
 * What a step costs with more classes or larger images. The images are noise: only their shape matters here.
 */
import * as tf from '@tensorflow/tfjs-core';
import { classifier } from 'amun-ts';
import { disposeModel } from '../../src/model/variables';
import { buildNetwork } from '../models';
import type { GrowthRequest, Timed } from '../protocol';
import { timePgd, timeTraining } from './steps';
import { disposeExamples } from './workbench';

const BATCH = 128;
const STEPS = 10;

/** Training or PGD of resnet8 with these numbers. */
export async function growth({ operation, classes, imageSize, seconds }: GrowthRequest): Promise<Timed> {
  const model = buildNetwork('resnet8', { classes, imageSize });
  const xs = tf.randomUniform([BATCH, imageSize, imageSize, 1], 0, 1, 'float32', 1);
  const ys = tf.tensor1d(
    Array.from({ length: BATCH }, (_, i) => i % classes),
    'int32',
  );
  try {
    if (operation === 'train') return await timeTraining(classifier(model), { xs, ys }, BATCH, seconds);
    return await timePgd(classifier(model), { xs, ys }, STEPS, seconds);
  } finally {
    disposeExamples({ xs, ys });
    disposeModel(model);
  }
}
