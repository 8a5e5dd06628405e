/**
 * Membership attacks by a threshold on one number per example, without shadow or reference models of their own. They speak of
 * the population, and overstate privacy for the single example: RMIA and LiRA see more.
 *
 * Population threshold: Yeom et al., "Privacy Risk in Machine Learning", CSF 2018. A threshold for each class, fitted on shadow
 * data: Song & Mittal, USENIX Security 2021, §4.
 */
import { checkKeys, checkOneOf } from '../core/options';
import { checkCompat } from './checks';
import { MEMBERSHIP_FEATURES, checkPredictions, membershipFeature } from './membership-features';
import type { LabelledProbabilities, MembershipFeature } from './membership-features';
import { aucOf, bestThresholdOf, groupScores } from './score-groups';

/** Names of the scores of {@link thresholdScores}. */
export const THRESHOLD_SCORES = ['confidence', 'entropy', 'modifiedEntropy', 'loss', 'correctness'] as const;

/**
 * What a threshold is put on, signed so that higher suggests membership: `confidence`, −`entropy`, −`modifiedEntropy`,
 * −`loss` (cross-entropy: the same order as confidence), `correctness`.
 */
export type ThresholdScore = (typeof THRESHOLD_SCORES)[number];

/**
 * One score for each example; higher suggests membership.
 *
 * @param data Predictions and labels of N examples.
 * @param classCount K, at least 2.
 * @returns [N]; `loss` is −Infinity where the true class has probability 0.
 * @throws AmunError `invalid-inputs`, `invalid-labels`, `size-mismatch`, `empty-set`, `invalid-option`.
 */
export function thresholdScores(data: LabelledProbabilities, classCount: number, score: ThresholdScore): Float64Array {
  checkOneOf('thresholdScores: score', score, THRESHOLD_SCORES);
  checkPredictions('thresholdScores: data', data, classCount);
  return scoresOf(data, classCount, score);
}

function scoresOf(data: LabelledProbabilities, classCount: number, score: ThresholdScore): Float64Array {
  if (score === 'loss') return membershipFeature('confidence', data, classCount).map(Math.log);
  const feature = membershipFeature(score, data, classCount);
  return score === 'entropy' || score === 'modifiedEntropy' ? feature.map((value) => -value) : feature;
}

/** What {@link thresholdAttack} compares. */
export interface ThresholdAttackInput {
  /** Predictions for the examples in question, such as forgotten ones: label 1. */
  readonly members: LabelledProbabilities;
  /** Predictions for examples that the model was never trained on: label 0. */
  readonly nonMembers: LabelledProbabilities;
  /** K, at least 2. */
  readonly classCount: number;
}

/** How well a threshold on one score tells members from non-members. */
export interface ThresholdAttackFigures {
  /** Area under the ROC curve, in [0, 1]: 0.5 is guessing, the retrained model's value is ideal. */
  readonly auc: number;
  /** Best balanced accuracy over thresholds, in [0.5, 1]; the retrained model's value is ideal. */
  readonly balancedAccuracy: number;
  /** The threshold of that accuracy: members are at or above it. */
  readonly threshold: number;
}

/**
 * Puts a threshold on each score, the best in hindsight.
 *
 * @throws AmunError `invalid-inputs`, `invalid-labels`, `size-mismatch`, `empty-set`, `invalid-option`.
 */
export function thresholdAttack(input: ThresholdAttackInput): Record<ThresholdScore, ThresholdAttackFigures> {
  const { members, nonMembers, classCount } = input;
  checkPredictions('thresholdAttack: members', members, classCount);
  checkPredictions('thresholdAttack: nonMembers', nonMembers, classCount);
  const figures = THRESHOLD_SCORES.map((score) => {
    const groups = groupsOf(scoresOf(members, classCount, score), scoresOf(nonMembers, classCount, score));
    return [score, { auc: aucOf(groups), ...bestThresholdOf(groups) }] as const;
  });
  return Object.fromEntries(figures) as Record<ThresholdScore, ThresholdAttackFigures>;
}

function groupsOf(members: ArrayLike<number>, nonMembers: ArrayLike<number>) {
  const scores = [...Array.from(members), ...Array.from(nonMembers)];
  return groupScores(
    'threshold attack',
    scores,
    scores.map((_, i) => (i < members.length ? 1 : 0)),
  );
}

/** What {@link classThresholdAttack} reads. */
export interface ClassThresholdInput {
  /** Predictions for examples that the model was trained on, to fit the thresholds. */
  readonly shadowMembers: LabelledProbabilities;
  /** Predictions for examples that it was never trained on, to fit the thresholds. */
  readonly shadowNonMembers: LabelledProbabilities;
  /** Predictions for the examples in question. */
  readonly target: LabelledProbabilities;
  /** K, at least 2. */
  readonly classCount: number;
}

/** Features that {@link classThresholdAttack} puts thresholds on. */
export type ClassThresholdFeature = Exclude<MembershipFeature, 'probabilities'>;

/** How thresholds judge the target examples. */
export interface ClassThresholdScores {
  /** Share of the target examples judged to be non-members, in [0, 1]; the ideal is the retrained model's value. */
  readonly nonMemberFraction: number;
  /** 1 for each target example judged to be a member, else 0. */
  readonly members: Uint8Array;
}

/**
 * Song & Mittal's attacks: for each class the threshold with the best balanced accuracy on shadow data decides on the target
 * examples of that class (correctness: right means member). A class that one of the shadow sets lacks takes the threshold of
 * all classes together; among equally good thresholds it is the highest.
 *
 * @param options `compat: 'official'` chooses thresholds as the published code (`evaluation/MIA.py`) does: the first good one in
 *   the data's own order, and 0 for a class that lacks shadow data.
 * @throws AmunError `invalid-inputs`, `invalid-labels`, `size-mismatch`, `empty-set`, `invalid-option`.
 */
export function classThresholdAttack(
  input: ClassThresholdInput,
  options: { readonly compat?: 'official' } = {},
): Record<ClassThresholdFeature, ClassThresholdScores> {
  const where = 'classThresholdAttack';
  checkKeys(where, options, ['compat']);
  const fit = checkCompat(where, options.compat) ? officialThresholds : classThresholds;
  for (const set of ['shadowMembers', 'shadowNonMembers', 'target'] as const) {
    checkPredictions(`${where}: ${set}`, input[set], input.classCount);
  }
  const features = MEMBERSHIP_FEATURES.filter((feature) => feature !== 'probabilities');
  const judged = features.map((feature) => [feature, judge(feature, input, fit)] as const);
  return Object.fromEntries(judged) as Record<ClassThresholdFeature, ClassThresholdScores>;
}

/** Thresholds [K] from the members' and the non-members' scores, by class. */
type FitThresholds = (members: readonly Float64Array[], nonMembers: readonly Float64Array[]) => Float64Array;

function judge(feature: ClassThresholdFeature, input: ClassThresholdInput, fit: FitThresholds): ClassThresholdScores {
  const { shadowMembers, shadowNonMembers, target, classCount } = input;
  const scores = scoresOf(target, classCount, feature);
  const shadow = (data: LabelledProbabilities) => byClass(scoresOf(data, classCount, feature), data.labels, classCount);
  const thresholds =
    feature === 'correctness'
      ? new Float64Array(classCount).fill(1)
      : fit(shadow(shadowMembers), shadow(shadowNonMembers));
  const members = Uint8Array.from(scores, (score, i) => (score >= thresholds[target.labels[i]] ? 1 : 0));
  return { nonMemberFraction: members.filter((member) => member === 0).length / members.length, members };
}

function byClass(scores: Float64Array, labels: ArrayLike<number>, classCount: number): Float64Array[] {
  return Array.from({ length: classCount }, (_, k) => scores.filter((_, i) => labels[i] === k));
}

const classThresholds: FitThresholds = (members, nonMembers) => {
  const all = (sets: readonly Float64Array[]) => sets.flatMap((set) => Array.from(set));
  const common = bestThresholdOf(groupsOf(all(members), all(nonMembers))).threshold;
  return Float64Array.from(members, (own, k) =>
    own.length === 0 || nonMembers[k].length === 0 ? common : bestThresholdOf(groupsOf(own, nonMembers[k])).threshold,
  );
};

const officialThresholds: FitThresholds = (members, nonMembers) =>
  Float64Array.from(members, (own, k) => {
    const others = nonMembers[k];
    let [threshold, best] = [0, 0];
    for (const value of [...own, ...others]) {
      const reached = own.filter((score) => score >= value).length / own.length;
      const missed = others.filter((score) => score < value).length / others.length;
      // NaN, where a set is empty, is not above anything.
      if ((reached + missed) / 2 > best) [threshold, best] = [value, (reached + missed) / 2];
    }
    return threshold;
  });
