/**
 * The comparison as a table, before it is HTML or Markdown: only the columns that some row has, gaps to the retrained model
 * beside the figures, and the best value marked where it is told apart.
 */
import { fixed, seconds, secondsDigits, signed } from './format';
import { METRICS } from './metrics';
import type { Metric } from './metrics';
import { bestOfRun, bestOverSeeds } from './told-apart';
import type { MetricKey, ReportRole, ReportRow, SeedRow, SeedSummary } from './types';

/** One figure as it is shown. */
export interface Cell {
  /** Empty where the figure does not exist. */
  readonly value: string;
  /** Standard deviation over seeds, without its sign. */
  readonly spread?: string;
  /** Signed difference to the retrained model. */
  readonly gap?: string;
  readonly best: boolean;
}

/** One model. */
export interface TableRow {
  readonly name: string;
  readonly role: ReportRole;
  readonly cells: readonly Cell[];
}

/** A table ready to be written. */
export interface Table {
  readonly columns: readonly Metric[];
  readonly rows: readonly TableRow[];
}

/** One row's figures, however they came about. */
interface Source {
  readonly name: string;
  readonly role: ReportRole;
  read(metric: Metric): { value: number; std?: number } | undefined;
}

/** The comparison of one run. */
export function tableOfRun(rows: readonly ReportRow[]): Table {
  const sources = rows.map((row): Source => ({
    name: row.name,
    role: row.role,
    read: (metric) => {
      const value = metric.read(row);
      return value === undefined ? undefined : { value };
    },
  }));
  return tableOf(sources, (key) => bestOfRun(key, rows));
}

/** The comparison over seeds. */
export function tableOfSeeds(seeds: SeedSummary): Table {
  const sources = seeds.rows.map((row: SeedRow): Source => ({
    name: row.name,
    role: row.role,
    read: (metric) => {
      const spread = row.metrics[metric.key];
      return spread === undefined ? undefined : { value: spread.mean, ...(spread.n > 1 && { std: spread.std }) };
    },
  }));
  return tableOf(sources, (key) => bestOverSeeds(key, seeds));
}

function tableOf(sources: readonly Source[], best: (key: MetricKey) => string | undefined): Table {
  const columns = METRICS.filter((metric) => sources.some((source) => source.read(metric) !== undefined));
  const winners = new Map(columns.map((metric) => [metric.key, best(metric.key)]));
  const reference = sources.find((source) => source.role === 'reference');
  const rows = sources.map((source) => ({
    name: source.name,
    role: source.role,
    cells: columns.map((metric) => cellOf(metric, source, reference, winners.get(metric.key) === source.name)),
  }));
  return { columns, rows };
}

function cellOf(metric: Metric, source: Source, reference: Source | undefined, best: boolean): Cell {
  const figure = source.read(metric);
  const isIdeal = source === reference && (metric.key === 'averageGap' || metric.key === 'averageGapSvc');
  if (figure === undefined || isIdeal) return { value: '', best: false };
  const isTime = metric.key === 'seconds';
  const digits = isTime ? secondsDigits(figure.value) : metric.digits;
  const ideal = metric.hasGap && source !== reference ? reference?.read(metric) : undefined;
  return {
    value: isTime ? seconds(figure.value) : fixed(figure.value * metric.scale, digits),
    ...(figure.std !== undefined && { spread: fixed(figure.std * metric.scale, digits) }),
    ...(ideal !== undefined && { gap: signed((figure.value - ideal.value) * metric.scale, metric.digits) }),
    best,
  };
}
