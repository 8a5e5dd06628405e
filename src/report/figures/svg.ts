/**
 * Building blocks of figures: panels of SVG markup, composed into one standalone picture, or set side by side by a page so
 * that they flow on a narrow screen and their letters keep their size.
 */
import { escapeText } from '../format';
import { FIGURE_CSS } from './theme';

/** A drawing with its own coordinates, from (0, 0). */
export interface Panel {
  readonly width: number;
  readonly height: number;
  /** What it is, for screen readers and tooltips. */
  readonly title: string;
  /** What it shows, in words and numbers, for who can't see it. */
  readonly description: string;
  /** SVG markup. */
  readonly body: string;
}

/** A colour and what it stands for. */
export interface LegendEntry {
  readonly label: string;
  readonly mark: 'forget' | 'test' | 'ink' | 'original';
  readonly dashed?: boolean;
  /** An area instead of a line. */
  readonly filled?: boolean;
}

/** Panels with a common title. */
export interface FigureSpec {
  /** Unique within a page; letters and hyphens. */
  readonly id: string;
  readonly title: string;
  /** A line below the title. */
  readonly subtitle: string;
  readonly legend: readonly LegendEntry[];
  readonly panels: readonly Panel[];
}

/** A coordinate, short enough for markup. */
export function coordinate(value: number): string {
  return String(Math.round(value * 100) / 100);
}

/** Style and placement of a text. */
export interface TextStyle {
  readonly anchor?: 'start' | 'middle' | 'end';
  /** Classes, such as `am-f-muted`. */
  readonly classes?: string;
}

/** A text, escaped. */
export function text(x: number, y: number, content: string, { anchor, classes = 'am-f-ink' }: TextStyle = {}): string {
  const align = anchor === undefined || anchor === 'start' ? '' : ` text-anchor="${anchor}"`;
  return `<text x="${coordinate(x)}" y="${coordinate(y)}"${align} class="${classes}">${escapeText(content)}</text>`;
}

/** A straight line. */
export function rule(x1: number, y1: number, x2: number, y2: number, classes: string): string {
  const [a, b, c, d] = [x1, y1, x2, y2].map(coordinate);
  return `<line x1="${a}" y1="${b}" x2="${c}" y2="${d}" class="${classes}"/>`;
}

/** A path. */
export function path(d: string, classes: string): string {
  return `<path d="${d}" class="${classes}"/>`;
}

/** Rough width in pixels of a text of 12 px: enough to keep labels apart without a font at hand. */
export function textWidth(content: string, size = 12): number {
  return content.length * size * 0.54;
}

/** Text cut to a width in pixels. */
export function fit(content: string, width: number, size = 12): string {
  const letters = Math.max(1, Math.floor(width / (size * 0.54)));
  return content.length <= letters ? content : `${content.slice(0, letters - 1).trimEnd()}…`;
}

/** Lines of whole words, each within a width in pixels. */
export function wrap(content: string, width: number, size = 12): string[] {
  const lines: string[] = [];
  for (const word of content.split(' ')) {
    const last = lines[lines.length - 1];
    if (last !== undefined && textWidth(`${last} ${word}`, size) <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** A swatch as a legend shows it, 18 wide, about a baseline of 0. */
export function swatch({ mark, dashed, filled }: LegendEntry): string {
  const area = filled ? `<rect y="-9" width="18" height="10" class="am-f-${mark} am-soft"/>` : '';
  const y = filled ? -9 : -4;
  return `${area}<line x1="0" y1="${y}" x2="18" y2="${y}" class="am-line am-s-${mark}${dashed ? ' am-dash' : ''}"/>`;
}

function legendRows(entries: readonly LegendEntry[], width: number): { markup: string; height: number } {
  let x = 0;
  let y = 0;
  const parts = entries.map((entry) => {
    const needed = 26 + textWidth(entry.label, 13) + 22;
    if (x > 0 && x + needed > width) {
      x = 0;
      y += 18;
    }
    const part = `<g transform="translate(${coordinate(x)} ${y})">${swatch(entry)}${text(26, 0, entry.label)}</g>`;
    x += needed;
    return part;
  });
  return { markup: parts.join(''), height: entries.length === 0 ? 0 : y + 18 };
}

/** The panel as an SVG element for a page that carries the style sheet. */
export function panelSvg(panel: Panel, id: string): string {
  const { width, height, title, description, body } = panel;
  return (
    `<svg class="am" role="img" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" ` +
    `aria-labelledby="${id}-t ${id}-d"><title id="${id}-t">${escapeText(title)}</title>` +
    `<desc id="${id}-d">${escapeText(description)}</desc>${body}</svg>`
  );
}

const MARGIN = 24;
const GUTTER = 24;

/** The panels as rows of a grid, from (0, 0). */
export function panelGrid(
  panels: readonly Panel[],
  columns: number,
): { markup: string; width: number; height: number } {
  const cellWidth = Math.max(0, ...panels.map((panel) => panel.width));
  const cellHeight = Math.max(0, ...panels.map((panel) => panel.height));
  const used = Math.min(columns, panels.length);
  const markup = panels.map((panel, i) => {
    const x = (i % columns) * (cellWidth + GUTTER);
    const y = Math.floor(i / columns) * (cellHeight + GUTTER);
    return `<g transform="translate(${x} ${y})">${panel.body}</g>`;
  });
  const rows = Math.ceil(panels.length / columns);
  return {
    markup: markup.join(''),
    width: used * cellWidth + Math.max(0, used - 1) * GUTTER,
    height: rows * cellHeight + Math.max(0, rows - 1) * GUTTER,
  };
}

/** A standalone picture on its own paper, so that it can be read on a light page and on a dark one. */
export function standaloneSvg(spec: FigureSpec, columns = 3): string {
  const grid = panelGrid(spec.panels, columns);
  const width = Math.max(grid.width, 480);
  const subtitle = wrap(spec.subtitle, width, 13);
  const legend = legendRows(spec.legend, width);
  const legendTop = MARGIN + 24 + subtitle.length * 18 + 6;
  const gridTop = legendTop + legend.height + 6;
  const body = [
    text(MARGIN, MARGIN + 14, spec.title, { classes: 'am-f-ink am-headline' }),
    ...subtitle.map((line, i) => text(MARGIN, MARGIN + 36 + i * 18, line, { classes: 'am-f-muted' })),
    `<g transform="translate(${MARGIN} ${legendTop + 12})">${legend.markup}</g>`,
    `<g transform="translate(${MARGIN} ${gridTop})">${grid.markup}</g>`,
  ];
  const description = spec.panels.map((panel) => panel.description).join(' ');
  return onPaper(spec, description, width + 2 * MARGIN, gridTop + grid.height + MARGIN, body.join(''));
}

/** Wraps markup into a standalone SVG document with style sheet and background. */
export function onPaper(
  { id, title }: { id: string; title: string },
  description: string,
  width: number,
  height: number,
  body: string,
): string {
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" class="am" role="img" viewBox="0 0 ${width} ${height}" width="${width}" ` +
    `height="${height}" aria-labelledby="${id}-t ${id}-d"><title id="${id}-t">${escapeText(title)}</title>` +
    `<desc id="${id}-d">${escapeText(description)}</desc><style>${FIGURE_CSS}</style>` +
    `<rect width="${width}" height="${height}" rx="8" class="am-f-paper"/>${body}</svg>`
  );
}
