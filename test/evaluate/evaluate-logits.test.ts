import { describe, expect, it } from 'vitest';
import { evaluateLogits, type LogitSet } from '../../src/evaluate/evaluate-logits';
import { evaluationRows } from '../../src/evaluate/rows';
import { svcMia } from '../../src/evaluate/svc-mia';
import { thresholdMia } from '../../src/evaluate/threshold-mia';
import type { Evaluation, MembershipAttack } from '../../src/evaluate/types';
import { randomStream } from '../../src/core/random';
import { rejection } from './support';

/** Two classes, label 0 unless told, with these probabilities of class 0. */
function binary(confidences: number[], label = 0): LogitSet {
  return {
    logits: confidences.flatMap((p) => [Math.log(p / (1 - p)), 0]),
    labels: confidences.map(() => label),
    classCount: 2,
  };
}

// Forget: 2 of 4 right; retain: 2 of 2; test: 3 of 5.
const sets = {
  forget: binary([0.9, 0.8, 0.3, 0.1]),
  retain: binary([0.97, 0.99]),
  test: binary([0.92, 0.72, 0.6, 0.31, 0.2]),
};

const fixedAttack = (name: string, auc: number, options: object = {}): MembershipAttack => ({
  name,
  run: async () => ({
    name,
    forgetVsTest: {
      auc,
      aucInterval: { low: auc - 0.03, high: auc + 0.03, level: 0.95 },
      accuracy: 0.5,
      tprAtFpr: [],
      roc: { fpr: [0, 1], tpr: [0, 1] },
      positives: 4,
      negatives: 5,
    },
    details: { options: { ...options } },
  }),
});

const fixedSvc = (confidence: number): MembershipAttack => ({
  name: 'svc',
  run: async () => ({ name: 'svc', efficacy: { confidence }, details: {} }),
});

describe('figures by hand', () => {
  it('accuracies with Wilson intervals', async () => {
    const evaluation = await evaluateLogits(sets, { attacks: [] });
    expect(evaluation).toMatchObject({ forgetAccuracy: 0.5, retainAccuracy: 1, testAccuracy: 0.6 });
    expect(evaluation.sizes).toEqual({ forget: 4, retain: 2, test: 5 });
    // z² = 3.8415: centre ½, half width z / (1 + z²/4) · √(1/16 + z²/64) = 0.99978 · 0.35 = 0.34996.
    expect(evaluation.forgetAccuracyInterval.low).toBeCloseTo(0.15004, 4);
    expect(evaluation.forgetAccuracyInterval.high).toBeCloseTo(0.84996, 4);
    // At a share of 1: (1 + z²/4) / (1 + z²/2) ± the same part = n / (n + z²) … 1.
    expect(evaluation.retainAccuracyInterval.low).toBeCloseTo(2 / (2 + 3.841459), 6);
    expect(evaluation.retainAccuracyInterval.high).toBe(1);
  });

  it('confidence histograms and Kolmogorov-Smirnov distance', async () => {
    const { confidence } = await evaluateLogits(sets, { attacks: [], bins: 4 });
    expect(confidence.edges).toEqual([0, 0.25, 0.5, 0.75, 1]);
    expect(confidence.forget).toEqual([0.25, 0.25, 0, 0.5]);
    expect(confidence.retain).toEqual([0, 0, 0, 1]);
    expect(confidence.test).toEqual([0.2, 0.2, 0.4, 0.2]);
    // Forget steps to ¼ at 0.1, ½ at 0.3; test to 0.2, 0.4, 0.6, 0.8 at 0.2, 0.31, 0.6, 0.72: farthest at 0.72, ½ against 0.8.
    expect(confidence.ksForgetTest).toBeCloseTo(0.3, 12);
  });

  it('runs the SVC attack unless told otherwise', async () => {
    const { membership } = await evaluateLogits(sets);
    expect(Object.keys(membership)).toEqual(['svc']);
  });
});

describe('gaps to a reference', () => {
  const reference = {
    forget: binary([0.9, 0.8, 0.7, 0.1]),
    retain: sets.retain,
    test: binary([0.9, 0.9, 0.9, 0.9, 0.1]),
  };

  it('of every figure, with both averages', async () => {
    const retrained = await evaluateLogits(reference, { attacks: [fixedAttack('rmia', 0.5), fixedSvc(0.2)] });
    const evaluation = await evaluateLogits(sets, {
      attacks: [fixedAttack('rmia', 0.56), fixedSvc(0.1)],
      reference: retrained,
    });
    // Forget 0.5 − 0.75, retain 1 − 1, test 0.6 − 0.8.
    expect(evaluation.gaps!.forgetAccuracy).toBeCloseTo(-0.25, 12);
    expect(evaluation.gaps!.retainAccuracy).toBe(0);
    expect(evaluation.gaps!.testAccuracy).toBeCloseTo(-0.2, 12);
    expect(evaluation.gaps!.rmiaAuc).toBeCloseTo(0.06, 12);
    expect(evaluation.gaps!.svcEfficacy).toBeCloseTo(-0.1, 12);
    expect(evaluation.averageGap).toBeCloseTo((0.25 + 0 + 0.2 + 0.06) / 4, 12);
    expect(evaluation.averageGapSvc).toBeCloseTo((0.25 + 0 + 0.2 + 0.1) / 4, 12);
    expect(evaluation.summary.join('\n')).toContain('average gap 12.75 points with RMIA');
    const [row] = evaluationRows({ ours: evaluation });
    expect(row).toMatchObject({ name: 'ours', forgetAccuracy: 0.5, rmiaAuc: 0.56, svcEfficacy: 0.1 });
    expect(row.averageGap).toBe(evaluation.averageGap);
  });

  it('of a reference given as logits: the same as of its evaluation', async () => {
    const options = { attacks: [svcMia(), thresholdMia()], seed: 4, resamples: 20 };
    const retrained = await evaluateLogits(reference, options);
    const { durationMs: a, ...byLogits } = await evaluateLogits(sets, { ...options, reference });
    const { durationMs: b, ...byEvaluation } = await evaluateLogits(sets, { ...options, reference: retrained });
    expect(byLogits).toEqual(byEvaluation);
    expect(Math.min(a, b)).toBeGreaterThan(0);
  });

  it('of itself: zero', async () => {
    const evaluation = await evaluateLogits(sets, { reference: sets });
    expect(Object.values(evaluation.gaps!)).toEqual([0, 0, 0, 0, 0]);
    expect(evaluation.averageGapSvc).toBe(0);
    expect(evaluation).not.toHaveProperty('averageGap');
  });

  it('leaves out attacks that differ, and says so', async () => {
    const retrained = await evaluateLogits(reference, { attacks: [fixedAttack('rmia', 0.5, { gamma: 1 })], seed: 3 });
    const evaluation = await evaluateLogits(sets, {
      attacks: [fixedAttack('rmia', 0.5, { gamma: 2 }), fixedSvc(0.1)],
      reference: retrained,
    });
    expect(evaluation).not.toHaveProperty('averageGap');
    expect(evaluation).not.toHaveProperty('averageGapSvc');
    expect(Object.keys(evaluation.gaps!)).toEqual(['forgetAccuracy', 'retainAccuracy', 'testAccuracy', 'ksForgetTest']);
    const warnings = evaluation.warnings.join('\n');
    expect(warnings).toContain('rmia with other options');
    expect(warnings).toContain('not attacked by svc');
    expect(warnings).toContain('seed 3');
  });
});

describe('in words', () => {
  const wordsOf = async (options: object, data: object = sets): Promise<Pick<Evaluation, 'summary' | 'warnings'>> =>
    evaluateLogits(data as typeof sets, { attacks: [], ...options });
  const many = (share: number, size = 200) =>
    binary(Array.from({ length: size }, (_, i) => (i < share * size ? 0.9 : 0.1)));

  it('warns of over-forgetting, against the reference or against test data', async () => {
    const attacked = await wordsOf({ attacks: [fixedAttack('rmia', 0.2)] });
    expect(attacked.warnings.join('\n')).toContain('AUC of rmia is 0.200, far below 0.500');
    expect(attacked.summary.join('\n')).toContain('less familiar than they should');
    const data = { forget: many(0.7), retain: many(1), test: many(0.9) };
    expect((await wordsOf({}, data)).warnings.join('\n')).toMatch(
      /forget accuracy, 70.0 %, is 20.0 points below the test/,
    );
    const reference = { ...data, forget: many(0.72) };
    expect((await wordsOf({ reference }, data)).warnings).toEqual([]);
    const better = { ...data, forget: many(0.95) };
    expect((await wordsOf({ reference: better }, data)).warnings.join('\n')).toContain("below the reference's");
  });

  it('says when members are still recognised, or not told apart', async () => {
    expect((await wordsOf({ attacks: [fixedAttack('rmia', 0.7)] })).summary.join('\n')).toContain('still recognised');
    const even = await wordsOf({ attacks: [fixedAttack('rmia', 0.51)] });
    expect(even.summary.join('\n')).toContain('not told apart from 0.500');
    expect(even.warnings).toEqual([]);
    const data = { forget: many(0.98), retain: many(1), test: many(0.9) };
    expect((await wordsOf({}, data)).summary.join('\n')).toContain('8.0 points above: it still remembers');
    const forgotten = { ...data, forget: many(0.91) };
    expect((await wordsOf({}, forgotten)).summary.join('\n')).toContain('not told apart from that');
  });

  it('expects a forgotten class to be gone', async () => {
    const data = { ...sets, forget: binary([0.9, 0.8, 0.9, 0.95], 1) };
    const { summary, warnings } = await wordsOf({ attacks: [fixedAttack('rmia', 0.1)] }, data);
    expect(summary.join('\n')).toContain('none of the forgotten classes');
    expect(warnings).toEqual([]);
  });

  it('says which rates the data can not resolve', async () => {
    const { warnings } = await wordsOf({ attacks: [thresholdMia()] });
    expect(warnings.join('\n')).toContain("5 unseen examples can't resolve");
    expect(warnings.join('\n')).toContain('0.1 % (takes 1000)');
  });
});

it('is plain JSON, and repeats itself for a seed', async () => {
  const random = randomStream(2, 'logits');
  const set = (size: number): LogitSet => ({
    logits: Float32Array.from({ length: size * 4 }, () => 3 * random.normal()),
    labels: Int32Array.from({ length: size }, () => random.int(4)),
    classCount: 4,
  });
  const data = { forget: set(30), retain: set(80), test: set(40) };
  const options = { attacks: [svcMia({ features: 'all' }), thresholdMia()], seed: 9, reference: data };
  const evaluation = await evaluateLogits(data, options);
  expect(JSON.parse(JSON.stringify(evaluation))).toStrictEqual(evaluation);
  expect({ ...(await evaluateLogits(data, options)), durationMs: 0 }).toEqual({ ...evaluation, durationMs: 0 });
});

describe('refuses', () => {
  const test = (data: unknown, options: object = {}): Promise<string> =>
    rejection(evaluateLogits(data as typeof sets, { attacks: [], ...options }));

  it.each([
    ['missing-retain', { forget: sets.forget, test: sets.test }],
    ['missing-test', { forget: sets.forget, retain: sets.retain }],
    ['invalid-inputs', { retain: sets.retain, test: sets.test }],
    ['invalid-inputs', undefined],
    ['invalid-option', null],
    ['invalid-option', { ...sets, validation: sets.test }],
    ['size-mismatch', { ...sets, forget: { ...sets.forget, labels: [0] } }],
    ['size-mismatch', { ...sets, forget: { ...sets.forget, logits: [1, 2, 3] } }],
    ['invalid-labels', { ...sets, forget: { ...sets.forget, labels: [0, 1, 2, 0] } }],
    ['invalid-inputs', { ...sets, test: { logits: [NaN, 1], labels: [0], classCount: 2 } }],
    ['empty-set', { ...sets, test: { logits: [], labels: [], classCount: 2 } }],
    ['invalid-option', { ...sets, test: { logits: [1], labels: [0], classCount: 1 } }],
    ['class-count-mismatch', { ...sets, test: { logits: [1, 2, 3], labels: [0], classCount: 3 } }],
  ])('%s', async (code, data) => {
    expect(await test(data)).toBe(code);
  });

  it.each([
    ['invalid-option', { attacks: 'svc' }],
    ['invalid-option', { attacks: [{ name: 'empty' }] }],
    ['invalid-option', { attacks: [svcMia(), svcMia()] }],
    ['invalid-option', { bins: 0 }],
    ['invalid-option', { resamples: 2.5 }],
    ['invalid-option', { seed: -1 }],
    ['invalid-option', { attack: [] }],
    ['missing-retain', { reference: { forget: sets.forget, test: sets.test } }],
    ['size-mismatch', { reference: { ...sets, test: binary([0.5]) } }],
  ])('%s of options', async (code, options) => {
    expect(await test(sets, options)).toBe(code);
  });

  it('an aborted signal, with its reason, before and amid attacks', async () => {
    const reason = new Error('enough');
    await expect(evaluateLogits(sets, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const controller = new AbortController();
    const aborting: MembershipAttack = {
      name: 'aborting',
      run: async () => {
        controller.abort(reason);
        return { name: 'aborting', details: {} };
      },
    };
    await expect(evaluateLogits(sets, { attacks: [aborting], signal: controller.signal })).rejects.toBe(reason);
  });
});
