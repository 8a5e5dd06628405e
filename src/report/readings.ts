/** One figure of one row as the page's text quotes it: the mean over the seeds where there are several, else the row's own. */
import { metricOf } from './metrics';
import type { MetricKey, Report, ReportRow } from './types';

/** How many seeds the quoted figures are means over; 1 without a summary over seeds. */
export function seedCount(report: Report): number {
  return Math.max(1, report.seeds?.seeds.length ?? 1);
}

/** The figure, a fraction (seconds for `seconds`), or undefined where it was not measured. */
export function readingOf(report: Report, row: ReportRow | undefined, key: MetricKey): number | undefined {
  if (row === undefined) return undefined;
  const overSeeds = report.seeds?.rows.find(({ name }) => name === row.name)?.metrics[key]?.mean;
  return (seedCount(report) > 1 ? overSeeds : undefined) ?? metricOf(key).read(row);
}
