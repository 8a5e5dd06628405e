/**
 * Reports to JSON and back, checked against the schema both ways: a report that can't be read again is not written.
 */
import { getDotPath, safeParse } from 'valibot';
import { AmunError } from '../core/errors';
import { show } from '../core/options';
import { finiteOnly } from './finite';
import { reportSchema } from './schema';
import { REPORT_SCHEMA } from './types';
import type { Report } from './types';

function refuse(where: string, message: string, cause?: unknown): never {
  throw new AmunError('invalid-inputs', `${where}: ${message}`, { cause });
}

function checkNames(where: string, { rows, focus, confidenceRows = [] }: Report): void {
  const names = rows.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined)
    refuse(where, `expected each row to have a name of its own, got '${twice}' twice. Rename one.`);
  for (const role of ['original', 'reference'] as const) {
    const count = rows.filter((row) => row.role === role).length;
    if (count > 1) refuse(where, `expected at most one row of role '${role}', got ${count}. Make the others methods.`);
  }
  for (const name of [...(focus === undefined ? [] : [focus]), ...confidenceRows]) {
    if (!names.includes(name))
      refuse(where, `expected focus and confidenceRows to name rows (${names.join(', ')}), got '${name}'.`);
  }
}

/** Refuses what is not a report: the first place where it departs from the schema, and how. */
export function checkReport(where: string, value: unknown): asserts value is Report {
  if (typeof value !== 'object' || value === null) refuse(where, `expected a report object, got ${show(value)}.`);
  const { schema } = value as { schema?: unknown };
  if (schema !== REPORT_SCHEMA) {
    refuse(
      where,
      `expected schema '${REPORT_SCHEMA}', got ${show(schema)}. Make the report with this version of amun-ts.`,
    );
  }
  const { issues } = safeParse(reportSchema, value, { abortEarly: true });
  if (issues !== undefined) {
    const [issue] = issues;
    const path = getDotPath(issue) ?? 'report';
    const problem =
      issue.type === 'check' ? issue.message : `expected ${issue.expected ?? issue.message}, got ${issue.received}`;
    refuse(where, `at ${path}: ${problem}. See the type Report.`);
  }
  checkNames(where, value as Report);
}

/**
 * The report as JSON, schema `amun-ts/report/1`. Losses that are not finite are left out; numbers in options and manifest that
 * are not finite become strings such as `"Infinity"`.
 *
 * @param indent Spaces of indentation. @default 0
 * @throws AmunError `invalid-inputs` when the report does not follow its schema.
 */
export function reportJson(report: Report, indent = 0): string {
  checkReport('reportJson', report);
  return JSON.stringify(report, finiteOnly, indent);
}

/**
 * Reads what {@link reportJson} wrote.
 *
 * @param json The text, or the object that it stands for.
 * @throws AmunError `invalid-inputs` for text that is not JSON, another schema, or a report that departs from it: the message
 * names the first place.
 */
export function parseReport(json: unknown): Report {
  let value = json;
  if (typeof json === 'string') {
    try {
      value = JSON.parse(json);
    } catch (error) {
      refuse('parseReport', 'expected JSON, got text that is none. Pass what reportJson() returned.', error);
    }
  }
  checkReport('parseReport', value);
  return value;
}
