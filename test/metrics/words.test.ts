import { describe, expect, it } from 'vitest';
import { tprAtFprFigure } from '../../src/metrics/roc';
import { accuracyVerdict, aucVerdict, tprVerdict } from '../../src/metrics/words';
import { codeOf } from './golden';

describe('aucVerdict', () => {
  it.each([
    [0.5, {}, 'like-retrained'],
    [0.53, {}, 'like-retrained'],
    [0.54, {}, 'remembered'],
    [0.00002, {}, 'over-forgotten'],
    [0.6, { reference: 0.58 }, 'like-retrained'],
    [0.5, { reference: 0.58 }, 'over-forgotten'],
    [0.54, { interval: { low: 0.49, high: 0.59 } }, 'like-retrained'],
    [0.54, { interval: { low: 0.51, high: 0.57 } }, 'remembered'],
    [0.52, { tolerance: 0.01 }, 'remembered'],
  ] as const)('%s %o: %s', (auc, options, verdict) => {
    expect(aucVerdict(auc, options).verdict).toBe(verdict);
  });

  it('says what it was compared with', () => {
    expect(aucVerdict(0.6).words).toContain('no retrained model given');
    expect(aucVerdict(0.6, { reference: 0.5 }).words).toContain('AUC 0.600, against 0.500 retrained');
  });
});

describe('accuracyVerdict', () => {
  it.each([
    ['forget', 0.9, 0.905, 'like-retrained'],
    ['forget', 0.99, 0.9, 'remembered'],
    ['forget', 0, 0.9, 'over-forgotten'],
    ['retain', 0.9, 1, 'damaged'],
    ['test', 0.9, 0.95, 'damaged'],
    ['test', 0.95, 0.9, 'better-than-retrained'],
  ] as const)('%s %s of %s: %s', (set, accuracy, reference, verdict) => {
    expect(accuracyVerdict(set, accuracy, reference).verdict).toBe(verdict);
  });

  it('has the figures in per cent', () => {
    expect(accuracyVerdict('test', 0.9123, 0.95).words).toContain('test accuracy 91.23 %, against 95 % retrained');
  });
});

describe('tprVerdict', () => {
  const scores = Array.from({ length: 200 }, (_, i) => (i < 100 ? i + 50 : i - 100));
  const labels = scores.map((_, i) => (i < 100 ? 1 : 0));

  it('says when the data cannot tell', () => {
    const { verdict, words } = tprVerdict(tprAtFprFigure(scores, labels, 0.001));
    expect(verdict).toBe('not-resolvable');
    expect(words).toBe("TPR at 0.1 % FPR: 100 non-members can't resolve it; it takes at least 1000.");
  });

  it('compares with guessing, or with the retrained model', () => {
    const figure = tprAtFprFigure(scores, labels, 0.01);
    expect(tprVerdict(figure).verdict).toBe('remembered');
    expect(tprVerdict(figure, { reference: 0.51 }).verdict).toBe('like-retrained');
    expect(tprVerdict(figure, { reference: 0.9 }).verdict).toBe('over-forgotten');
  });
});

it('refuses bad input', () => {
  expect(codeOf(() => aucVerdict(1.2))).toBe('invalid-option');
  expect(codeOf(() => aucVerdict(0.5, { reference: NaN }))).toBe('invalid-option');
  expect(codeOf(() => aucVerdict(0.5, { interval: { low: 0.6, high: 0.5 } }))).toBe('invalid-option');
  expect(codeOf(() => aucVerdict(0.5, { ref: 0.5 } as never))).toBe('invalid-option');
  expect(codeOf(() => accuracyVerdict('train' as never, 0.5, 0.5))).toBe('invalid-option');
  expect(codeOf(() => accuracyVerdict('test', 50, 0.5))).toBe('invalid-option');
  expect(codeOf(() => tprVerdict(undefined as never))).toBe('invalid-option');
});
