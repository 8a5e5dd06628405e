import { describe, expect, it } from 'vitest';
import { poolScores, rmia, type RmiaAttackOptions } from '../../src/evaluate/rmia';
import { type ReferenceSet, selectReferences } from '../../src/evaluate/reference-set';
import { svcMia } from '../../src/evaluate/svc-mia';
import { thresholdMia } from '../../src/evaluate/threshold-mia';
import type { EvaluatedSets } from '../../src/evaluate/types';
import { rocAuc } from '../../src/metrics/roc';
import type { MembershipSignal } from '../../src/metrics/signals';
import type { Predictions } from '../../src/model/predict';
import { codeOf, golden, worst } from '../metrics/golden';
import type { RmiaGolden } from '../metrics/rmia-golden';
import type { SvcGolden } from '../metrics/svc-golden';
import { rejection } from './support';

const RUN = { seed: 0, resamples: 50 };

function rowsOf(logits: ArrayLike<number>, labels: ArrayLike<number>, classCount: number, rows: number[]): Predictions {
  return {
    logits: Float32Array.from(
      rows.flatMap((row) => Array.from({ length: classCount }, (_, k) => logits[row * classCount + k])),
    ),
    labels: Int32Array.from(rows, (row) => labels[row]),
    classCount,
  };
}

describe('rmia', () => {
  const file = golden<RmiaGolden>('rmia');
  const members = file.target_membership.flatMap((member, i) => (member === 1 ? [i] : []));
  const nonMembers = file.target_membership.flatMap((member, i) => (member === 0 ? [i] : []));
  const parts = { forget: members.slice(0, 75), retain: members.slice(75), test: nonMembers };
  const order = [...parts.forget, ...parts.retain, ...parts.test];
  const whole: ReferenceSet = {
    count: 8,
    classCount: 10,
    sizes: { forget: 100, retain: 100, test: 100 },
    labels: Int32Array.from(file.labels),
    inclusion: Uint8Array.from(file.inclusion.data),
    logits: Float32Array.from(file.reference_logits.data),
    training: {},
  };
  const references = selectReferences(whole, parts);
  const sets: EvaluatedSets = {
    forget: rowsOf(file.target_logits.data, file.labels, 10, parts.forget),
    retain: rowsOf(file.target_logits.data, file.labels, 10, parts.retain),
    test: rowsOf(file.target_logits.data, file.labels, 10, parts.test),
  };
  const attackWith = (options: Partial<RmiaAttackOptions>) => rmia({ references, ...options }).run(sets, RUN);

  const { scores } = file.rmia_amun_online;
  it.each(Object.keys(scores))("AMUN's scores and AUC, %s", async (name) => {
    const signal = name as MembershipSignal;
    const expected = order.map((i) => scores[name][i]);
    const official = { signal, temperature: 2, margin: 0.6, order: 4, compat: 'official' } as const;
    const score = { mode: 'online', gamma: 2, offlineA: 0.3, trim: 0 } as const;
    const ours = await poolScores(references, { signal: official, score, population: 'all' }, sets);
    expect(worst(ours, expected)).toBeLessThan(2 / 299);
    const { forgetVsTest, retainVsForget } = await attackWith({ signal, compat: 'official', samples: 'all' });
    const auc = (positives: number[], negatives: number[]) =>
      rocAuc(
        [...positives, ...negatives].map((i) => scores[name][i]),
        [...positives.map(() => 1), ...negatives.map(() => 0)],
      );
    expect(Math.abs(forgetVsTest!.auc - auc(parts.forget, parts.test))).toBeLessThan(1e-3);
    expect(Math.abs(retainVsForget!.auc - auc(parts.retain, parts.forget))).toBeLessThan(1e-3);
  });

  const { runs } = file.rmia_2024_paper_code;
  it.each(Object.keys(runs))("the paper's scores, non-members as the population: %s", async (name) => {
    const [signal, mode] = name.split(/[| ]/) as [MembershipSignal, 'online' | 'offline'];
    const options = { signal, temperature: 2, margin: 0.6, order: 4, compat: 'official' } as const;
    const score = { mode, gamma: 2, offlineA: 0.3, trim: 0.2 };
    const ours = await poolScores(references, { signal: options, score, population: 'test' }, sets);
    expect(
      worst(
        ours,
        order.map((i) => runs[name].scores_self_excluded[i]),
      ),
    ).toBeLessThan(2 / 149);
  });

  it('compares equally large random parts unless told otherwise, the same ones for a seed', async () => {
    const equal = await attackWith({});
    expect(equal.forgetVsTest).toMatchObject({ positives: 75, negatives: 75 });
    expect(await attackWith({})).toEqual(equal);
    const other = await rmia({ references }).run(sets, { ...RUN, seed: 1 });
    expect(other.forgetVsTest!.auc).not.toBe(equal.forgetVsTest!.auc);
    const all = await attackWith({ samples: 'all' });
    expect(all.forgetVsTest).toMatchObject({ positives: 75, negatives: 150 });
    expect(Math.abs(all.forgetVsTest!.auc - equal.forgetVsTest!.auc)).toBeLessThan(0.06);
    const { low, high } = all.forgetVsTest!.aucInterval;
    expect(low).toBeLessThan(all.forgetVsTest!.auc);
    expect(high).toBeGreaterThan(all.forgetVsTest!.auc);
  });

  it('says which figures the data can resolve, and records its options', async () => {
    const { forgetVsTest, details } = await attackWith({ mode: 'offline' });
    expect(forgetVsTest!.tprAtFpr.map(({ fpr, resolved }) => [fpr, resolved])).toEqual([
      [0.001, false],
      [0.01, false],
      [0.05, true],
    ]);
    expect(details).toMatchObject({
      options: { mode: 'offline', gamma: 2, signal: 'taylor-soft-margin', order: 4 },
      references: 8,
      inPerExample: { min: 4, max: 4 },
      outPerExample: { min: 4, max: 4 },
    });
  });

  it('refuses references that do not fit', async () => {
    expect(codeOf(() => rmia({} as RmiaAttackOptions))).toBe('missing-reference');
    expect(codeOf(() => rmia({ references: { ...references, count: 7 } }))).toBe('size-mismatch');
    const noneOut = { ...references, inclusion: new Uint8Array(2400).fill(1) };
    expect(codeOf(() => rmia({ references: noneOut, mode: 'offline' }))).toBe('missing-reference');
    const noneIn = { ...references, inclusion: new Uint8Array(2400) };
    expect(codeOf(() => rmia({ references: noneIn }))).toBe('missing-reference');
    expect(codeOf(() => rmia({ references: noneIn, mode: 'offline' }))).toBe('nothing thrown');
    const sizes = { ...references.sizes, classCount: 10 };
    expect(codeOf(() => rmia({ references }).check!(sizes))).toBe('nothing thrown');
    expect(codeOf(() => rmia({ references }).check!({ ...sizes, test: 149 }))).toBe('size-mismatch');
    expect(codeOf(() => rmia({ references }).check!({ ...sizes, classCount: 9 }))).toBe('class-count-mismatch');
    const reordered = {
      ...sets,
      forget: rowsOf(file.target_logits.data, file.labels, 10, [...parts.forget].reverse()),
    };
    expect(await rejection(rmia({ references }).run(reordered, RUN))).toBe('invalid-labels');
  });

  it.each([
    { gamma: 0 },
    { gamma: 'two' },
    { mode: 'both' },
    { offlineA: 1.5 },
    { trim: 0.5 },
    { order: 3 },
    { temperature: 0 },
    { margin: NaN },
    { signal: 'relu' },
    { population: 'retain' },
    { samples: 'half' },
    { gama: 2 },
  ])('refuses %o', (options) => {
    expect(codeOf(() => rmia({ references, ...(options as object) }))).toBe('invalid-option');
  });
});

describe('svcMia', () => {
  const file = golden<SvcGolden>('svc-mia');
  // Logarithms of probabilities are logits of the same model.
  const predictionsOf = ({ probabilities, labels }: SvcGolden['shadow_test']): Predictions => ({
    logits: Float32Array.from(probabilities.data, Math.log),
    labels: Int32Array.from(labels),
    classCount: 10,
  });
  const sets: EvaluatedSets = {
    forget: predictionsOf(file.target_forget),
    retain: predictionsOf(file.shadow_train),
    test: predictionsOf(file.shadow_test),
  };

  it("matches the published code's five values where it draws everything", async () => {
    const { efficacy, details } = await svcMia({ features: 'all', compat: 'official' }).run(sets, RUN);
    const { correctness, confidence, entropy, m_entropy, prob } = file.official_SVC_MIA;
    const expected = { correctness, confidence, entropy, modifiedEntropy: m_entropy, probabilities: prob };
    for (const [feature, value] of Object.entries(expected)) {
      expect(Math.abs(efficacy![feature] - value), feature).toBeLessThanOrEqual(1 / 200 + 1e-9);
    }
    expect(details).toMatchObject({ shadowSize: 200, options: { cost: 3, compat: 'official' } });
    const right = await svcMia({ features: ['modifiedEntropy'] }).run(sets, RUN);
    expect(Object.keys(right.efficacy!)).toEqual(['modifiedEntropy']);
    expect(Math.abs(right.efficacy!['modifiedEntropy'] - file.m_entropy_if_song_mittal.value)).toBeLessThan(0.006);
  });

  it('draws shadows from a seed, as many of one set as of the other', async () => {
    const attack = svcMia({ shadowSize: 60 });
    const first = await attack.run(sets, RUN);
    expect(first.details['shadowSize']).toBe(60);
    expect(Object.keys(first.efficacy!)).toEqual(['confidence']);
    expect(await attack.run(sets, RUN)).toEqual(first);
    const others = await Promise.all([1, 2, 3].map((seed) => attack.run(sets, { ...RUN, seed })));
    expect(others.some(({ efficacy }) => efficacy!['confidence'] !== first.efficacy!['confidence'])).toBe(true);
    const small = { ...sets, test: rowsOf(sets.test.logits, sets.test.labels, 10, [0, 1, 2, 3, 4]) };
    expect((await svcMia().run(small, RUN)).details['shadowSize']).toBe(5);
  });

  it.each([{ features: [] }, { features: ['m_entropy'] }, { cost: 0 }, { gamma: -1 }, { shadowSize: 0.5 }, { c: 3 }])(
    'refuses %o',
    (options) => {
      expect(codeOf(() => svcMia(options as object))).toBe('invalid-option');
    },
  );
});

describe('thresholdMia', () => {
  /** Two classes, label 0, with these probabilities of class 0. */
  const predictionsOf = (confidences: number[]): Predictions => ({
    logits: Float32Array.from(confidences.flatMap((p) => [Math.log(p / (1 - p)), 0])),
    labels: new Int32Array(confidences.length),
    classCount: 2,
  });
  const sets = {
    forget: predictionsOf([0.9, 0.6, 0.3]),
    retain: predictionsOf([0.95, 0.8]),
    test: predictionsOf([0.7, 0.2]),
  };

  it.each([
    // Pairs that the forgotten example wins: 0.9 beats both, 0.6 and 0.3 beat 0.2: 4 of 6. Retained: all 6 of 6 but 0.8 < 0.9.
    ['confidence', 4 / 6, 5 / 6],
    ['loss', 4 / 6, 5 / 6],
    ['modifiedEntropy', 4 / 6, 5 / 6],
    // Certainty by distance from 0.5: 0.4, 0.1, 0.2 against 0.2, 0.3, where 0.3 ties with 0.7; retained 0.45, 0.3.
    ['entropy', 2.5 / 6, 5 / 6],
    // Right: 1, 1, 0 against 1, 0, then 1, 1 against 1, 1, 0.
    ['correctness', (2 * 0.5 + 2 + 0 + 0.5) / 6, 4 / 6],
  ] as const)('%s, by hand', async (score, forgetVsTest, retainVsForget) => {
    const result = await thresholdMia({ score }).run(sets, RUN);
    expect(result.name).toBe(`threshold-${score}`);
    expect(result.forgetVsTest!.auc).toBeCloseTo(forgetVsTest, 12);
    expect(result.retainVsForget!.auc).toBeCloseTo(retainVsForget, 12);
  });

  it('thins the curve of many scores, keeping its ends', async () => {
    const many = (size: number, scale: number): Predictions =>
      predictionsOf(Array.from({ length: size }, (_, i) => (((i * 7919) % size) + 0.5) / size ** scale));
    const big = { forget: many(700, 1), retain: many(800, 1.01), test: many(900, 1.05) };
    const { roc, auc, accuracy } = (await thresholdMia().run(big, RUN)).forgetVsTest!;
    expect(roc.fpr).toHaveLength(200);
    expect([roc.fpr[0], roc.tpr[0], roc.fpr.at(-1), roc.tpr.at(-1)]).toEqual([0, 0, 1, 1]);
    const area = roc.fpr.reduce(
      (sum, x, i) => (i === 0 ? 0 : sum + ((x - roc.fpr[i - 1]) * (roc.tpr[i] + roc.tpr[i - 1])) / 2),
      0,
    );
    expect(Math.abs(area - auc)).toBeLessThan(2e-3);
    expect(accuracy).toBeGreaterThan(0.5);
  });

  it('still tells apart by loss what rounds to a probability of 1', async () => {
    const sure = (margins: number[]): Predictions => ({
      logits: Float32Array.from(margins.flatMap((margin) => [margin, 0])),
      labels: new Int32Array(margins.length),
      classCount: 2,
    });
    const saturated = { forget: sure([60, 70]), retain: sure([80]), test: sure([40, 50]) };
    expect((await thresholdMia({ score: 'loss' }).run(saturated, RUN)).forgetVsTest!.auc).toBe(1);
    expect((await thresholdMia({ score: 'confidence' }).run(saturated, RUN)).forgetVsTest!.auc).toBe(0.5);
  });

  it('refuses what it does not know', () => {
    expect(codeOf(() => thresholdMia({ score: 'margin' as never }))).toBe('invalid-option');
    expect(codeOf(() => thresholdMia({ scores: 'loss' } as never))).toBe('invalid-option');
  });
});
