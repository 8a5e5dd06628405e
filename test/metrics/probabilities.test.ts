import { describe, expect, it } from 'vitest';
import { randomStream } from '../../src/core/random';
import { accuracy, correctness, predictedLabels } from '../../src/metrics/accuracy';
import { activationDistance, predictionAgreement } from '../../src/metrics/agreement';
import { entropy, modifiedEntropy } from '../../src/metrics/entropy';
import { logSoftmax, softmax, trueClassLogOdds, trueClassProbability } from '../../src/metrics/probabilities';
import { codeOf, worst } from './golden';

describe('by hand', () => {
  const logits = [Math.log(2), Math.log(3), Math.log(5), 0, 0, 0];

  it('softmax, its logarithm, confidence and log-odds', () => {
    expect(worst(softmax(logits, 3), [0.2, 0.3, 0.5, 1 / 3, 1 / 3, 1 / 3])).toBeLessThan(1e-15);
    expect(worst(logSoftmax(logits, 3), [0.2, 0.3, 0.5, 1 / 3, 1 / 3, 1 / 3].map(Math.log))).toBeLessThan(1e-15);
    expect(worst(trueClassProbability(logits, [2, 0], 3), [0.5, 1 / 3])).toBeLessThan(1e-15);
    // Even odds are 0; 1 to 2 are −log 2.
    expect(worst(trueClassLogOdds(logits, [2, 0], 3), [0, -Math.LN2])).toBeLessThan(1e-15);
  });

  it('predicted classes, the first of tied ones', () => {
    expect(Array.from(predictedLabels(logits, 3))).toEqual([2, 0]);
    expect(Array.from(correctness(logits, [2, 1], 3))).toEqual([1, 0]);
    expect(accuracy(logits, [2, 1], 3)).toBe(0.5);
  });

  it('entropies', () => {
    expect(worst(entropy([0.5, 0.5, 1, 0], 2), [Math.LN2, 0])).toBeLessThan(1e-15);
    // −(1 − 0.9) log 0.9 − 2 · 0.05 log 0.95, and for class 1: −0.95 log 0.05 − 0.9 log 0.1 − 0.05 log 0.95.
    const row = [0.9, 0.05, 0.05];
    expect(modifiedEntropy(row, [0], 3)[0]).toBeCloseTo(0.01566538, 7);
    expect(modifiedEntropy(row, [1], 3)[0]).toBeCloseTo(4.92083691, 7);
    expect(Array.from(modifiedEntropy([1, 0], [0], 2))).toEqual([0]);
    expect(modifiedEntropy([1, 0], [1], 2)[0]).toBeCloseTo(-2 * Math.log(1e-30), 9);
  });

  it('the published modified entropy, whose value does not depend on the label', () => {
    const rows = [0.9, 0.05, 0.05, 0.9, 0.05, 0.05, 0.9, 0.05, 0.05];
    const values = modifiedEntropy(rows, [0, 1, 2], 3, { compat: 'official' });
    expect(values[0]).toBeCloseTo(5.7024, 3);
    expect(values[1]).toBe(values[0]);
    expect(values[2]).toBe(values[0]);
  });

  it('agreement of two models', () => {
    expect(predictionAgreement([1, 0, 1, 0], [3, 2, 0, 9], 2)).toBe(0.5);
    expect(activationDistance([0, 0, 1, 1], [3, 4, 1, 1], 2)).toBe(2.5);
  });
});

it('agrees with the plain formulas on random rows', () => {
  const random = randomStream(1, 'probabilities');
  for (let round = 0; round < 100; round += 1) {
    const classCount = 2 + random.int(5);
    const logits = Array.from({ length: classCount }, () => 3 * random.normal());
    const label = random.int(classCount);
    const exps = logits.map(Math.exp);
    const total = exps.reduce((a, b) => a + b);
    const p = exps.map((e) => e / total);
    expect(worst(softmax(logits, classCount), p)).toBeLessThan(1e-14);
    expect(worst(trueClassProbability(logits, [label], classCount), [p[label]])).toBeLessThan(1e-14);
    expect(worst(trueClassLogOdds(logits, [label], classCount), [Math.log(p[label] / (1 - p[label]))])).toBeLessThan(
      1e-9,
    );
    expect(worst(entropy(p, classCount), [p.reduce((sum, v) => sum - v * Math.log(v), 0)])).toBeLessThan(1e-12);
    const modified = p.reduce((sum, v, j) => sum - (j === label ? (1 - v) * Math.log(v) : v * Math.log(1 - v)), 0);
    expect(worst(modifiedEntropy(p, [label], classCount), [modified])).toBeLessThan(1e-12);
  }
});

it('keeps its digits on saturated logits', () => {
  expect(Array.from(softmax([1e5, 0, -1e5], 3))).toEqual([1, 0, 0]);
  expect(Array.from(logSoftmax([1000, 0], 2))).toEqual([0, -1000]);
  expect(Array.from(trueClassLogOdds([1000, 0, 0], [0], 3))).toEqual([1000 - Math.LN2]);
  expect(trueClassProbability([700, 0], [1], 2)[0]).toBeCloseTo(Math.exp(-700), 310);
  expect(trueClassProbability([700, 0], [1], 2)[0]).toBeGreaterThan(0);
});

it('refuses bad input', () => {
  expect(codeOf(() => softmax([1, 2, 3], 2))).toBe('size-mismatch');
  expect(codeOf(() => softmax([], 2))).toBe('empty-set');
  expect(codeOf(() => softmax([1, Infinity], 2))).toBe('invalid-inputs');
  expect(codeOf(() => softmax({ dataSync: () => [1] } as never, 2))).toBe('invalid-inputs');
  expect(codeOf(() => softmax(undefined as never, 2))).toBe('invalid-inputs');
  expect(codeOf(() => softmax([1, 2], 1))).toBe('invalid-option');
  expect(codeOf(() => softmax([1, 2], 1.5))).toBe('invalid-option');
  expect(codeOf(() => accuracy([1, 2], [2], 2))).toBe('invalid-labels');
  expect(codeOf(() => accuracy([1, 2], [-1], 2))).toBe('invalid-labels');
  expect(codeOf(() => accuracy([1, 2], [0.5], 2))).toBe('invalid-labels');
  expect(codeOf(() => accuracy([1, 2], [0, 1], 2))).toBe('size-mismatch');
  expect(codeOf(() => trueClassProbability([1, 2], ['0'] as never, 2))).toBe('invalid-labels');
  expect(codeOf(() => entropy([3, -2], 2))).toBe('invalid-inputs');
  expect(codeOf(() => entropy([0.2, 0.2], 2))).toBe('invalid-inputs');
  expect(codeOf(() => modifiedEntropy([0.5, 0.5], [0], 2, { compat: 'salun' as never }))).toBe('invalid-option');
  expect(codeOf(() => predictionAgreement([1, 2], [1, 2, 3, 4], 2))).toBe('size-mismatch');
  expect(codeOf(() => activationDistance([1, 2], [1, NaN], 2))).toBe('invalid-inputs');
});
