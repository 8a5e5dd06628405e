/**
 * Tables as HTML: scopes on headers, the meaning of each column on its header, words beside every mark.
 */
import type { ShownDifference } from '../differences';
import { escapeText } from '../format';
import type { Cell, Table } from '../table';

function headerCell(label: string, unit: string, meaning: string): string {
  return `<th scope="col"><abbr title="${escapeText(meaning)}">${escapeText(label)}</abbr><span>${escapeText(unit)}</span></th>`;
}

function cell({ value, spread, gap, best }: Cell): string {
  if (value === '') return '<td><span aria-hidden="true">–</span><span class="hidden">not measured</span></td>';
  const figure = best ? `<span class="best">${value}</span><span class="hidden"> (told apart as best)</span>` : value;
  const deviation = spread === undefined ? '' : ` <span class="spread">± ${spread}</span>`;
  const difference = gap === undefined ? '' : `<small><span class="hidden">gap to retrained </span>${gap}</small>`;
  return `<td>${figure}${deviation}${difference}</td>`;
}

function scrolling(label: string, table: string): string {
  return `<div class="scroll" tabindex="0" role="region" aria-label="${escapeText(label)}">${table}</div>`;
}

/** The comparison. */
export function comparisonHtml({ columns, rows }: Table, label: string, focus: string | undefined): string {
  const head = columns.map((metric) => headerCell(metric.label, metric.unit, metric.meaning)).join('');
  const body = rows.map(({ name, role, cells }) => {
    const classes = name === focus ? `${role} focus` : role;
    return `<tr class="${classes}"><th scope="row">${escapeText(name)}</th>${cells.map(cell).join('')}</tr>`;
  });
  return scrolling(
    label,
    `<table><thead><tr><th scope="col">Method</th>${head}</tr></thead><tbody>${body.join('')}</tbody></table>`,
  );
}

/** Paired differences over seeds. */
export function differencesHtml(differences: readonly ShownDifference[]): string {
  const head = ['Difference', 'Figure', 'Mean', '95 % interval', 'Verdict'];
  const body = differences.map(
    ({ figure, between, mean, interval, verdict }) =>
      `<tr><th scope="row">${escapeText(between)}</th><td class="word">${escapeText(figure)}</td><td>${mean}</td>` +
      `<td>${interval}</td><td class="word">${escapeText(verdict)}</td></tr>`,
  );
  const header = head.map((label, i) => `<th scope="col"${[1, 4].includes(i) ? ' class="word"' : ''}>${label}</th>`);
  return scrolling(
    'Differences over seeds',
    `<table class="differences"><thead><tr>${header.join('')}</tr></thead><tbody>${body.join('')}</tbody></table>`,
  );
}
