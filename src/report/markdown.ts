/**
 * A report as Markdown, for a pull request, a README or a terminal: findings, tables, manifest; no pictures.
 */
import { differencesOf } from './differences';
import { cautionsOf, findingsOf } from './findings';
import { checkReport } from './json';
import { manifestLines } from './manifest';
import { tableOfRun, tableOfSeeds } from './table';
import type { Cell, Table } from './table';
import type { Report } from './types';

/** Text in a line of Markdown: what would be read as markup, HTML or the end of a table's cell is escaped. */
function escapeMarkdown(text: string): string {
  return text
    .replace(/\s*[\r\n]+\s*/g, ' ')
    .replace(/[\\`*_[\]<>|~]/g, '\\$&')
    .replace(/&/g, '&amp;');
}

function cellText({ value, spread, gap, best }: Cell): string {
  if (value === '') return '–';
  const figure = spread === undefined ? value : `${value} ± ${spread}`;
  return `${best ? `**${figure}**` : figure}${gap === undefined ? '' : ` (${gap})`}`;
}

function tableLines(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  words: readonly number[],
): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(header), line(header.map((_, i) => (words.includes(i) ? ':--' : '--:'))), ...rows.map(line)];
}

function comparison({ columns, rows }: Table): string[] {
  const header = ['Method', ...columns.map(({ label, unit }) => `${label} (${unit})`)];
  return tableLines(
    header,
    rows.map(({ name, cells }) => [escapeMarkdown(name), ...cells.map(cellText)]),
    [0],
  );
}

function differenceLines(report: Report): string[] {
  const rows = differencesOf(report).map(({ figure, between, mean, interval, verdict }) => [
    figure,
    escapeMarkdown(between),
    mean,
    interval,
    escapeMarkdown(verdict),
  ]);
  if (rows.length === 0) return [];
  const header = ['Figure', 'Difference', 'Mean', '95 % interval', 'Verdict'];
  return ['### Told apart?', '', ...tableLines(header, rows, [0, 1, 4]), ''];
}

function footnotes(tables: readonly Table[]): string[] {
  const columns = [...new Set(tables.flatMap((table) => table.columns))];
  return [
    'In brackets: difference to the retrained model. **Bold**: told apart as the best; where the data can’t tell, nothing is bold.',
    '',
    ...columns.map(({ label, meaning }) => `- ${label}: ${meaning}`),
    '',
  ];
}

function bullets(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`## ${title}`, '', ...lines.map((line) => `- ${escapeMarkdown(line)}`), ''];
}

/**
 * The report as GitHub-flavoured Markdown. Strings of the report are escaped.
 *
 * @throws AmunError `invalid-inputs` when the report does not follow its schema.
 */
export function renderMarkdown(report: Report): string {
  checkReport('renderMarkdown', report);
  const single = tableOfRun(report.rows);
  const overSeeds = report.seeds === undefined ? undefined : tableOfSeeds(report.seeds);
  const tables = [...(overSeeds === undefined ? [] : [overSeeds]), single];
  const count = report.seeds?.seeds.length;
  const notes = [...report.rows.flatMap(({ name, note }) => (note === undefined ? [] : [`${name}: ${note}`]))];
  const lines = [
    `# ${escapeMarkdown(report.title)}`,
    '',
    ...(report.subtitle === undefined ? [] : [escapeMarkdown(report.subtitle), '']),
    ...bullets('What was found', findingsOf(report)),
    ...(report.notes ?? []).flatMap((note) => [escapeMarkdown(note), '']),
    ...(overSeeds === undefined
      ? []
      : [
          `## Over ${count} ${count === 1 ? 'seed' : 'seeds'}`,
          '',
          ...comparison(overSeeds),
          '',
          ...differenceLines(report),
        ]),
    overSeeds === undefined ? '## Comparison' : '## One seed in full',
    '',
    ...comparison(single),
    '',
    ...footnotes(tables),
    ...bullets('Remarks', notes),
    ...bullets('Take care', cautionsOf(report)),
    ...bullets(
      'How this was made',
      manifestLines(report.manifest).map(({ label, value }) => `${label}: ${value}`),
    ),
  ];
  return `${lines.join('\n').trimEnd()}\n`;
}
