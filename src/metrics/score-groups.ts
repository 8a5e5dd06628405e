/**
 * Scores grouped by value, highest first: what every threshold figure is computed from. Tied scores can't be told apart
 * by a threshold, so they count as one step (a curve that splits them is a matter of sorting luck: RMIA scores are
 * multiples of 1/|Z|, ties are the norm).
 */
import { AmunError } from '../core/errors';
import { checkBits, checkOrdered } from './checks';

/** Counts per distinct score, highest score first. */
export interface ScoreGroups {
  /** Distinct scores, descending. */
  readonly scores: Float64Array;
  /** How many positives have each score. */
  readonly positives: Int32Array;
  /** How many negatives have each score. */
  readonly negatives: Int32Array;
  /** Total of positives. */
  readonly positiveCount: number;
  /** Total of negatives. */
  readonly negativeCount: number;
}

/** Checks scores [N] with labels [N] (1 = positive), both classes present, and groups them. */
export function groupScores(where: string, scores: ArrayLike<number>, labels: ArrayLike<number>): ScoreGroups {
  checkOrdered(`${where}: scores`, scores);
  checkBits(`${where}: labels`, labels, scores.length, '1 = positive, one per score');
  // By value, because typed arrays sort without a comparator several times faster: the label rides along as a count.
  const positive = selected(scores, labels, 1);
  const negative = selected(scores, labels, 0);
  if (positive.length === 0 || negative.length === 0) {
    throw new AmunError(
      'empty-set',
      `${where}: expected positives and negatives, got ${positive.length} and ${negative.length}.`,
    );
  }
  return mergeGroups(positive, negative);
}

/** The scores whose label is `label`, ascending; −0 becomes 0, which sorting would tell apart. */
function selected(scores: ArrayLike<number>, labels: ArrayLike<number>, label: 0 | 1): Float64Array {
  const chosen: number[] = [];
  for (let i = 0; i < scores.length; i += 1) if (labels[i] === label) chosen.push(scores[i] + 0);
  return Float64Array.from(chosen).sort();
}

function mergeGroups(positive: Float64Array, negative: Float64Array): ScoreGroups {
  const scores: number[] = [];
  const positives: number[] = [];
  const negatives: number[] = [];
  let p = positive.length;
  let n = negative.length;
  while (p > 0 || n > 0) {
    const score = Math.max(p > 0 ? positive[p - 1] : -Infinity, n > 0 ? negative[n - 1] : -Infinity);
    const [pBefore, nBefore] = [p, n];
    while (p > 0 && positive[p - 1] === score) p -= 1;
    while (n > 0 && negative[n - 1] === score) n -= 1;
    scores.push(score);
    positives.push(pBefore - p);
    negatives.push(nBefore - n);
  }
  return {
    scores: Float64Array.from(scores),
    positives: Int32Array.from(positives),
    negatives: Int32Array.from(negatives),
    positiveCount: positive.length,
    negativeCount: negative.length,
  };
}

/** Area under the curve: P(positive above negative) + ½ P(tie), by the exact counts. */
export function aucOf(groups: ScoreGroups): number {
  let above = 0;
  let doubled = 0;
  for (let i = 0; i < groups.scores.length; i += 1) {
    doubled += groups.negatives[i] * (2 * above + groups.positives[i]);
    above += groups.positives[i];
  }
  return doubled / (2 * groups.positiveCount * groups.negativeCount);
}

/** Highest share of positives at or above a threshold that at most `maxFpr` of the negatives reach. */
export function tprAtFprOf(groups: ScoreGroups, maxFpr: number): number {
  let truePositives = 0;
  let falsePositives = 0;
  for (let i = 0; i < groups.scores.length; i += 1) {
    falsePositives += groups.negatives[i];
    if (falsePositives / groups.negativeCount > maxFpr) break;
    truePositives += groups.positives[i];
  }
  return truePositives / groups.positiveCount;
}

/** Best ½ (TPR + TNR) over all thresholds, and the highest that reaches it; above all scores where none beats guessing. */
export function bestThresholdOf(groups: ScoreGroups): { balancedAccuracy: number; threshold: number } {
  let best = { balancedAccuracy: 0.5, threshold: groups.scores[0] + 1 };
  let truePositives = 0;
  let falsePositives = 0;
  for (let i = 0; i < groups.scores.length; i += 1) {
    truePositives += groups.positives[i];
    falsePositives += groups.negatives[i];
    const gain = truePositives / groups.positiveCount - falsePositives / groups.negativeCount;
    if (0.5 + gain / 2 > best.balancedAccuracy) {
      best = { balancedAccuracy: 0.5 + gain / 2, threshold: groups.scores[i] };
    }
  }
  return best;
}
