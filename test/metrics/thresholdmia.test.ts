import { describe, expect, it } from 'vitest';
import { randomStream } from '../../src/core/random';
import { rocAuc } from '../../src/metrics/roc';
import {
  THRESHOLD_SCORES,
  classThresholdAttack,
  thresholdAttack,
  thresholdScores,
} from '../../src/metrics/thresholdmia';
import type { ClassThresholdFeature } from '../../src/metrics/thresholdmia';
import { codeOf, golden } from './golden';
import type { SvcGolden } from './svc-golden';
import { SVC_NAMES, svcInput } from './svc-golden';

const file = golden<SvcGolden>('svc-mia');
const input = svcInput(file);

it.each(['correctness', 'confidence', 'entropy', 'modifiedEntropy'] satisfies ClassThresholdFeature[])(
  'published class thresholds: %s',
  (feature) => {
    const [memberRate, nonMemberRate] =
      file.song_mittal_threshold_attack.by_feature[SVC_NAMES[feature] as 'confidence'];
    const options = { compat: 'official' } as const;
    expect(classThresholdAttack(input, options)[feature].nonMemberFraction).toBeCloseTo(nonMemberRate, 12);
    const onShadow = classThresholdAttack({ ...input, target: input.shadowMembers }, options);
    expect(1 - onShadow[feature].nonMemberFraction).toBeCloseTo(memberRate, 12);
  },
);

/** Two classes, the true one with this probability. */
function predictions(confidences: readonly number[], labels: readonly number[] = confidences.map(() => 0)) {
  return { probabilities: confidences.flatMap((p, i) => (labels[i] === 0 ? [p, 1 - p] : [1 - p, p])), labels };
}

describe('by hand', () => {
  it('every score is higher for the member', () => {
    const data = predictions([0.9, 0.4]);
    for (const score of THRESHOLD_SCORES) {
      const [member, nonMember] = thresholdScores(data, 2, score);
      expect(member, score).toBeGreaterThan(nonMember);
    }
    expect(thresholdScores(data, 2, 'loss')[1]).toBeCloseTo(Math.log(0.4), 14);
    expect(thresholdScores(predictions([0]), 2, 'loss')[0]).toBe(-Infinity);
  });

  it('a threshold on the population', () => {
    const figures = thresholdAttack({
      members: predictions([0.9, 0.8, 0.6]),
      nonMembers: predictions([0.7, 0.2]),
      classCount: 2,
    });
    // Of six pairs 0.6 < 0.7 alone is lost; at 0.8, two of three members and no non-member.
    expect(figures.confidence.auc).toBeCloseTo(5 / 6, 14);
    expect(figures.confidence.threshold).toBe(0.8);
    expect(figures.confidence.balancedAccuracy).toBeCloseTo(5 / 6, 14);
    expect(figures.loss.auc).toBe(figures.confidence.auc);
    // −entropy: 0.2 is as sure as 0.8, so that it ties with it and beats 0.6.
    expect(figures.entropy.auc).toBeCloseTo((2 + 1.5 + 0) / 6, 14);
  });

  it('a threshold for each class, and the common one for a class without shadow data', () => {
    const scores = classThresholdAttack({
      shadowMembers: predictions([0.9, 0.6], [0, 1]),
      shadowNonMembers: predictions([0.7], [0]),
      target: predictions([0.8, 0.9, 0.8, 0.9], [0, 0, 1, 1]),
      classCount: 2,
    });
    // Class 0: at 0.9. Class 1 has no non-member: of all together, 0.9 separates best too.
    expect(Array.from(scores.confidence.members)).toEqual([0, 1, 0, 1]);
    expect(scores.confidence.nonMemberFraction).toBe(0.5);
  });

  it('the published choice among equally good thresholds goes by the order of the data', () => {
    // 0.9 and 0.6 both give ½ (½ + 1) and ½ (1 + ½).
    const judgeWith = (shadow: number[], options?: { compat: 'official' }) =>
      classThresholdAttack(
        {
          shadowMembers: predictions(shadow),
          shadowNonMembers: predictions([0.7, 0.1]),
          target: predictions([0.8]),
          classCount: 2,
        },
        options,
      ).confidence.nonMemberFraction;
    expect([judgeWith([0.9, 0.6]), judgeWith([0.6, 0.9])]).toEqual([1, 1]);
    expect([judgeWith([0.9, 0.6], { compat: 'official' }), judgeWith([0.6, 0.9], { compat: 'official' })]).toEqual([
      1, 0,
    ]);
  });
});

it('agrees with the figures of its own scores', () => {
  const random = randomStream(7, 'threshold');
  const draw = (size: number) =>
    predictions(
      Array.from({ length: size }, () => random.int(11) / 10),
      Array.from({ length: size }, () => random.int(2)),
    );
  for (let round = 0; round < 20; round += 1) {
    const [members, nonMembers] = [draw(1 + random.int(20)), draw(1 + random.int(20))];
    const figures = thresholdAttack({ members, nonMembers, classCount: 2 });
    for (const score of THRESHOLD_SCORES) {
      const scores = [members, nonMembers].flatMap((data) => Array.from(thresholdScores(data, 2, score)));
      const labels = scores.map((_, i) => (i < members.labels.length ? 1 : 0));
      expect(figures[score].auc).toBe(rocAuc(scores, labels));
    }
  }
});

it('refuses bad input', () => {
  const good = predictions([0.5]);
  const bad = { ...good, labels: [3] };
  expect(codeOf(() => thresholdScores(good, 2, 'logits' as never))).toBe('invalid-option');
  expect(codeOf(() => thresholdScores(bad, 2, 'loss'))).toBe('invalid-labels');
  expect(codeOf(() => thresholdAttack({ members: good, nonMembers: bad, classCount: 2 }))).toBe('invalid-labels');
  expect(codeOf(() => thresholdAttack({ members: good, nonMembers: predictions([]), classCount: 2 }))).toBe(
    'empty-set',
  );
  expect(codeOf(() => classThresholdAttack({ ...input, target: bad }))).toBe('size-mismatch');
  expect(codeOf(() => classThresholdAttack(input, { compat: 'mia.py' as never }))).toBe('invalid-option');
});
