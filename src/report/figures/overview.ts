/**
 * One picture for a README: confidences before, after unlearning and after retraining, side by side, over a strip of
 * forgotten images beside their neighbours.
 */
import { duration, fixed, thousands } from '../format';
import type { NeighbourFigures, NeighbourPair, Report, ReportRow } from '../types';
import { focusOf, originalOf, referenceOf, thingsOf } from '../cast';
import { rmiaAuc } from '../metrics';
import { confidenceSpec } from './confidence';
import { imageUri } from './image';
import { className } from './neighbours';
import { coordinate, fit, onPaper, panelGrid, swatch, text, wrap } from './svg';

const MARGIN = 28;
const TILE = 66;
const PAIR_WIDTH = 2 * TILE + 4;
const PAIR_GAP = 27;
const MOST_PAIRS = 6;

function timed(name: string, row: ReportRow): string {
  return row.seconds === undefined ? name : `${name}, ${duration(row.seconds * 1000)}`;
}

/** The up to three rows that tell the story, named by what was done. */
function stages(report: Report): { name: string; row: ReportRow }[] {
  const [original, focus, reference] = [originalOf(report), focusOf(report), referenceOf(report)];
  const found: { name: string; row: ReportRow }[] = [];
  if (original !== undefined) found.push({ name: 'Before', row: original });
  if (focus !== undefined) found.push({ name: timed(`After ${focus.name}`, focus), row: focus });
  if (reference !== undefined) found.push({ name: timed('Retrained without them', reference), row: reference });
  return found;
}

function remarkOf({ evaluation }: ReportRow): string | undefined {
  const auc = rmiaAuc(evaluation);
  return auc === undefined ? undefined : `an attacker’s AUC ${fixed(auc * 100, 1)}`;
}

function pairMarkup(pair: NeighbourPair, names: readonly string[] | undefined): string {
  const image = (x: number, uri: string) =>
    `<image x="${x}" y="0" width="${TILE}" height="${TILE}" href="${uri}" class="am-image"/>`;
  const half = PAIR_WIDTH / 2;
  const style = { anchor: 'middle', classes: 'am-f-ink am-small' } as const;
  return (
    image(0, imageUri(pair.original)) +
    image(TILE + 4, imageUri(pair.neighbour)) +
    text(half, TILE + 16, fit(className(pair.label, names), PAIR_WIDTH, 11), style) +
    text(half, TILE + 31, fit(`→ ${className(pair.adversarialLabel, names)}`, PAIR_WIDTH, 11), style)
  );
}

function strip({ pairs, classNames }: NeighbourFigures, things: string): string {
  const shown = pairs.slice(0, MOST_PAIRS);
  const title = `Forgotten ${things}, each beside the nearest one that the original model takes for something else`;
  const markup = shown.map(
    (pair, i) =>
      `<g transform="translate(${coordinate(i * (PAIR_WIDTH + PAIR_GAP))} 18)">${pairMarkup(pair, classNames)}</g>`,
  );
  return text(0, 0, title, { classes: 'am-f-muted' }) + markup.join('');
}

/** The picture as a standalone SVG document, or undefined for a report without rows. */
export function overviewSvg(report: Report): string | undefined {
  const shown = stages(report);
  if (shown.length === 0) return undefined;
  const things = thingsOf(report);
  const rows = shown.map(({ name, row }) => ({ name, confidence: row.evaluation.confidence, remark: remarkOf(row) }));
  const spec = confidenceSpec(rows, things);
  const grid = panelGrid(spec.panels, 3);
  const count = thousands(shown[0].row.evaluation.sizes.forget);
  const legend = [`the ${count} ${things} to forget`, `${things} it never saw`];
  const keys = spec.legend.map((entry, i) => {
    const label = swatch(entry) + text(26, 0, legend[i], { classes: 'am-f-ink am-strong' });
    return `<g transform="translate(${i * (legend[0].length * 7 + 60)} 0)">${label}</g>`;
  });
  const width = Math.max(grid.width, 948) + 2 * MARGIN;
  const title = `A classifier’s confidence, before and after forgetting ${count} ${things}`;
  const lines = wrap(title, width - 2 * MARGIN, 22);
  const gridTop = MARGIN + 58 + 26 * lines.length;
  const pairs = report.neighbours?.pairs.length ?? 0;
  const stripTop = gridTop + grid.height + 34;
  const bottom = pairs > 0 ? stripTop + TILE + 56 : gridTop + grid.height;
  const body = [
    ...lines.map((line, i) => text(MARGIN, MARGIN + 16 + 26 * i, line, { classes: 'am-f-ink am-headline' })),
    `<g transform="translate(${MARGIN} ${gridTop - 34})">${keys.join('')}</g>`,
    `<g transform="translate(${MARGIN} ${gridTop})">${grid.markup}</g>`,
    pairs > 0 ? `<g transform="translate(${MARGIN} ${stripTop})">${strip(report.neighbours!, things)}</g>` : '',
  ];
  const description = spec.panels.map((panel) => panel.description).join(' ');
  return onPaper({ id: 'am-overview', title }, description, width, bottom + MARGIN - 8, body.join(''));
}
