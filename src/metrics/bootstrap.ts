/**
 * Intervals by resampling: how far a figure would move had other examples been drawn. Percentile method (Efron &
 * Tibshirani 1993, §13.3), seeded. They speak of the examples, not of the training run: for that, repeat it with several
 * seeds and see {@link pairedDifferenceInterval}.
 */
import { AmunError } from '../core/errors';
import { checkInteger, checkKeys, checkNumber } from '../core/options';
import { randomStream } from '../core/random';
import type { RandomStream } from '../core/random';
import { checkFinite, checkLength } from './checks';
import { aucOf, bestThresholdOf, groupScores, tprAtFprOf } from './score-groups';
import type { ScoreGroups } from './score-groups';

/** Options of the bootstrap. */
export interface BootstrapOptions {
  /** Seed of the resampling. @default 0 */
  readonly seed?: number;
  /** How many resamples, at least 10. @default 1000 */
  readonly resamples?: number;
  /** Share of the resamples within the interval, in (0, 1). @default 0.95 */
  readonly level?: number;
}

/** A figure with its interval. */
export interface Interval {
  /** The figure on the data itself. */
  readonly estimate: number;
  /** Lower end. */
  readonly low: number;
  /** Upper end. */
  readonly high: number;
  /** Share of the resamples within. */
  readonly level: number;
}

interface Resampling {
  readonly level: number;
  readonly resamples: number;
  readonly random: RandomStream;
}

function resampling(where: string, options: BootstrapOptions, otherKeys: readonly string[] = []): Resampling {
  checkKeys(where, options, ['seed', 'resamples', 'level', ...otherKeys]);
  const { seed = 0, resamples = 1000, level = 0.95 } = options;
  checkInteger(`${where}: seed`, seed, { min: 0 });
  checkInteger(`${where}: resamples`, resamples, { min: 10 });
  checkNumber(`${where}: level`, level, { above: 0, below: 1 });
  return { level, resamples, random: randomStream(seed, 'bootstrap') };
}

/** The percentile interval of resampled figures. */
function intervalOf(where: string, estimate: number, figures: Float64Array, level: number): Interval {
  if (Number.isNaN(estimate) || figures.some(Number.isNaN)) {
    throw new AmunError('invalid-inputs', `${where}: expected numbers from the statistic, got NaN for a resample.`);
  }
  const sorted = figures.sort();
  return { estimate, low: quantile(sorted, (1 - level) / 2), high: quantile(sorted, (1 + level) / 2), level };
}

/** Quantile with linear interpolation (Hyndman & Fan's type 7, NumPy's default). */
function quantile(sorted: Float64Array, share: number): number {
  const position = share * (sorted.length - 1);
  const below = Math.floor(position);
  const above = Math.min(below + 1, sorted.length - 1);
  // Written as a mixture, so that two infinite neighbours stay infinite.
  return below === position
    ? sorted[below]
    : sorted[below] * (1 - position + below) + sorted[above] * (position - below);
}

/**
 * The interval of any statistic of `size` examples.
 *
 * @param size How many examples there are.
 * @param statistic The figure for the examples with these indices (some twice, some not at all). The array is reused between
 *   calls.
 * @throws AmunError `invalid-option`, `invalid-inputs` where the statistic is NaN; what the statistic throws, as it is.
 */
export function bootstrapInterval(
  size: number,
  statistic: (indices: Int32Array) => number,
  options: BootstrapOptions = {},
): Interval {
  const where = 'bootstrapInterval';
  checkInteger(`${where}: size`, size, { min: 1 });
  const { level, resamples, random } = resampling(where, options);
  const indices = Int32Array.from({ length: size }, (_, i) => i);
  const estimate = statistic(indices);
  const figures = Float64Array.from({ length: resamples }, () => {
    for (let i = 0; i < size; i += 1) indices[i] = random.int(size);
    return statistic(indices);
  });
  return intervalOf(where, estimate, figures, level);
}

/**
 * The interval of the mean difference of paired values: two methods on the same examples.
 *
 * @param first Finite values [N].
 * @param second Finite values [N] of the same examples.
 * @returns Of mean(first − second).
 * @throws AmunError `invalid-inputs`, `size-mismatch`, `empty-set`, `invalid-option`.
 */
export function pairedBootstrap(
  first: ArrayLike<number>,
  second: ArrayLike<number>,
  options: BootstrapOptions = {},
): Interval {
  checkFinite('pairedBootstrap: first', first);
  checkLength('pairedBootstrap: second', second, first.length, 'as many as first');
  checkFinite('pairedBootstrap: second', second);
  const meanDifference = (indices: Int32Array) =>
    indices.reduce((sum, i) => sum + first[i] - second[i], 0) / indices.length;
  return bootstrapInterval(first.length, meanDifference, options);
}

/** Options of {@link rocIntervals}. */
export interface RocIntervalOptions extends BootstrapOptions {
  /** False positive rates to give true positive rates for. @default [] */
  readonly maxFprs?: readonly number[];
}

/** Figures of a score with their intervals. */
export interface RocIntervals {
  /** {@link rocAuc}. */
  readonly auc: Interval;
  /** {@link bestBalancedAccuracy}; resamples find better thresholds for themselves, so this interval leans upwards. */
  readonly balancedAccuracy: Interval;
  /** {@link tprAtFpr} for each of `maxFprs`; meaningless where {@link tprAtFprResolvable} says no. */
  readonly tprAtFpr: readonly Interval[];
}

/**
 * Intervals of the figures of a score, positives and negatives resampled apart so that both keep their number.
 *
 * @param scores Higher means positive, [N].
 * @param labels 1 = positive, 0 = negative, [N]; both must occur.
 * @throws AmunError `invalid-inputs`, `invalid-labels`, `size-mismatch`, `empty-set`, `invalid-option`.
 */
export function rocIntervals(
  scores: ArrayLike<number>,
  labels: ArrayLike<number>,
  options: RocIntervalOptions = {},
): RocIntervals {
  const where = 'rocIntervals';
  const { level, resamples, random } = resampling(where, options, ['maxFprs']);
  const { maxFprs = [] } = options;
  for (const maxFpr of maxFprs) checkNumber(`${where}: maxFprs`, maxFpr, { min: 0, max: 1 });
  const groups = groupScores(where, scores, labels);
  const figuresOf = (drawn: ScoreGroups) => [
    aucOf(drawn),
    bestThresholdOf(drawn).balancedAccuracy,
    ...maxFprs.map((maxFpr) => tprAtFprOf(drawn, maxFpr)),
  ];
  const estimates = figuresOf(groups);
  const figures = estimates.map(() => new Float64Array(resamples));
  const resample = groupResampler(groups, random);
  for (let round = 0; round < resamples; round += 1) {
    figuresOf(resample()).forEach((value, k) => {
      figures[k][round] = value;
    });
  }
  const [auc, balancedAccuracy, ...tprAtFpr] = figures.map((values, k) =>
    intervalOf(where, estimates[k], values, level),
  );
  return { auc, balancedAccuracy, tprAtFpr };
}

/** Resamples counts of groups in place of scores: no sorting, so that a thousand resamples take a fraction of a second. */
function groupResampler(groups: ScoreGroups, random: RandomStream): () => ScoreGroups {
  const positiveGroup = groupOfEach(groups.positives, groups.positiveCount);
  const negativeGroup = groupOfEach(groups.negatives, groups.negativeCount);
  const positives = new Int32Array(groups.positives.length);
  const negatives = new Int32Array(groups.negatives.length);
  return () => {
    draw(positives, positiveGroup, random);
    draw(negatives, negativeGroup, random);
    return { ...groups, positives, negatives };
  };
}

function groupOfEach(counts: Int32Array, total: number): Int32Array {
  const groupOf = new Int32Array(total);
  let next = 0;
  counts.forEach((count, group) => {
    groupOf.fill(group, next, next + count);
    next += count;
  });
  return groupOf;
}

function draw(counts: Int32Array, groupOf: Int32Array, random: RandomStream): void {
  counts.fill(0);
  for (let i = 0; i < groupOf.length; i += 1) counts[groupOf[random.int(groupOf.length)]] += 1;
}
