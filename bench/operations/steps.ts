/**
 * What single steps cost, by way of the public API where it has them: predictions, gradient steps of PGD, training.
 */
import * as tf from '@tensorflow/tfjs-core';
import { type Classifier, type Examples, FineTune, Pgd } from 'amun-ts';
import { runStep, type Step } from '../../src/core/engine';
import type { Operations, Seconds, Timed } from '../protocol';
import { between, Clock, repeated } from './clock';
import { disposeExamples, predictAll, type Workbench } from './workbench';

/** A radius so small that no prediction flips: every image takes every step. */
const SMALL_RADIUS = 1e-4;

/** More epochs than any measurement takes. */
const ENDLESS = 10_000;

/** Square matrix products, by the engine in use. */
export async function gemm({ size, seconds }: Operations['gemm'][0]): Promise<Operations['gemm'][1]> {
  const [a, b] = [
    tf.randomUniform([size, size], 0, 1, 'float32', 1),
    tf.randomUniform([size, size], 0, 1, 'float32', 2),
  ];
  const step: Step = {
    key: 'matrix product',
    owner: a,
    inputs: [a, b],
    variables: [],
    weights: 'changing',
    compute: ([left, right]) => [tf.matMul(left as tf.Tensor2D, right as tf.Tensor2D)],
  };
  const product = async (): Promise<number> => {
    const [c] = await runStep(step);
    await c.data(); // some backends compute later
    c.dispose();
    return 1;
  };
  await product();
  const timed = await repeated(product, seconds);
  tf.dispose([a, b]);
  return timed;
}

/** Predictions of whole batches. */
export async function inference(bench: Workbench, request: Operations['inference'][0]): Promise<Timed> {
  const { model, batch, seconds, count } = request;
  const view = bench.view(model);
  const images = bench.images(0, count);
  const pass = async (): Promise<number> => (await predictAll(view, images, batch)).labels.length;
  try {
    await pass();
    return await repeated(pass, seconds);
  } finally {
    disposeExamples(images);
  }
}

/** Gradient steps of PGD, `steps` to a call. */
export async function pgd(bench: Workbench, request: Operations['pgd'][0]): Promise<Timed> {
  const { model, batch, seconds, steps } = request;
  const images = bench.images(0, batch);
  try {
    return await timePgd(bench.view(model), images, steps, seconds);
  } finally {
    disposeExamples(images);
  }
}

/** {@link pgd} of any model. */
export async function timePgd(view: Classifier, images: Examples, steps: number, seconds: number): Promise<Timed> {
  const labels = await predictedLabels(view, images);
  const attack = async (count: number): Promise<number> => {
    const run = { epsilon: SMALL_RADIUS, batchSize: images.xs.shape[0] };
    const { xs, ys, gradientSteps } = await new Pgd({ steps: count }).perturb(view, { xs: images.xs, ys: labels }, run);
    tf.dispose([xs, ys]);
    return gradientSteps;
  };
  try {
    await attack(2);
    return await repeated(() => attack(steps), seconds);
  } finally {
    labels.dispose();
  }
}

/** What the model itself says, so that no image is misclassified from the start. */
async function predictedLabels(view: Classifier, images: Examples): Promise<tf.Tensor1D> {
  const { logits, classCount, labels } = await predictAll(view, images, images.xs.shape[0]);
  const best = Int32Array.from(labels, (_, row) => {
    const own = logits.subarray(row * classCount, (row + 1) * classCount);
    return own.indexOf(Math.max(...own));
  });
  return tf.tensor1d(best, 'int32');
}

/** Whole epochs after a first one. */
export async function train(bench: Workbench, request: Operations['train'][0]): Promise<Timed> {
  const { model, batch, seconds, count } = request;
  const images = bench.images(0, count);
  try {
    return await timeTraining(bench.view(model), images, batch, seconds);
  } finally {
    disposeExamples(images);
  }
}

/** {@link train} of any model. */
export async function timeTraining(
  view: Classifier,
  images: Examples,
  batchSize: number,
  seconds: number,
): Promise<Timed> {
  const clock = new Clock();
  const ends: Seconds[] = [];
  const enough = new AbortController();
  const onEpochEnd = (): void => {
    ends.push(clock.read());
    if (ends.length > 1 && ends.at(-1)!.wall - ends[0].wall >= seconds) enough.abort();
  };
  const method = new FineTune({ epochs: ENDLESS, batchSize, learningRate: 0.01, schedule: { every: ENDLESS } });
  const { signal } = enough;
  const result = await method.unlearn(view, { forget: images, retain: images }, { onEpochEnd, signal });
  result.model.dispose();
  const spent = between(ends[0], ends.at(-1)!);
  return { images: images.xs.shape[0] * (ends.length - 1), ...spent };
}
