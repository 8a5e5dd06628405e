import { describe, expect, it } from 'vitest';
import { randomStream } from '../../src/core/random';
import { bootstrapInterval, pairedBootstrap, rocIntervals } from '../../src/metrics/bootstrap';
import { bestBalancedAccuracy, rocAuc, tprAtFpr } from '../../src/metrics/roc';
import { pairedDifferenceInterval } from '../../src/metrics/seeds';
import { codeOf, fastest } from './golden';

const normals = (seed: number, size: number, shift = 0) => {
  const random = randomStream(seed, 'normals');
  return Array.from({ length: size }, () => random.normal() + shift);
};

const mean = (values: readonly number[]) => (indices: Int32Array) =>
  indices.reduce((sum, i) => sum + values[i], 0) / indices.length;

describe('bootstrapInterval', () => {
  it('gives the interval of a mean that theory gives', () => {
    const values = normals(1, 400);
    const { estimate, low, high } = bootstrapInterval(400, mean(values), { resamples: 4000 });
    const centre = mean(values)(Int32Array.from(values.keys()));
    const error = Math.sqrt(values.reduce((sum, v) => sum + (v - centre) ** 2, 0)) / 400;
    expect(estimate).toBe(centre);
    expect(low).toBeCloseTo(centre - 1.96 * error, 2);
    expect(high).toBeCloseTo(centre + 1.96 * error, 2);
  });

  it('is the same for the same seed, another for another, and wider for a higher level', () => {
    const statistic = mean(normals(2, 50));
    const interval = bootstrapInterval(50, statistic, { seed: 4 });
    expect(bootstrapInterval(50, statistic, { seed: 4 })).toEqual(interval);
    expect(bootstrapInterval(50, statistic, { seed: 5 }).low).not.toBe(interval.low);
    const wider = bootstrapInterval(50, statistic, { seed: 4, level: 0.99 });
    expect(wider.low).toBeLessThan(interval.low);
    expect(wider.high).toBeGreaterThan(interval.high);
  });

  it('covers the truth about as often as it says', () => {
    let covered = 0;
    for (let round = 0; round < 200; round += 1) {
      const { low, high } = bootstrapInterval(60, mean(normals(100 + round, 60)), { seed: round, resamples: 200 });
      if (low <= 0 && 0 <= high) covered += 1;
    }
    // 190 expected, standard deviation 3; the percentile method is a little narrow.
    expect(covered).toBeGreaterThan(178);
    expect(covered).toBeLessThan(200);
  });

  it('of a constant has no width, of infinite figures no NaN', () => {
    expect(bootstrapInterval(5, () => 7)).toEqual({ estimate: 7, low: 7, high: 7, level: 0.95 });
    expect(bootstrapInterval(5, () => Infinity).high).toBe(Infinity);
  });
});

describe('rocIntervals', () => {
  const scores = [...normals(3, 150, 0.8), ...normals(4, 100)].map((score) => Math.round(score * 4));
  const labels = scores.map((_, i) => (i < 150 ? 1 : 0));

  it('estimates the figures themselves', () => {
    const { auc, balancedAccuracy, tprAtFpr: rates } = rocIntervals(scores, labels, { maxFprs: [0.1, 0.01] });
    expect(auc.estimate).toBe(rocAuc(scores, labels));
    expect(balancedAccuracy.estimate).toBe(bestBalancedAccuracy(scores, labels));
    expect(rates.map(({ estimate }) => estimate)).toEqual([0.1, 0.01].map((fpr) => tprAtFpr(scores, labels, fpr)));
    for (const { estimate, low, high } of [auc, ...rates]) {
      expect(low).toBeLessThanOrEqual(estimate);
      expect(high).toBeGreaterThanOrEqual(estimate);
    }
  });

  it('agrees with resampling scores and computing anew', () => {
    const random = randomStream(11, 'naive');
    const naive = Float64Array.from({ length: 2000 }, () => {
      const drawn = labels.map((label) => (label === 1 ? random.int(150) : 150 + random.int(100)));
      return rocAuc(
        drawn.map((i) => scores[i]),
        labels,
      );
    }).sort();
    const { low, high } = rocIntervals(scores, labels, { resamples: 4000 }).auc;
    expect(low).toBeCloseTo(naive[50], 1.8);
    expect(high).toBeCloseTo(naive[1949], 1.8);
    // Hanley & McNeil's standard error puts the same width on it.
    const a = rocAuc(scores, labels);
    const [q1, q2] = [a / (2 - a), (2 * a * a) / (1 + a)];
    const error = Math.sqrt((a * (1 - a) + 149 * (q1 - a * a) + 99 * (q2 - a * a)) / 15_000);
    expect((high - low) / (2 * 1.96 * error)).toBeGreaterThan(0.9);
    expect((high - low) / (2 * 1.96 * error)).toBeLessThan(1.1);
  });

  it('takes under a second for 1000 resamples of 1000 and 1000', () => {
    const many = [...normals(5, 1000, 0.5), ...normals(6, 1000)];
    const which = many.map((_, i) => (i < 1000 ? 1 : 0));
    expect(fastest(() => rocIntervals(many, which, { maxFprs: [0.01] }))).toBeLessThan(1000);
  });
});

describe('paired comparisons', () => {
  it('Student interval by hand', () => {
    // Mean 2, standard deviation 1, t = 4.302652730 for two degrees of freedom.
    const interval = pairedDifferenceInterval([1, 2, 3]);
    expect(interval).toMatchObject({ mean: 2, std: 1, n: 3, level: 0.95, toldApart: false });
    expect(interval.high - 2).toBeCloseTo(4.30265273 / Math.sqrt(3), 7);
    expect(interval.low + interval.high).toBeCloseTo(4, 12);
    expect(pairedDifferenceInterval([1, 2, 3], { level: 0.8 }).toldApart).toBe(true);
    expect(pairedDifferenceInterval([-1, -1.1]).toldApart).toBe(true);
    expect(pairedDifferenceInterval([0, 0])).toMatchObject({ low: 0, high: 0, toldApart: false });
  });

  it('resampled pairs tell a small steady difference apart where the values themselves would not', () => {
    const first = normals(7, 100);
    const second = first.map((value, i) => value - 0.1 - (i % 2) / 10);
    const { estimate, low } = pairedBootstrap(first, second);
    expect(estimate).toBeCloseTo(0.15, 12);
    expect(low).toBeGreaterThan(0.1);
  });
});

it('refuses bad input', () => {
  const one = () => 1;
  expect(codeOf(() => bootstrapInterval(0, one))).toBe('invalid-option');
  expect(codeOf(() => bootstrapInterval(2, one, { resamples: 5 }))).toBe('invalid-option');
  expect(codeOf(() => bootstrapInterval(2, one, { level: 1 }))).toBe('invalid-option');
  expect(codeOf(() => bootstrapInterval(2, one, { seed: -1 }))).toBe('invalid-option');
  expect(codeOf(() => bootstrapInterval(2, () => NaN))).toBe('invalid-inputs');
  expect(codeOf(() => rocIntervals([1, 2], [0, 0]))).toBe('empty-set');
  expect(codeOf(() => rocIntervals([1, 2], [0, 1], { maxFprs: [2] }))).toBe('invalid-option');
  expect(codeOf(() => pairedBootstrap([1], [1, 2]))).toBe('size-mismatch');
  expect(codeOf(() => pairedDifferenceInterval([1]))).toBe('invalid-inputs');
  expect(codeOf(() => pairedDifferenceInterval([1, 2], { level: 95 }))).toBe('invalid-option');
});
