/**
 * `amun-ts/report`: results as one self-contained HTML page, as Markdown, as JSON with a versioned schema, and as single
 * figures.
 *
 * @packageDocumentation
 */
export { renderHtml } from './html/page';
export { renderMarkdown } from './markdown';
export { parseReport, reportJson } from './json';
export { aggregateRuns } from './aggregate';
export type { SeedRun } from './aggregate';
export {
  confidenceFigure,
  gapFigure,
  histogramFigure,
  lossFigure,
  neighboursFigure,
  overviewFigure,
  rocFigure,
} from './figures/standalone';
export { REPORT_SCHEMA } from './types';
export type {
  MetricKey,
  NeighbourFigures,
  NeighbourPair,
  PairedDifference,
  Report,
  ReportImage,
  ReportManifest,
  ReportRole,
  ReportRow,
  SearchFigures,
  SeedRow,
  SeedSummary,
  SpreadFigure,
} from './types';
export type { ConfidenceHistogram, Evaluation, Gaps, Interval, MembershipResult, Separation } from '../evaluate/types';
export type { EpochRecord } from '../unlearn/types';
