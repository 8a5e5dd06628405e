/**
 * Medians and ratios of interleaved rounds.
 */

/** The q-quantile of values, between neighbours in proportion. */
export function quantile(values: readonly number[], q: number): number {
  if (values.length === 0) return NaN;
  const sorted = [...values].sort((a, b) => a - b);
  const position = q * (sorted.length - 1);
  const [below, above] = [sorted[Math.floor(position)], sorted[Math.ceil(position)]];
  return below + (above - below) * (position - Math.floor(position));
}

/** The middle of values. */
export const median = (values: readonly number[]): number => quantile(values, 0.5);

/** A quantity over several rounds. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** Median and range. */
export function spread(values: readonly number[]): Spread {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
}

/** Ratio of two quantities in each round. Both sides of a round ran one after the other, so that a busy machine slows both. */
export function pairedRatio(above: readonly number[], below: readonly number[]): Spread {
  return spread(above.map((value, round) => value / below[round]));
}
