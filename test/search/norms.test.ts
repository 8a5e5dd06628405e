/** Norms: by hand, against naive twins, and at the ends of float32's range. */
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { randomStream } from '../../src/core/random';
import { type Norm, normOf, NORM_NAMES, scaleRows } from '../../src/search/norms';
import { BACKENDS, take, uniform, useBackend, worst } from '../model/support';

/** Euclidean or largest length of a row, in double precision. */
const twin = (row: readonly number[], norm: Norm): number =>
  norm.name === 'l2' ? Math.sqrt(row.reduce((sum, v) => sum + v * v, 0)) : Math.max(...row.map(Math.abs));

const rowsOf = (values: Float32Array, size: number): number[][] =>
  Array.from({ length: values.length / size }, (_, i) => Array.from(values.subarray(i * size, (i + 1) * size)));

describe.each(BACKENDS)('norms on %s', (backend) => {
  beforeAll(() => useBackend(backend));

  describe.each(NORM_NAMES)('%s', (name) => {
    const norm = normOf(name);
    const [length, direction] = name === 'l2' ? [5, [0.6, -0.8]] : [4, [1, -1]];

    it('by hand: length and direction of (3, −4), and nothing of nothing', () => {
      const rows = tf.tensor2d([
        [3, -4],
        [0, 0],
      ]);
      expect(take(norm.length(rows))).toEqual(Float32Array.of(length, 0));
      expect(worst(take(tf.tidy(() => norm.direction(scaleRows(rows)))), [...direction, 0, 0])).toBeLessThan(1e-6);
      rows.dispose();
    });

    it('grows a loss by the dual length of its gradient: 5 of (3, −4) under l2, 7 under linf', () => {
      const rows = tf.tensor2d([[3, -4]]);
      expect(take(tf.tidy(() => norm.slope(scaleRows(rows))))[0]).toBeCloseTo(name === 'l2' ? 5 : 7, 5);
      // A step of length 1 along the direction adds the scalar product of the two.
      const along = take(tf.tidy(() => tf.sum(tf.mul(rows, norm.direction(scaleRows(rows))))))[0];
      expect(along).toBeCloseTo(name === 'l2' ? 5 : 7, 5);
      rows.dispose();
    });

    it('loses nothing at either end of the range', () => {
      for (const scale of [1e-37, 1e-20, 1e20, 1e37]) {
        const rows = tf.tensor2d([[3 * scale, -4 * scale]]);
        expect(take(norm.length(rows))[0] / scale).toBeCloseTo(length, 4);
        expect(worst(take(tf.tidy(() => norm.direction(scaleRows(rows)))), direction)).toBeLessThan(1e-5);
        rows.dispose();
      }
    });

    it('projects into the ball, changes nothing inside, and agrees with its twin', () => {
      const delta = uniform([40, 3, 2, 2], 1, -1, 1);
      const radii = Float32Array.from({ length: 40 }, (_, i) => 0.05 * (i + 1));
      const projected = take(tf.tidy(() => norm.project(delta, tf.tensor(radii, [40, 1, 1, 1]))));
      rowsOf(take(delta), 12).forEach((row, i) => {
        const shrink = Math.min(1, radii[i] / twin(row, norm));
        const expected =
          name === 'l2' ? row.map((v) => v * shrink) : row.map((v) => Math.max(-radii[i], Math.min(radii[i], v)));
        const actual = Array.from(projected.subarray(i * 12, (i + 1) * 12));
        expect(worst(actual, expected)).toBeLessThan(1e-6);
        expect(twin(actual, norm)).toBeLessThanOrEqual(radii[i] * (1 + 1e-6));
      });
    });

    it('draws points of the whole ball, and of nothing else', () => {
      const size = 3;
      const points = Array.from({ length: 2000 }, (_, i) => norm.sample(randomStream(5, 'point', i), size));
      const lengths = points.map((point) => twin(Array.from(point), norm));
      expect(Math.max(...lengths)).toBeLessThanOrEqual(1 + 1e-6);
      // Half of the volume lies within the radius 0.5^(1/3); four standard deviations of 2,000 draws are 0.045.
      const inner = lengths.filter((value) => value < 0.5 ** (1 / size)).length / points.length;
      expect(Math.abs(inner - 0.5)).toBeLessThan(0.045);
      const mean = points.reduce((sum, point) => sum + point[0], 0) / points.length;
      expect(Math.abs(mean)).toBeLessThan(0.06);
    });
  });

  it('tells rows of zeros, NaN and infinity apart', () => {
    const rows = tf.tensor2d([
      [0, 0],
      [NaN, 1],
      [1, -Infinity],
      [1e-40, 0],
    ]);
    const { scaled, scale, length } = scaleRows(rows);
    const [zero, nan, infinite, small] = take(length);
    expect(zero).toBe(0);
    expect([nan, infinite].every(Number.isNaN)).toBe(true);
    expect(small).toBeGreaterThan(0);
    tf.dispose([rows, scaled, scale]);
  });
});

describe('diameter', () => {
  it('is the diagonal of the box', () => {
    expect(normOf('l2').diameter([1], 784)).toBe(28);
    // Sides 3 and 4, each for half of 8 values: √(4 · 9 + 4 · 16) = 10.
    expect(normOf('l2').diameter([3, 4], 8)).toBeCloseTo(10, 12);
    expect(normOf('linf').diameter([3, 4], 8)).toBe(4);
  });
});
