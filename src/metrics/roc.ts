/**
 * Receiver operating characteristic of a score that should be high for positives (label 1, such as members of the
 * training set). Tied scores form one step, the curve is anchored at (0, 0), and limits on the false positive rate are
 * inclusive (≤), as in scikit-learn; checked against its numbers.
 */
import { checkNumber, checkKeys, checkBoolean, checkInteger } from '../core/options';
import { aucOf, bestThresholdOf, groupScores, tprAtFprOf } from './score-groups';
import type { ScoreGroups } from './score-groups';

/** A ROC curve: equally long arrays, from (0, 0) to (1, 1). */
export interface RocCurve {
  /** Share of negatives at or above the threshold, ascending. */
  readonly fpr: number[];
  /** Share of positives at or above the threshold, ascending. */
  readonly tpr: number[];
  /** Thresholds, descending; the first, which nothing reaches, is the highest score + 1: finite, so that JSON keeps it. */
  readonly thresholds: number[];
}

/** Options of {@link rocCurve}. */
export interface RocCurveOptions {
  /** Leaves out points on a straight line between their neighbours: same drawing, fewer points. @default false */
  readonly dropIntermediate?: boolean;
}

/**
 * The ROC curve. For a membership attack the ideal is the curve that the same attack has on the retrained model; the
 * diagonal where members and non-members can't be told apart.
 *
 * @param scores Higher means positive, [N]; infinite scores are legal.
 * @param labels 1 = positive, 0 = negative, [N]; both must occur.
 * @throws AmunError `invalid-inputs`, `invalid-labels`, `size-mismatch`, `empty-set`, `invalid-option`.
 */
export function rocCurve(
  scores: ArrayLike<number>,
  labels: ArrayLike<number>,
  options: RocCurveOptions = {},
): RocCurve {
  checkKeys('rocCurve', options, ['dropIntermediate']);
  const { dropIntermediate = false } = options;
  checkBoolean('rocCurve: dropIntermediate', dropIntermediate);
  const groups = groupScores('rocCurve', scores, labels);
  const curve: RocCurve = { fpr: [0], tpr: [0], thresholds: [groups.scores[0] + 1] };
  let truePositives = 0;
  let falsePositives = 0;
  for (let i = 0; i < groups.scores.length; i += 1) {
    truePositives += groups.positives[i];
    falsePositives += groups.negatives[i];
    if (dropIntermediate && liesOnLine(groups, i)) continue;
    curve.fpr.push(falsePositives / groups.negativeCount);
    curve.tpr.push(truePositives / groups.positiveCount);
    curve.thresholds.push(groups.scores[i]);
  }
  return curve;
}

/** Whether the step to point i and the step from it are the same; first and last point always stay (scikit-learn's rule). */
function liesOnLine({ positives, negatives }: ScoreGroups, i: number): boolean {
  return i > 0 && i < positives.length - 1 && positives[i] === positives[i + 1] && negatives[i] === negatives[i + 1];
}

/**
 * Area under the ROC curve, in [0, 1]: the chance that a random positive scores above a random negative, ties counting
 * half. As a membership attack: 0.5 is guessing; the ideal is the retrained model's value. Far *below* 0.5 is no success
 * either: the examples stand out by being too unfamiliar (over-forgetting).
 *
 * @param scores Higher means positive, [N].
 * @param labels 1 = positive, 0 = negative, [N]; both must occur.
 * @throws AmunError `invalid-inputs`, `invalid-labels`, `size-mismatch`, `empty-set`.
 */
export function rocAuc(scores: ArrayLike<number>, labels: ArrayLike<number>): number {
  return aucOf(groupScores('rocAuc', scores, labels));
}

/**
 * Highest true positive rate, in [0, 1], of the thresholds whose false positive rate is at most `maxFpr`. As a membership
 * attack: guessing gives `maxFpr`; the ideal is the retrained model's value.
 *
 * With fewer than 1 / `maxFpr` negatives the figure is the rate at no false positive at all: see
 * {@link tprAtFprResolvable} and {@link tprAtFprFigure}.
 *
 * @param scores Higher means positive, [N].
 * @param labels 1 = positive, 0 = negative, [N]; both must occur.
 * @param maxFpr Allowed false positive rate in [0, 1], inclusive.
 * @throws AmunError `invalid-inputs`, `invalid-labels`, `size-mismatch`, `empty-set`, `invalid-option`.
 */
export function tprAtFpr(scores: ArrayLike<number>, labels: ArrayLike<number>, maxFpr: number): number {
  checkNumber('tprAtFpr: maxFpr', maxFpr, { min: 0, max: 1 });
  return tprAtFprOf(groupScores('tprAtFpr', scores, labels), maxFpr);
}

/**
 * Whether so many negatives can resolve so low a false positive rate: one of them must weigh at most `maxFpr`. 0.1 %
 * takes 1,000 negatives to exist, and about ten times that to be stable.
 *
 * @throws AmunError `invalid-option`.
 */
export function tprAtFprResolvable(negativeCount: number, maxFpr: number): boolean {
  checkInteger('tprAtFprResolvable: negativeCount', negativeCount, { min: 1 });
  checkNumber('tprAtFprResolvable: maxFpr', maxFpr, { min: 0, max: 1 });
  return 1 / negativeCount <= maxFpr;
}

/** A true positive rate at a limited false positive rate, or the statement that the data can't resolve one. */
export type TprAtFpr = ResolvedTpr | UnresolvedTpr;

/** A true positive rate that the data resolves. */
export interface ResolvedTpr {
  /** There are enough negatives. */
  readonly resolvable: true;
  /** The limit of the false positive rate. */
  readonly maxFpr: number;
  /** How many negatives there are. */
  readonly negatives: number;
  /** Largest true positive rate within the limit. */
  readonly tpr: number;
}

/** A true positive rate for which there are too few negatives. */
export interface UnresolvedTpr {
  /** There are too few negatives. */
  readonly resolvable: false;
  /** The limit of the false positive rate. */
  readonly maxFpr: number;
  /** How many negatives there are. */
  readonly negatives: number;
  /** How many it would take; absent for `maxFpr` 0, which no number of them resolves. */
  readonly negativesNeeded?: number;
}

/**
 * {@link tprAtFpr} as a figure that says when the data can't resolve it.
 *
 * @param scores Higher means positive, [N].
 * @param labels 1 = positive, 0 = negative, [N]; both must occur.
 * @param maxFpr Allowed false positive rate in [0, 1], inclusive.
 * @throws AmunError `invalid-inputs`, `invalid-labels`, `size-mismatch`, `empty-set`, `invalid-option`.
 */
export function tprAtFprFigure(scores: ArrayLike<number>, labels: ArrayLike<number>, maxFpr: number): TprAtFpr {
  checkNumber('tprAtFprFigure: maxFpr', maxFpr, { min: 0, max: 1 });
  const groups = groupScores('tprAtFprFigure', scores, labels);
  const negatives = groups.negativeCount;
  if (tprAtFprResolvable(negatives, maxFpr)) {
    return { resolvable: true, maxFpr, negatives, tpr: tprAtFprOf(groups, maxFpr) };
  }
  const needed = maxFpr > 0 ? { negativesNeeded: Math.ceil(1 / maxFpr) } : {};
  return { resolvable: false, maxFpr, negatives, ...needed };
}

/**
 * Best balanced accuracy, ½ (true positive rate + true negative rate), over all thresholds on the data itself: an upper
 * bound on what an attacker with these scores reaches. In [0.5, 1]; the ideal is the retrained model's value.
 *
 * @param scores Higher means positive, [N].
 * @param labels 1 = positive, 0 = negative, [N]; both must occur.
 * @throws AmunError `invalid-inputs`, `invalid-labels`, `size-mismatch`, `empty-set`.
 */
export function bestBalancedAccuracy(scores: ArrayLike<number>, labels: ArrayLike<number>): number {
  return bestThresholdOf(groupScores('bestBalancedAccuracy', scores, labels)).balancedAccuracy;
}
