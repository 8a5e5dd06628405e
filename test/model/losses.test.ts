/** Losses on logits: by hand, against a naive twin, and where logits saturate. */
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { randomStream } from '../../src/core/random';
import { crossEntropy, logOdds, type Loss, oneHotLabels } from '../../src/model/losses';
import { BACKENDS, expectTensors, take, useBackend, worst } from './support';

const LOG2 = Math.log(2);

/** Values of the loss and its gradient by the logits, rows flat. */
async function evaluated(loss: Loss, rows: number[][], labels: number[]): Promise<{ value: number[]; grad: number[] }> {
  const logits = tf.tensor2d(rows);
  const oneHot = oneHotLabels(Int32Array.from(labels), rows[0].length);
  const [value, grad] = await expectTensors(2, () =>
    tf.tidy(() => [loss(logits, oneHot), tf.grad((z) => tf.sum(loss(z as tf.Tensor2D, oneHot)))(logits)]),
  );
  tf.dispose([logits, oneHot]);
  return { value: Array.from(take(value)), grad: Array.from(take(grad)) };
}

const logSumExp = (values: number[]): number => {
  const max = Math.max(...values);
  return max + Math.log(values.reduce((sum, value) => sum + Math.exp(value - max), 0));
};

const without = (row: number[], label: number): number[] => row.filter((_, j) => j !== label);

/** Naive twins, in double precision. */
const naive = {
  crossEntropy: (row: number[], label: number): number => logSumExp(row) - row[label],
  logOdds: (row: number[], label: number): number => logSumExp(without(row, label)) - row[label],
  softmax: (row: number[]): number[] => row.map((value) => Math.exp(value - logSumExp(row))),
};

const normalized = (values: number[]): number[] => {
  const length = Math.hypot(...values);
  return values.map((value) => value / length);
};

describe.each(BACKENDS)('losses on %s', (backend) => {
  beforeAll(() => useBackend(backend));

  it('cross-entropy by hand: two equal logits', async () => {
    // p = (½, ½): loss ln 2, gradient p − y = (−½, ½).
    const { value, grad } = await evaluated(crossEntropy, [[3, 3]], [0]);
    expect(worst(value, [LOG2])).toBeLessThan(1e-6);
    expect(worst(grad, [-0.5, 0.5])).toBeLessThan(1e-6);
  });

  it('log-odds by hand: three logits', async () => {
    // LSE(0, 0) − 1 = ln 2 − 1; the gradient is −1 at the label and softmax (½, ½) over the others.
    const { value, grad } = await evaluated(logOdds, [[1, 0, 0]], [0]);
    expect(worst(value, [LOG2 - 1])).toBeLessThan(1e-6);
    expect(worst(grad, [-1, 0.5, 0.5])).toBeLessThan(1e-6);
  });

  it.each([1, 2, 3, 4])('agrees with naive twins on random logits, seed %i', async (seed) => {
    const random = randomStream(seed, 'logits');
    const rows = Array.from({ length: 6 }, () => Array.from({ length: 4 }, () => 4 * random.normal()));
    const labels = rows.map(() => random.int(4));
    const ce = await evaluated(crossEntropy, rows, labels);
    expect(
      worst(
        ce.value,
        rows.map((row, i) => naive.crossEntropy(row, labels[i])),
      ),
    ).toBeLessThan(1e-5);
    const expected = rows.flatMap((row, i) => naive.softmax(row).map((p, j) => p - (j === labels[i] ? 1 : 0)));
    expect(worst(ce.grad, expected)).toBeLessThan(1e-6);

    const odds = await evaluated(logOdds, rows, labels);
    expect(
      worst(
        odds.value,
        rows.map((row, i) => naive.logOdds(row, labels[i])),
      ),
    ).toBeLessThan(1e-5);
    // The same direction as cross-entropy's, row by row.
    rows.forEach((_, i) => {
      const row = (grad: number[]): number[] => normalized(grad.slice(4 * i, 4 * i + 4));
      expect(worst(row(odds.grad), row(ce.grad))).toBeLessThan(1e-4);
    });
  });

  it.each([20, 200, 1000])('log-odds goes on at a margin of %i', async (margin) => {
    const row = [margin, 0, -1];
    const { value, grad } = await evaluated(logOdds, [row], [0]);
    const [p1, p2] = naive.softmax([0, -1]);
    expect(worst(value, [naive.logOdds(row, 0)])).toBeLessThan(1e-3);
    expect(worst(grad, [-1, p1, p2])).toBeLessThan(1e-6);
  });

  it('cross-entropy stays finite at a margin of 1000, on both sides', async () => {
    const { value, grad } = await evaluated(
      crossEntropy,
      [
        [1000, 0],
        [1000, 0],
      ],
      [0, 1],
    );
    expect(value).toEqual([0, 1000]);
    expect(grad.map(Math.abs)).toEqual([0, 0, 1, 1]);
  });

  it('scales gradients by what comes from above', async () => {
    const weights = tf.tensor1d([2, -3]);
    const oneHot = oneHotLabels(Int32Array.of(0, 1), 2);
    const weighted = (loss: Loss): number[] =>
      Array.from(
        take(
          tf.tidy(() =>
            tf.grad((z) => tf.sum(tf.mul(loss(z as tf.Tensor2D, oneHot), weights)))(
              tf.tensor2d([
                [3, 3],
                [3, 3],
              ]),
            ),
          ),
        ),
      );
    expect(worst(weighted(crossEntropy), [-1, 1, -1.5, 1.5])).toBeLessThan(1e-6);
    expect(worst(weighted(logOdds), [-2, 2, -3, 3])).toBeLessThan(1e-6);
    tf.dispose([weights, oneHot]);
  });
});
