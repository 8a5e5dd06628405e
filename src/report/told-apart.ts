/**
 * Which of several methods is best, if the data can tell. A table that marks the smallest number as the winner claims more
 * than it knows: here a value is marked only when no other method could be as close to the ideal.
 *
 * Over seeds: the best mean, when the paired interval of its difference to each other method excludes 0. For one run: the best
 * distance to the retrained model, when its largest possible value (both bootstrap intervals at their worst) is below the
 * smallest possible one of each other method. The latter errs on the side of silence: both models saw the same examples,
 * so their errors are correlated and the true interval of the difference is narrower.
 */
import { GAP_PARTS, metricOf } from './metrics';
import type { Metric } from './metrics';
import type { MetricKey, ReportRow, SeedRow, SeedSummary } from './types';

interface Range {
  readonly low: number;
  readonly high: number;
}

/** How far a figure may lie from the retrained model's, given both intervals. */
function distanceRange(metric: Metric, row: ReportRow, reference: ReportRow): Range | undefined {
  const own = metric.interval?.(row);
  const ideal = metric.interval?.(reference);
  if (own === undefined || ideal === undefined) return undefined;
  const low = own.low - ideal.high;
  const high = own.high - ideal.low;
  const straddles = low <= 0 && high >= 0;
  return {
    low: straddles ? 0 : Math.min(Math.abs(low), Math.abs(high)),
    high: Math.max(Math.abs(low), Math.abs(high)),
  };
}

function averageRange(row: ReportRow, reference: ReportRow): Range | undefined {
  const ranges = GAP_PARTS.map((key) => distanceRange(metricOf(key), row, reference));
  if (ranges.some((range) => range === undefined)) return undefined;
  const mean = (side: keyof Range) => ranges.reduce((sum, range) => sum + range![side], 0) / ranges.length;
  return { low: mean('low'), high: mean('high') };
}

/** Name of the method that is told apart as closest to the retrained model in that figure, if one is. */
export function bestOfRun(key: MetricKey, rows: readonly ReportRow[]): string | undefined {
  const reference = rows.find((row) => row.role === 'reference');
  const methods = rows.filter((row) => row.role === 'method');
  if (reference === undefined || methods.length < 2) return undefined;
  const rangeOf = (row: ReportRow) =>
    key === 'averageGap' ? averageRange(row, reference) : distanceRange(metricOf(key), row, reference);
  const ranges = methods.map(rangeOf);
  if (ranges.some((range) => range === undefined)) return undefined;
  const best = methods.findIndex((_, i) => ranges.every((other, j) => j === i || ranges[i]!.high < other!.low));
  return methods[best]?.name;
}

/**
 * Name of the method whose mean is told apart as the lowest over the seeds, for average gaps. Times are not judged: they
 * depend on the machine, and doing nothing takes none.
 */
export function bestOverSeeds(key: MetricKey, seeds: SeedSummary): string | undefined {
  if (key !== 'averageGap' && key !== 'averageGapSvc') return undefined;
  const known = seeds.rows.filter((row) => row.role === 'method' && row.metrics[key] !== undefined);
  if (known.length < 2) return undefined;
  const mean = (row: SeedRow) => row.metrics[key]!.mean;
  const best = known.reduce((low, row) => (mean(row) < mean(low) ? row : low));
  const beats = (other: SeedRow) =>
    seeds.differences.some(
      ({ metric, name, versus, toldApart }) =>
        metric === key &&
        toldApart &&
        ((name === best.name && versus === other.name) || (name === other.name && versus === best.name)),
    );
  return known.every((row) => row === best || beats(row)) ? best.name : undefined;
}
