/**
 * Comparing two methods over several training runs: the same seeds for both, and the differences judged by Student's t.
 */
import { AmunError } from '../core/errors';
import { checkKeys, checkNumber } from '../core/options';
import { checkFinite } from './checks';
import { studentTQuantile } from './distributions';

/** The mean of paired differences, with its interval. */
export interface DifferenceInterval {
  /** Mean of the differences. */
  readonly mean: number;
  /** Their standard deviation (n − 1). */
  readonly std: number;
  /** Lower end of the interval of the mean. */
  readonly low: number;
  /** Upper end. */
  readonly high: number;
  /** How many differences. */
  readonly n: number;
  /** Confidence level. */
  readonly level: number;
  /** Whether the interval leaves 0 out; where it doesn't, the two were not told apart. */
  readonly toldApart: boolean;
}

/**
 * Student-t interval of the mean of differences, one for each seed: mean ± t · std / √n with n − 1 degrees of freedom.
 *
 * @param differences Method − other method under the same seed, finite, at least two.
 * @param options `level`: confidence level in (0, 1), 0.95 if left out.
 * @throws AmunError `invalid-inputs` (also for fewer than two), `empty-set`, `invalid-option`.
 */
export function pairedDifferenceInterval(
  differences: ArrayLike<number>,
  options: { readonly level?: number } = {},
): DifferenceInterval {
  const where = 'pairedDifferenceInterval';
  checkKeys(where, options, ['level']);
  const { level = 0.95 } = options;
  checkNumber(`${where}: level`, level, { above: 0, below: 1 });
  checkFinite(`${where}: differences`, differences);
  const n = differences.length;
  if (n < 2) {
    throw new AmunError('invalid-inputs', `${where}: expected at least two differences, got 1; run more seeds.`);
  }
  const values = Array.from(differences);
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const std = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1));
  const margin = (studentTQuantile(level, n - 1) * std) / Math.sqrt(n);
  const [low, high] = [mean - margin, mean + margin];
  return { mean, std, low, high, n, level, toldApart: low > 0 || high < 0 };
}
