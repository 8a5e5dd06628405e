import { describe, expect, it } from 'vitest';
import { randomStream } from '../../src/core/random';
import { rmiaScores } from '../../src/metrics/rmia';
import type { RmiaOptions } from '../../src/metrics/rmia';
import { rocAuc, tprAtFpr } from '../../src/metrics/roc';
import { membershipSignals } from '../../src/metrics/signals';
import { codeOf, fastest, golden, worst } from './golden';
import type { RmiaGolden, StoredRoc } from './rmia-golden';

const file = golden<RmiaGolden>('rmia');
const membership = file.inclusion.data;
const nonMembers = file.target_membership.flatMap((member, i) => (member === 0 ? [i] : []));

function expectRoc(scores: Float64Array, roc: StoredRoc): void {
  expect(Math.abs(rocAuc(scores, file.target_membership) - roc.auc)).toBeLessThan(1e-9);
  expect(tprAtFpr(scores, file.target_membership, 0.01)).toBeCloseTo(roc.tpr_at_1pct_fpr, 12);
  expect(tprAtFpr(scores, file.target_membership, 0.001)).toBeCloseTo(roc['tpr_at_0.1pct_fpr'], 12);
}

describe('AMUN: online, every other example', () => {
  const { scores, roc } = file.rmia_amun_online;
  it.each(Object.keys(scores))('%s', (signal) => {
    const { reference, target } = file.signals[signal];
    const ours = rmiaScores({ target: target.data, references: reference.data });
    expect(worst(ours, scores[signal])).toBeLessThan(1e-9);
    expectRoc(ours, roc[signal]);
  });

  const quartic = file.quartic_variant_not_official;
  it.each(Object.keys(quartic.scores))('%s of even order', (signal) => {
    const { reference, target } = quartic.signals[signal];
    const ours = rmiaScores({ target: target.data, references: reference.data });
    expect(worst(ours, quartic.scores[signal])).toBeLessThan(1e-9);
    expectRoc(ours, quartic.roc[signal]);
  });
});

describe('Privacy Meter: offline, separate population', () => {
  const input = {
    target: membershipSignals(file.target_logits.data, file.labels, 10),
    references: membershipSignals(file.reference_logits.data, repeat(file.labels, 8), 10),
    membership,
  };
  const population = {
    target: membershipSignals(file.population_target_logits.data, file.population_labels, 10),
    references: membershipSignals(file.population_reference_logits.data, repeat(file.population_labels, 8), 10),
  };
  const { runs } = file.rmia_privacy_meter_head_offline;

  it.each(Object.keys(runs))('a = %s, as published formulas have it', (a) => {
    const ours = rmiaScores({ ...input, population }, { mode: 'offline', gamma: 1, offlineA: Number(a) });
    expect(worst(ours, runs[a].scores_with_population_mean_over_all_reference_models)).toBeLessThan(1e-9);
    expectRoc(ours, runs[a].roc_textbook);
  });

  it.each(Object.keys(runs))('a = %s, with its larger half of the population references', (a) => {
    const smaller = marksOfSmallerHalf(population.references, 8);
    const ours = rmiaScores(
      { ...input, population: { ...population, membership: smaller } },
      { mode: 'offline', gamma: 1, offlineA: Number(a) },
    );
    expect(worst(ours, runs[a].scores)).toBeLessThan(1e-9);
    expectRoc(ours, runs[a].roc);
  });

  it('a single pair of references, for the examples that neither was trained on', () => {
    const pair = file.rmia_privacy_meter_head_offline['one_pair_offline_a_0.3'];
    const examples = file.labels.flatMap((_, i) => (membership[i] + membership[300 + i] === 0 ? [i] : []));
    const ours = rmiaScores(
      {
        target: examples.map((i) => input.target[i]),
        references: [0, 1].flatMap((model) => examples.map((i) => input.references[model * 300 + i])),
        population: { target: population.target, references: population.references.slice(0, 240) },
      },
      { mode: 'offline', gamma: 1 },
    );
    const stored = examples.map((i) => pair.scores[i]);
    expect(pair.reference_models).toEqual([0, 1]);
    expect(examples.length).toBeGreaterThan(50);
    expect(worst(ours, stored)).toBeLessThan(1e-9);
  });
});

describe('the paper: trimmed mean, non-members as the population', () => {
  const { runs } = file.rmia_2024_paper_code;
  it.each(Object.keys(runs))('%s', (name) => {
    const [signal, mode] = name.split(/[| ]/) as ['softmax', 'online' | 'offline'];
    const { reference, target } = file.signals[signal];
    const ours = rmiaScores(
      { target: target.data, references: reference.data, membership, population: nonMembers },
      { mode, trim: 0.2 },
    );
    expect(worst(ours, runs[name].scores_self_excluded)).toBeLessThan(1e-9);
    expectRoc(ours, runs[name].roc_self_excluded);
    // The official code divides by n - 1 for non-members too, but adds the pair it should remove.
    const n = nonMembers.length;
    const official = ours.map((score, i) => score + (file.target_membership[i] === 0 ? 1 / (n - 1) : 0));
    expect(worst(official, runs[name].official_scores)).toBeLessThan(1e-6);
  });
});

it('follows the definition by hand', () => {
  // Ratios 0.8 / 0.2 = 4, 0.5 / 0.5 = 1, 0.9 / 0.6 = 1.5; of pairs, 4 / 1 and 4 / 1.5 are above 2.
  const input = { target: [0.8, 0.5, 0.9], references: [0.1, 0.5, 0.5, 0.3, 0.5, 0.7] };
  expect(Array.from(rmiaScores(input))).toEqual([1, 0, 0]);
  expect(Array.from(rmiaScores(input, { gamma: 1 }))).toEqual([1, 0, 0.5]);
  expect(Array.from(rmiaScores(input, { gamma: 4 }))).toEqual([0, 0, 0]);
  // Below 1, an example would exceed itself: it must not count.
  expect(Array.from(rmiaScores(input, { gamma: 0.5 }))).toEqual([1, 0.5, 0.5]);
  expect(Array.from(rmiaScores({ ...input, population: [1, 2] }, { gamma: 0.5 }))).toEqual([1, 1, 1]);
});

it('keeps scores of signals that underflow to 0', () => {
  const input = { target: [0, 0, 0.5, 0.5], references: [0, 0.5, 0, 0.5] };
  // Ratios 1, 0, Infinity, 1.
  expect(Array.from(rmiaScores(input))).toEqual([1 / 3, 0, 1, 1 / 3]);
});

it('agrees with pairwise counting, negative signals and ties included', () => {
  const random = randomStream(3, 'rmia');
  for (let round = 0; round < 100; round += 1) {
    const size = 2 + random.int(20);
    const models = 1 + random.int(5);
    const draw = (count: number) => Array.from({ length: count }, () => (1 + random.int(8) - 3) / 4);
    const target = draw(size);
    const references = draw(size * models);
    const options: RmiaOptions = { gamma: [0.5, 1, 2][random.int(3)] };
    const ratios = target.map((value, i) => {
      let sum = 0;
      for (let r = 0; r < models; r += 1) sum += references[r * size + i];
      return value === 0 && sum === 0 ? 1 : value / (sum / models);
    });
    const naive = ratios.map((x, i) => {
      const others = ratios.filter((_, j) => j !== i);
      return others.filter((z) => (z === 0 ? x > 0 : x / z > options.gamma!)).length / others.length;
    });
    expect(worst(rmiaScores({ target, references }, options), naive), `round ${round}`).toBeLessThan(1e-12);
  }
});

it('scores 60,000 examples in seconds, not hours', () => {
  const random = randomStream(4, 'large');
  const target = Float64Array.from({ length: 60_000 }, () => random.float());
  const references = Float64Array.from({ length: 120_000 }, () => random.float());
  expect(fastest(() => rmiaScores({ target, references }))).toBeLessThan(3000);
});

it('refuses bad input', () => {
  const input = { target: [0.5, 0.5], references: [0.5, 0.5, 0.5, 0.5] };
  const membersOfAll = [1, 0, 1, 0];
  expect(codeOf(() => rmiaScores({ ...input, references: [1, 2, 3] }))).toBe('size-mismatch');
  expect(codeOf(() => rmiaScores({ ...input, membership: [1] }))).toBe('size-mismatch');
  expect(codeOf(() => rmiaScores({ ...input, membership: [1, 0, 2, 0] }))).toBe('invalid-labels');
  expect(codeOf(() => rmiaScores({ ...input, target: [NaN, 1] }))).toBe('invalid-inputs');
  expect(codeOf(() => rmiaScores({ ...input, population: [0, 0] }))).toBe('invalid-inputs');
  expect(codeOf(() => rmiaScores({ ...input, population: [0] }))).toBe('empty-set');
  expect(codeOf(() => rmiaScores({ ...input, population: [] }))).toBe('empty-set');
  expect(codeOf(() => rmiaScores({ ...input, population: [0, 2] }))).toBe('invalid-option');
  expect(codeOf(() => rmiaScores({ target: [1], references: [1] }))).toBe('empty-set');
  expect(codeOf(() => rmiaScores({ ...input, membership: membersOfAll }, { mode: 'offline' }))).toBe(
    'missing-reference',
  );
  expect(codeOf(() => rmiaScores(input, { gamma: 0 }))).toBe('invalid-option');
  expect(codeOf(() => rmiaScores(input, { trim: 0.5 }))).toBe('invalid-option');
  expect(codeOf(() => rmiaScores(input, { offlineA: 2 }))).toBe('invalid-option');
});

function repeat(labels: number[], times: number): number[] {
  return Array.from({ length: times }, () => labels).flat();
}

/** 1 where a model's signal of an example is among the smaller half over models: the ones that Privacy Meter drops. */
function marksOfSmallerHalf(references: ArrayLike<number>, models: number): Uint8Array {
  const size = references.length / models;
  const marks = new Uint8Array(references.length);
  for (let i = 0; i < size; i += 1) {
    const cells = Array.from({ length: models }, (_, model) => model * size + i);
    cells.sort((a, b) => references[a] - references[b]);
    for (const cell of cells.slice(0, models / 2)) marks[cell] = 1;
  }
  return marks;
}
