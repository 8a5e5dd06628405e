/** The margin and its gradient: by hand, and against a naive twin. */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor2D } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { margin, margins } from '../../src/model/margin-loss';
import { BACKENDS, take, uniform, useBackend, worst } from './support';

const gradientOf = (logits: Tensor2D, oneHot: Tensor2D): Float32Array =>
  take(tf.tidy(() => tf.grad((z) => tf.sum(margin(z as Tensor2D, oneHot)))(logits)));

describe.each(BACKENDS)('the margin on %s', (backend) => {
  beforeAll(() => useBackend(backend));

  it('by hand: z = (5, 3, 1), class 0', () => {
    const [logits, oneHot] = [tf.tensor2d([[5, 3, 1]]), tf.tensor2d([[1, 0, 0]])];
    expect(take(margins(logits, oneHot))).toEqual(Float32Array.of(-2));
    expect(take(margin(logits, oneHot))).toEqual(Float32Array.of(-2));
    // The width is 0.2 · 2 = 0.4, and the second rival lies 2 behind: weights in the ratio 1 : e^-5.
    const far = Math.exp(-5) / (1 + Math.exp(-5));
    expect(worst(gradientOf(logits, oneHot), [-1, 1 - far, far])).toBeLessThan(1e-6);
    tf.dispose([logits, oneHot]);
  });

  it('is that of the first rival alone on the boundary, finite and shared where rivals tie', () => {
    const oneHot = tf.tensor2d([[1, 0, 0]]);
    for (const [row, expected] of [
      [
        [3, 3, 1],
        [-1, 1, 0],
      ],
      [
        [3, 3, 3],
        [-1, 0.5, 0.5],
      ],
      [
        [1e6, 3, 3],
        [-1, 0.5, 0.5],
      ],
      [
        [-1e6, 3, -1e7],
        [-1, 1, 0],
      ],
    ]) {
      const logits = tf.tensor2d([row]);
      expect(worst(gradientOf(logits, oneHot), expected)).toBeLessThan(1e-6);
      logits.dispose();
    }
    oneHot.dispose();
  });

  it('does not depend on the scale of the logits, and agrees with its twin', () => {
    const [rows, classes] = [30, 6];
    const logits = uniform([rows, classes], 7, -4, 4) as Tensor2D;
    const labels = Array.from({ length: rows }, (_, i) => i % classes);
    const oneHot = tf.tensor2d(labels.map((label) => Array.from({ length: classes }, (_, k) => (k === label ? 1 : 0))));
    const expected = (logits.arraySync() as number[][]).flatMap((z, row) => {
      const others = z.map((value, k) => (k === labels[row] ? -Infinity : value));
      const first = Math.max(...others);
      const weights = others.map((value) =>
        Math.exp((value - first) / (0.2 * Math.abs(first - z[labels[row]]) + 1e-6)),
      );
      const sum = weights.reduce((a, b) => a + b);
      return weights.map((weight, k) => weight / sum - (k === labels[row] ? 1 : 0));
    });
    expect(worst(gradientOf(logits, oneHot), expected)).toBeLessThan(2e-5);
    const steep = tf.mul(logits, 1000) as Tensor2D;
    expect(worst(gradientOf(steep, oneHot), expected)).toBeLessThan(1e-3);
    tf.dispose([logits, oneHot, steep]);
  });
});
