/**
 * How fast the current backend computes what the search and training mostly do: convolutions, forwards and backwards, as one step that
 * an engine may compile.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor4D } from '@tensorflow/tfjs-core';
import { runStep, type Step } from '../core/engine';

/** Images per step, their sides, and channels: enough work that a GPU's fixed costs do not decide. */
const BATCH = 128;
const SIDE = 16;
const CHANNELS = 16;

/** Milliseconds that are measured, and the fewest steps; the first step is not counted, as it compiles, unless it takes too long. */
const MEASURED_MS = 60;
const LONGEST_MS = 500;
const FEWEST_STEPS = 2;

let probes = 0;

/** Images per second of a step of two 3×3 convolutions with ReLU and their gradient with regard to the images. */
export async function probeRate(): Promise<number> {
  const images = tf.randomUniform([BATCH, SIDE, SIDE, CHANNELS], 0, 1, 'float32', 1);
  const filters = [2, 3].map((seed) => {
    const values = tf.randomNormal([3, 3, CHANNELS, CHANNELS], 0, 0.1, 'float32', seed);
    probes += 1;
    const variable = tf.variable(values, false, `amun-ts-probe-${probes}`);
    values.dispose();
    return variable;
  });
  const layered = (x: Tensor4D): Tensor4D =>
    filters.reduce((y, filter) => tf.relu(tf.conv2d(y, filter as unknown as Tensor4D, 1, 'same')), x);
  const step: Step = {
    key: 'probe',
    owner: filters,
    inputs: [images],
    variables: filters,
    weights: 'fixed',
    compute: ([x]) => [tf.grad((y) => tf.sum(layered(y as Tensor4D)))(x)],
  };
  try {
    const first = await timed(step);
    if (first > LONGEST_MS) return (1000 * BATCH) / first;
    const startedAt = performance.now();
    let steps = 0;
    for (; steps < FEWEST_STEPS || performance.now() - startedAt < MEASURED_MS; steps += 1) await timed(step);
    return (1000 * BATCH * steps) / (performance.now() - startedAt);
  } finally {
    tf.dispose([images, ...filters]);
  }
}

/** Milliseconds of a step. */
async function timed(step: Step): Promise<number> {
  const startedAt = performance.now();
  const outputs = await runStep(step);
  // A GPU has computed nothing until it is read.
  for (const output of outputs) await output.data();
  tf.dispose(outputs);
  return performance.now() - startedAt;
}
