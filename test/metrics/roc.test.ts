import { describe, expect, it } from 'vitest';
import { randomStream } from '../../src/core/random';
import {
  bestBalancedAccuracy,
  rocAuc,
  rocCurve,
  tprAtFpr,
  tprAtFprFigure,
  tprAtFprResolvable,
} from '../../src/metrics/roc';
import { codeOf, golden, worst } from './golden';

interface RocCase {
  labels: number[];
  scores: number[];
  auc: number;
  fpr: number[] | null;
  tpr: number[];
  thresholds: number[];
  fpr_all: number[];
  tpr_all: number[];
  thresholds_all: number[];
  tpr_at_fpr: Record<string, { max_tpr_with_fpr_le_all_points: number }>;
  best_balanced_accuracy: number;
}

const cases = golden<{ roc: Record<string, RocCase> }>('metrics').roc;

describe('scikit-learn numbers', () => {
  it.each(Object.keys(cases))('%s', (name) => {
    const { labels, scores, ...expected } = cases[name];
    expect(Math.abs(rocAuc(scores, labels) - expected.auc)).toBeLessThan(1e-9);
    expect(Math.abs(bestBalancedAccuracy(scores, labels) - expected.best_balanced_accuracy)).toBeLessThan(1e-9);
    for (const [limit, point] of Object.entries(expected.tpr_at_fpr)) {
      const tpr = tprAtFpr(scores, labels, Number(limit));
      expect(Math.abs(tpr - point.max_tpr_with_fpr_le_all_points), limit).toBeLessThan(1e-9);
    }
    if (expected.fpr === null) return;
    const all = rocCurve(scores, labels);
    expect(worst(all.fpr, expected.fpr_all)).toBeLessThan(1e-9);
    expect(worst(all.tpr, expected.tpr_all)).toBeLessThan(1e-9);
    expect(worst(all.thresholds, expected.thresholds_all)).toBeLessThan(1e-9);
    const drawn = rocCurve(scores, labels, { dropIntermediate: true });
    expect(worst(drawn.fpr, expected.fpr)).toBeLessThan(1e-9);
    expect(worst(drawn.tpr, expected.tpr)).toBeLessThan(1e-9);
    expect(worst(drawn.thresholds, expected.thresholds)).toBeLessThan(1e-9);
  });
});

describe('by hand', () => {
  // Descending: 3 (+), 2 (+ −), 1 (−). Pairs: 3>2, 3>1, 2=2, 2>1: (3 + ½) / 4.
  const scores = [1, 2, 2, 3];
  const labels = [0, 1, 0, 1];

  it('counts ties as one step and one half', () => {
    expect(rocCurve(scores, labels)).toEqual({ fpr: [0, 0, 0.5, 1], tpr: [0, 0.5, 1, 1], thresholds: [4, 3, 2, 1] });
    expect(rocAuc(scores, labels)).toBe(0.875);
    expect(bestBalancedAccuracy(scores, labels)).toBe(0.75);
  });

  it('takes the limit on the false positive rate as inclusive', () => {
    expect(tprAtFpr(scores, labels, 0.49)).toBe(0.5);
    expect(tprAtFpr(scores, labels, 0.5)).toBe(1);
  });

  it('treats −0 and 0 as tied, and orders infinite scores', () => {
    expect(rocAuc([-0, 0], [1, 0])).toBe(0.5);
    expect(rocAuc([0, -0], [1, 0])).toBe(0.5);
    expect(rocAuc([Infinity, -Infinity, Infinity], [1, 0, 0])).toBe(0.75);
  });

  it('stays plain JSON', () => {
    const curve = rocCurve(scores, labels);
    expect(JSON.parse(JSON.stringify(curve))).toEqual(curve);
  });
});

it('agrees with pair counting on random ties', () => {
  const random = randomStream(5, 'roc');
  for (let round = 0; round < 200; round += 1) {
    const size = 2 + random.int(40);
    const scores = Array.from({ length: size }, () => random.int(6) - 3);
    const labels = Array.from({ length: size }, (_, i) => (i < 2 ? i : random.int(2)));
    const maxFpr = random.float();
    let wins = 0;
    const positives = scores.filter((_, i) => labels[i] === 1);
    const negatives = scores.filter((_, i) => labels[i] === 0);
    for (const p of positives) for (const n of negatives) wins += p > n ? 1 : p === n ? 0.5 : 0;
    expect(rocAuc(scores, labels)).toBeCloseTo(wins / positives.length / negatives.length, 12);
    const rates = [...new Set(scores), Infinity].map((threshold) => ({
      fpr: negatives.filter((n) => n >= threshold).length / negatives.length,
      tpr: positives.filter((p) => p >= threshold).length / positives.length,
    }));
    const reachable = rates.filter(({ fpr }) => fpr <= maxFpr).map(({ tpr }) => tpr);
    expect(tprAtFpr(scores, labels, maxFpr)).toBe(Math.max(...reachable));
    expect(bestBalancedAccuracy(scores, labels)).toBeCloseTo(
      Math.max(...rates.map(({ fpr, tpr }) => (tpr + 1 - fpr) / 2)),
      12,
    );
  }
});

describe('resolution', () => {
  it('needs one negative to weigh at most the limit', () => {
    expect(tprAtFprResolvable(1000, 0.001)).toBe(true);
    expect(tprAtFprResolvable(999, 0.001)).toBe(false);
    expect(tprAtFprResolvable(10, 0)).toBe(false);
  });

  it('gives a rate, or says how many negatives it would take', () => {
    const scores = [3, 2, 1];
    expect(tprAtFprFigure(scores, [1, 0, 0], 0.5)).toEqual({ resolvable: true, maxFpr: 0.5, negatives: 2, tpr: 1 });
    expect(tprAtFprFigure(scores, [1, 0, 0], 0.01)).toEqual({
      resolvable: false,
      maxFpr: 0.01,
      negatives: 2,
      negativesNeeded: 100,
    });
    expect(tprAtFprFigure(scores, [1, 0, 0], 0)).toEqual({ resolvable: false, maxFpr: 0, negatives: 2 });
  });
});

it('refuses bad input', () => {
  expect(codeOf(() => rocAuc([1, NaN], [0, 1]))).toBe('invalid-inputs');
  expect(codeOf(() => rocAuc([1, 2], [0, 2]))).toBe('invalid-labels');
  expect(codeOf(() => rocAuc([1, 2], [0]))).toBe('size-mismatch');
  expect(codeOf(() => rocAuc([], []))).toBe('empty-set');
  expect(codeOf(() => rocAuc([1, 2], [1, 1]))).toBe('empty-set');
  expect(codeOf(() => rocAuc('ab' as never, [0, 1]))).toBe('invalid-inputs');
  expect(codeOf(() => tprAtFpr([1, 2], [0, 1], 1.5))).toBe('invalid-option');
  expect(codeOf(() => rocCurve([1, 2], [0, 1], { drop: true } as never))).toBe('invalid-option');
});
