/**
 * One comparison over several seeds: means, spreads, and differences paired by seed with Student's t interval,
 * d̄ ± t(n − 1) · s_d / √n. Pairing takes out what a seed does to every method alike (its split, its original model).
 */
import { deviation, mean } from 'd3-array';
import { AmunError } from '../core/errors';
import { METRICS } from './metrics';
import type { Metric } from './metrics';
import type { PairedDifference, ReportRow, SeedRow, SeedSummary, SpreadFigure } from './types';

/** The rows of one seed's comparison. */
export interface SeedRun {
  /** The seed; each once. */
  readonly seed: number;
  /** Its comparison; rows are matched by name over the seeds. */
  readonly rows: readonly ReportRow[];
}

/** Two-sided 95 % quantiles of Student's t for 1 to 30 degrees of freedom. */
const T_95 = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131, 2.12, 2.11,
  2.101, 2.093, 2.086, 2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048, 2.045, 2.042,
];

/** Above the table the quantile of fewer degrees of freedom is kept: a little too wide, never too narrow. */
function t95(degrees: number): number {
  return T_95[Math.min(degrees, T_95.length) - 1];
}

function valuesOf(runs: readonly SeedRun[], name: string, metric: Metric): (number | undefined)[] {
  return runs.map(({ rows }) => {
    const row = rows.find((candidate) => candidate.name === name);
    return row === undefined ? undefined : metric.read(row);
  });
}

function spreadOf(values: readonly (number | undefined)[]): SpreadFigure | undefined {
  const known = values.filter((value) => value !== undefined);
  if (known.length === 0) return undefined;
  return { mean: mean(known)!, std: deviation(known) ?? 0, n: known.length };
}

function differenceOf(
  runs: readonly SeedRun[],
  metric: Metric,
  name: string,
  versus: string,
): PairedDifference | undefined {
  const own = valuesOf(runs, name, metric);
  const other = valuesOf(runs, versus, metric);
  const differences = own.flatMap((value, i) =>
    value === undefined || other[i] === undefined ? [] : [value - other[i]],
  );
  const spread = spreadOf(differences);
  if (spread === undefined || spread.n < 2) return undefined;
  const half = (t95(spread.n - 1) * spread.std) / Math.sqrt(spread.n);
  const interval = { low: spread.mean - half, high: spread.mean + half, level: 0.95 };
  const toldApart = interval.low > 0 || interval.high < 0;
  return { metric: metric.key, name, versus, mean: spread.mean, interval, n: spread.n, toldApart };
}

function seedRow(runs: readonly SeedRun[], { name, role }: ReportRow): SeedRow {
  const metrics: Record<string, SpreadFigure> = {};
  for (const metric of METRICS) {
    const spread = spreadOf(valuesOf(runs, name, metric));
    if (spread !== undefined) metrics[metric.key] = spread;
  }
  return { name, role, metrics };
}

/** Figures of which lower is better compare methods with each other; the others, all rows with the retrained model. */
function differencesOf(runs: readonly SeedRun[], rows: readonly SeedRow[]): PairedDifference[] {
  const reference = rows.find((row) => row.role === 'reference');
  const methods = rows.filter((row) => row.role === 'method');
  return METRICS.flatMap((metric) => {
    const pairs = metric.hasGap
      ? rows.filter((row) => row !== reference && reference !== undefined).map((row) => [row, reference!])
      : methods.flatMap((row, i) => methods.slice(i + 1).map((versus) => [row, versus]));
    return pairs.flatMap(([row, versus]) => differenceOf(runs, metric, row.name, versus.name) ?? []);
  });
}

/**
 * Means, spreads and paired differences of the same comparison run with several seeds. Differences: of each average gap and
 * of the time between every two methods, and of each other figure between every row and the retrained model; none with a single
 * seed. Intervals are 95 %, not corrected for the number of comparisons.
 *
 * @throws AmunError `empty-set` without runs; `invalid-inputs` when a seed occurs twice or a name has two roles.
 */
export function aggregateRuns(runs: readonly SeedRun[]): SeedSummary {
  if (runs.length === 0)
    throw new AmunError('empty-set', 'aggregateRuns: expected at least one run, got none. Pass one run per seed.');
  const seeds = runs.map((run) => run.seed);
  if (new Set(seeds).size < seeds.length)
    throw new AmunError(
      'invalid-inputs',
      `aggregateRuns: expected each seed once, got ${seeds.join(', ')}. Repeated seeds would make the intervals too narrow.`,
    );
  const firsts = new Map<string, ReportRow>();
  for (const row of runs.flatMap((run) => run.rows)) {
    const first = firsts.get(row.name) ?? row;
    if (first.role !== row.role)
      throw new AmunError(
        'invalid-inputs',
        `aggregateRuns: expected '${row.name}' in one role, got '${first.role}' and '${row.role}'. Name its rows apart.`,
      );
    firsts.set(row.name, first);
  }
  const rows = [...firsts.values()].map((row) => seedRow(runs, row));
  return { seeds, rows, differences: differencesOf(runs, rows) };
}
