/**
 * The report as one HTML page that needs nothing else: no script, no request, no font to load. A content security policy in
 * the page holds the browser to that.
 */
import { focusOf, referenceOf } from '../cast';
import { differencesOf } from '../differences';
import { confidenceOf, gapOf, lossOf, neighboursOf, rocOf, searchOf } from '../figures/from-report';
import { cautionsOf, findingsOf } from '../findings';
import { escapeText } from '../format';
import { checkReport } from '../json';
import { manifestLines, optionsJson } from '../manifest';
import { tableOfRun, tableOfSeeds } from '../table';
import type { Report } from '../types';
import { figureHtml, framed } from './figures';
import { keysHtml } from './keys';
import { PAGE_CSS } from './style';
import { comparisonHtml, differencesHtml } from './tables';

const POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

const paragraphs = (lines: readonly string[]) => lines.map((line) => `<p>${escapeText(line)}</p>`).join('');
const items = (lines: readonly string[]) => `<ul>${lines.map((line) => `<li>${escapeText(line)}</li>`).join('')}</ul>`;

function headHtml({ title, subtitle, manifest }: Report): string {
  const { createdAt } = manifest;
  const date =
    createdAt === undefined
      ? ''
      : `<time datetime="${escapeText(createdAt)}">${escapeText(createdAt.slice(0, 10))}</time>`;
  const deck = subtitle === undefined ? '' : `<p class="deck">${escapeText(subtitle)}</p>`;
  return `<header><p class="kicker"><span><b>amun-ts</b> unlearning report</span>${date}</p><h1>${escapeText(title)}</h1>${deck}</header>`;
}

function findingsHtml(report: Report): string {
  const [lead, ...others] = findingsOf(report);
  const cautions = cautionsOf(report);
  const found =
    lead === undefined
      ? ''
      : `<h2>What was found</h2><p class="lead">${escapeText(lead)}</p>${others.length === 0 ? '' : items(others)}`;
  const notes = paragraphs(report.notes ?? []);
  const care = cautions.length === 0 ? '' : `<aside class="caution"><h2>Take care</h2>${items(cautions)}</aside>`;
  return found + notes + care === '' ? '' : `<section class="prose">${found}${notes}${care}</section>`;
}

function comparisonSections(report: Report): string {
  const focus = focusOf(report)?.name;
  const gaps = referenceOf(report) === undefined ? '' : 'Small figures: difference to the retrained model. ';
  const rule = `${gaps}Underlined: told apart as the best of its column. Where the data can’t tell, nothing is underlined.`;
  const remarks = report.rows.flatMap(({ name, note }) => (note === undefined ? [] : [`${name}: ${note}`]));
  const note = `<p class="note">${escapeText(rule)}</p>${remarks.map((line) => `<p class="note">${escapeText(line)}</p>`).join('')}`;
  const single =
    report.rows.length === 0 ? '' : comparisonHtml(tableOfRun(report.rows), 'Comparison of models', focus) + note;
  if (report.seeds === undefined)
    return single === '' ? '' : framed('am-table', 'The comparison in figures', '', single);
  const { seeds } = report.seeds;
  const several = seeds.length > 1;
  const title = several ? `The comparison over ${seeds.length} seeds` : 'The comparison over one seed';
  const means = several ? `Means and standard deviations over the seeds ${seeds.join(', ')}.` : '';
  const differences = differencesOf(report);
  const apart =
    'Differences paired by seed, with Student’s t intervals; where an interval contains 0, the two are not told apart. Not corrected for the number of comparisons.';
  return [
    framed('am-seeds', title, means, comparisonHtml(tableOfSeeds(report.seeds), title, focus) + note),
    differences.length === 0
      ? ''
      : framed('am-differences', 'Which differences can be told apart', apart, differencesHtml(differences)),
    single === '' ? '' : framed('am-table', 'One seed in full', '', single),
  ].join('');
}

function metricsHtml(report: Report): string {
  const columns = report.seeds === undefined ? tableOfRun(report.rows).columns : tableOfSeeds(report.seeds).columns;
  if (columns.length === 0) return '';
  const terms = columns.map(({ label, meaning }) => `<dt>${escapeText(label)}</dt><dd>${escapeText(meaning)}</dd>`);
  return `<section class="details metrics"><h2>What the figures mean</h2><dl>${terms.join('')}</dl></section>`;
}

function manifestHtml({ manifest, rows }: Report): string {
  const lines = manifestLines(manifest).map(
    ({ label, value }) => `<dt>${escapeText(label)}</dt><dd>${escapeText(value)}</dd>`,
  );
  const options = optionsJson(manifest, rows);
  const more =
    options === undefined
      ? ''
      : `<details><summary>Options in force</summary><pre tabindex="0">${escapeText(options)}</pre></details>`;
  return lines.length + more.length === 0
    ? ''
    : `<section class="details"><h2>How this was made</h2><dl>${lines.join('')}</dl>${more}</section>`;
}

/**
 * The report as one self-contained HTML page: no scripts, no external requests (its content security policy forbids both),
 * readable on a phone, in light and dark, and by screen readers. Strings of the report are escaped. Parts that the report
 * lacks are left out.
 *
 * @returns A complete HTML document.
 * @throws AmunError `invalid-inputs` when the report does not follow its schema.
 */
export function renderHtml(report: Report): string {
  checkReport('renderHtml', report);
  const body = [
    headHtml(report),
    keysHtml(report),
    findingsHtml(report),
    figureHtml(confidenceOf(report)),
    comparisonSections(report),
    figureHtml(gapOf(report)),
    figureHtml(rocOf(report)),
    figureHtml(neighboursOf(report)),
    figureHtml(searchOf(report)),
    figureHtml(lossOf(report)),
    metricsHtml(report),
    manifestHtml(report),
  ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeText(report.title)}</title>
<style>${PAGE_CSS}</style>
</head>
<body>
<main>
${body.filter((part) => part !== '').join('\n')}
</main>
<footer>Made by amun-ts; schema ${escapeText(report.schema)}.</footer>
</body>
</html>
`;
}
