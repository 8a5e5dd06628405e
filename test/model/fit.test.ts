import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { randomStream } from '../../src/core/random';
import { RunControl } from '../../src/core/run';
import { batchPlan } from '../../src/data/batches';
import type { LabelledData } from '../../src/data/labelled';
import { openData } from '../../src/data/open';
import { asClassifier } from '../../src/model/classifier';
import { fit, type FitOptions } from '../../src/model/fit';

const SIZE = 11;
const FEATURES = 3;
const CLASSES = 2;
const random = randomStream(4, 'fit');
const inputs = Array.from({ length: SIZE }, () => Array.from({ length: FEATURES }, () => random.float()));
const labels = Array.from({ length: SIZE }, () => random.int(CLASSES));
const OPTIONS: FitOptions = {
  epochs: 3,
  batchSize: 5,
  learningRate: (epoch) => 0.5 / (1 + epoch),
  momentum: 0.9,
  weightDecay: 0.01,
  seed: 7,
};

beforeAll(() => tf.setBackend('cpu'));

const softmaxRegression = (): tfl.LayersModel =>
  tfl.sequential({
    layers: [tfl.layers.dense({ units: CLASSES, inputShape: [FEATURES], useBias: false, kernelInitializer: 'zeros' })],
  });

async function openTestData(): Promise<{ data: LabelledData; dispose: () => void }> {
  const examples = { xs: tf.tensor2d(inputs), ys: tf.tensor1d(labels, 'int32') };
  return {
    data: await openData('test', examples, { inputShape: [FEATURES] }),
    dispose: () => tf.dispose([examples.xs, examples.ys]),
  };
}

const control = (): RunControl => new RunControl(undefined, 'fit', 'batches', 1);

/** Softmax regression by the formulas: g = Σ x (p − y) / B + decay · w; m ← 0.9 m + g; w ← w − rate · m. */
function naiveWeights(): { weights: number[][]; losses: number[] } {
  const weights = Array.from({ length: FEATURES }, () => new Array<number>(CLASSES).fill(0));
  const momenta = weights.map((row) => [...row]);
  const losses: number[] = [];
  for (let epoch = 0; epoch < OPTIONS.epochs; epoch += 1) {
    let loss = 0;
    for (const batch of batchPlan(SIZE, OPTIONS.batchSize, randomStream(OPTIONS.seed, 'batches', epoch))) {
      const gradient = weights.map((row) => row.map((weight) => OPTIONS.weightDecay * weight));
      for (const i of batch) {
        const terms = [0, 1].map((k) => Math.exp(inputs[i].reduce((sum, x, j) => sum + x * weights[j][k], 0)));
        const total = terms[0] + terms[1];
        loss -= Math.log(terms[labels[i]] / total) / SIZE;
        for (let j = 0; j < FEATURES; j += 1) {
          for (let k = 0; k < CLASSES; k += 1) {
            gradient[j][k] += (inputs[i][j] * (terms[k] / total - (labels[i] === k ? 1 : 0))) / batch.length;
          }
        }
      }
      for (let j = 0; j < FEATURES; j += 1) {
        for (let k = 0; k < CLASSES; k += 1) {
          momenta[j][k] = OPTIONS.momentum * momenta[j][k] + gradient[j][k];
          weights[j][k] -= OPTIONS.learningRate(epoch) * momenta[j][k];
        }
      }
    }
    losses.push(loss);
  }
  return { weights, losses };
}

describe('fit', () => {
  it('takes the steps that the formulas say', async () => {
    const model = softmaxRegression();
    const { data, dispose } = await openTestData();
    const before = tf.memory().numTensors;
    const losses = await fit('test', asClassifier('test', model), data, control(), OPTIONS);
    expect(tf.memory().numTensors).toBe(before);
    const expected = naiveWeights();
    const weights = Array.from(model.getWeights()[0].dataSync());
    weights.forEach((weight, i) => expect(weight).toBeCloseTo(expected.weights.flat()[i], 5));
    losses.forEach((loss, epoch) => expect(loss).toBeCloseTo(expected.losses[epoch], 5));
    expect(losses[2]).toBeLessThan(losses[0]);
    model.dispose();
    dispose();
  });

  it('augments each batch anew, and frees what an augmentation makes, also when it throws', async () => {
    const model = softmaxRegression();
    const { data, dispose } = await openTestData();
    const before = tf.memory().numTensors;
    const seen: number[] = [];
    const augment = (xs: tf.Tensor, stream: { float(): number }): tf.Tensor => {
      seen.push(stream.float());
      return seen.length > 6 ? xs : tf.mul(xs, 0.5);
    };
    await fit('test', asClassifier('test', model), data, control(), { ...OPTIONS, augment });
    expect(new Set(seen).size).toBe(6);
    await fit('test', asClassifier('test', model), data, control(), { ...OPTIONS, augment });
    const throwing = (): never => {
      throw new Error('no');
    };
    const failed = fit('test', asClassifier('test', model), data, control(), { ...OPTIONS, augment: throwing });
    await expect(failed).rejects.toMatchObject({ code: 'callback-failed' });
    expect(tf.memory().numTensors).toBe(before);
    model.dispose();
    dispose();
  });

  it('ends on abort and on divergence, without leaks', async () => {
    const model = softmaxRegression();
    const { data, dispose } = await openTestData();
    const before = tf.memory().numTensors;
    const reason = new Error('enough');
    const aborted = new RunControl({ signal: AbortSignal.abort(reason) }, 'fit', 'batches', 1);
    await expect(fit('test', asClassifier('test', model), data, aborted, OPTIONS)).rejects.toBe(reason);
    const wild = fit('test', asClassifier('test', model), data, control(), { ...OPTIONS, learningRate: () => 1e38 });
    await expect(wild).rejects.toMatchObject({ code: 'invalid-weights' });
    expect(tf.memory().numTensors).toBe(before);
    model.dispose();
    dispose();
  });
});
