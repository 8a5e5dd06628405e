/**
 * How one set of numbers is spread, and how far apart two sets are.
 */
import { checkInteger, checkKeys, checkNumber } from '../core/options';
import { checkFinite } from './checks';

/** Counts of values in equal bins. */
export interface Histogram {
  /** How many values each bin holds, [bins]. */
  readonly counts: number[];
  /** The bins' limits, [bins + 1]. */
  readonly edges: number[];
  /** How many values lie outside the range. */
  readonly outside: number;
}

/** Options of {@link histogram}. */
export interface HistogramOptions {
  /** How many bins. @default 20 */
  readonly bins?: number;
  /** Low and high end of the range. @default [0, 1] */
  readonly range?: readonly [number, number];
}

/**
 * Counts values in equal bins that hold their lower limit but not the upper, except for the last, which holds both: NumPy's
 * rule.
 *
 * @param values Finite, at least one.
 * @throws AmunError `invalid-inputs`, `empty-set`, `invalid-option`.
 */
export function histogram(values: ArrayLike<number>, options: HistogramOptions = {}): Histogram {
  checkKeys('histogram', options, ['bins', 'range']);
  const { bins = 20, range = [0, 1] } = options;
  checkInteger('histogram: bins', bins, { min: 1 });
  const low = checkNumber('histogram: range[0]', range[0]);
  const high = checkNumber('histogram: range[1]', range[1], { above: low });
  checkFinite('histogram: values', values);
  const edges = Array.from({ length: bins + 1 }, (_, i) => (i === bins ? high : low + (i * (high - low)) / bins));
  const counts = new Array<number>(bins).fill(0);
  let outside = 0;
  for (let i = 0; i < values.length; i += 1) {
    if (values[i] < low || values[i] > high) outside += 1;
    else counts[binOf(values[i], edges)] += 1;
  }
  return { counts, edges, outside };
}

/** The bin by division, put right where rounding has it on the wrong side of an edge. */
function binOf(value: number, edges: readonly number[]): number {
  const bins = edges.length - 1;
  const position = (value - edges[0]) / (edges[bins] - edges[0]);
  const bin = Math.min(bins - 1, Math.floor(position * bins));
  if (value < edges[bin]) return bin - 1;
  return bin < bins - 1 && value >= edges[bin + 1] ? bin + 1 : bin;
}

/**
 * Two-sample Kolmogorov–Smirnov distance: the largest difference between the two empirical distribution functions, in
 * [0, 1]. Between the true-class confidences of forgotten and test examples lower is better; the ideal is the retrained
 * model's value.
 *
 * @param first Finite, at least one.
 * @param second Finite, at least one.
 * @throws AmunError `invalid-inputs`, `empty-set`.
 */
export function ksDistance(first: ArrayLike<number>, second: ArrayLike<number>): number {
  checkFinite('ksDistance: first', first);
  checkFinite('ksDistance: second', second);
  const a = Float64Array.from(first, (value) => value + 0).sort();
  const b = Float64Array.from(second, (value) => value + 0).sort();
  let [i, j, distance] = [0, 0, 0];
  while (i < a.length && j < b.length) {
    const value = Math.min(a[i], b[j]);
    while (i < a.length && a[i] === value) i += 1;
    while (j < b.length && b[j] === value) j += 1;
    distance = Math.max(distance, Math.abs(i / a.length - j / b.length));
  }
  return distance;
}
