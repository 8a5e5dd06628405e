/**
 * Who plays which part in a report: the model before, the yardstick, and the method that the page is about.
 */
import type { Report, ReportRow } from './types';

/** The model before unlearning, if the report has it. */
export function originalOf(report: Report): ReportRow | undefined {
  return report.rows.find((row) => row.role === 'original');
}

/** The retrained model, if the report has it. */
export function referenceOf(report: Report): ReportRow | undefined {
  return report.rows.find((row) => row.role === 'reference');
}

/** The unlearning methods. */
export function methodsOf(report: Report): readonly ReportRow[] {
  return report.rows.filter((row) => row.role === 'method');
}

/** The method that the page is about: {@link Report.focus}, else the one named Amun, else the first. */
export function focusOf(report: Report): ReportRow | undefined {
  const methods = methodsOf(report);
  if (report.focus !== undefined) return report.rows.find((row) => row.name === report.focus);
  return methods.find((row) => row.name.toLowerCase() === 'amun') ?? methods[0];
}

/** What was forgotten, as a plural noun. */
export function thingsOf(report: Report): string {
  return report.things ?? (report.neighbours === undefined ? 'examples' : 'images');
}
