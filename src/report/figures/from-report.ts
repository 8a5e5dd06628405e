/**
 * From a report to its figures: which rows each one shows. A figure whose data the report lacks is undefined.
 */
import { focusOf, methodsOf, originalOf, referenceOf, thingsOf } from '../cast';
import { GAP_PARTS, metricOf } from '../metrics';
import type { Metric } from '../metrics';
import type { Report, ReportRow } from '../types';
import { confidenceSpec } from './confidence';
import { gapSpec } from './gap';
import type { GapPoint } from './gap';
import { lossSpec } from './loss';
import { neighboursSpec } from './neighbours';
import { rocSpec } from './roc';
import type { RocRow } from './roc';
import { searchSpec } from './search';
import type { FigureSpec } from './svg';

function withPanels(spec: FigureSpec): FigureSpec | undefined {
  return spec.panels.length === 0 ? undefined : spec;
}

/** Confidences of the rows that the report names, else of original, focus and reference. */
export function confidenceOf(report: Report): FigureSpec | undefined {
  const named = report.confidenceRows?.flatMap((name) => report.rows.filter((row) => row.name === name));
  const chosen = named ?? [originalOf(report), focusOf(report), referenceOf(report)];
  const rows = [...new Set(chosen.filter((row) => row !== undefined))];
  if (rows.length === 0) return undefined;
  return confidenceSpec(
    rows.map(({ name, evaluation }) => ({ name, confidence: evaluation.confidence })),
    thingsOf(report),
  );
}

function rocRow(row: ReportRow | undefined): RocRow | undefined {
  const separation = row?.evaluation.membership.rmia?.forgetVsTest;
  if (row === undefined || separation === undefined || separation.roc.fpr.length === 0) return undefined;
  return { name: row.name, auc: separation.auc, roc: separation.roc };
}

/** ROC curves of the RMIA attack. */
export function rocOf(report: Report): FigureSpec | undefined {
  return withPanels(
    rocSpec({
      methods: methodsOf(report)
        .map(rocRow)
        .filter((row) => row !== undefined),
      original: rocRow(originalOf(report)),
      reference: rocRow(referenceOf(report)),
    }),
  );
}

function markOf(row: { name: string; role: string }, focus: ReportRow | undefined): GapPoint['mark'] {
  if (row.role === 'original') return 'original';
  return row.name === focus?.name ? 'forget' : 'test';
}

/** Gaps of one run. */
function runPoints(report: Report, metric: Metric, reference: ReportRow): GapPoint[] {
  const ideal = metric.read(reference);
  const rows = report.rows.filter((row) => row !== reference && metric.read(row) !== undefined);
  if (ideal === undefined) return [];
  return rows.map((row) => ({
    name: row.name,
    gap: (metric.read(row)! - ideal) * metric.scale,
    mark: markOf(row, focusOf(report)),
  }));
}

/** Gaps over the seeds, with their paired intervals. */
function seedPoints(report: Report, metric: Metric, reference: ReportRow): GapPoint[] {
  const { rows, differences } = report.seeds!;
  return rows.flatMap((row) => {
    const difference = differences.find(
      ({ metric: key, name, versus }) => key === metric.key && name === row.name && versus === reference.name,
    );
    if (difference === undefined) return [];
    const [gap, low, high] = [difference.mean, difference.interval.low, difference.interval.high];
    const scaled = { gap: gap * metric.scale, low: low * metric.scale, high: high * metric.scale };
    return [{ name: row.name, ...scaled, mark: markOf(row, focusOf(report)) }];
  });
}

/** Distances to the retrained model. */
export function gapOf(report: Report): FigureSpec | undefined {
  const reference = referenceOf(report);
  if (reference === undefined) return undefined;
  const overSeeds = (report.seeds?.seeds.length ?? 0) > 1;
  const groups = GAP_PARTS.map(metricOf).map((metric) => ({
    title: metric.label,
    unit: metric.key === 'rmiaAuc' ? 'AUC ×100' : 'points',
    points: (overSeeds ? seedPoints : runPoints)(report, metric, reference),
  }));
  const whiskers = overSeeds
    ? `Dots are means over ${report.seeds!.seeds.length} seeds, lines their paired 95 % intervals.`
    : '';
  return withPanels(
    gapSpec(
      groups.filter(({ points }) => points.length > 0),
      reference.name,
      whiskers,
    ),
  );
}

/** Histograms of the search. */
export function searchOf(report: Report): FigureSpec | undefined {
  return report.search === undefined ? undefined : withPanels(searchSpec(report.search, thingsOf(report)));
}

/** Image pairs. */
export function neighboursOf(report: Report): FigureSpec | undefined {
  return report.neighbours === undefined ? undefined : withPanels(neighboursSpec(report.neighbours));
}

/** Loss curves. */
export function lossOf(report: Report): FigureSpec | undefined {
  const rows = report.rows.flatMap(({ name, history }) => (history === undefined ? [] : [{ name, history }]));
  return withPanels(lossSpec(rows));
}
