/**
 * The frame of a plot: heading, grid lines, axes with their labels. Sparse on purpose: horizontal grid lines only, numbers
 * in place of axis lines.
 */
import type { ScaleContinuousNumeric } from 'd3-scale';
import { rule, text } from './svg';

/** Edges of a plot's inside within its panel. */
export interface Frame {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** One axis. */
export interface Axis {
  readonly scale: ScaleContinuousNumeric<number, number>;
  /** Where to put numbers. */
  readonly ticks: readonly number[];
  readonly format: (value: number) => string;
  readonly label: string;
}

/** Name and a line of explanation above a plot. */
export function heading(title: string, explanation: string): string {
  return (
    text(0, 14, title, { classes: 'am-f-ink am-title' }) + text(0, 32, explanation, { classes: 'am-f-muted am-num' })
  );
}

/** Grid lines and numbers of the vertical axis; its label stands above the top number. */
export function verticalAxis({ left, right }: Frame, { scale, ticks, format, label }: Axis): string {
  const lines = ticks.map((tick, i) => {
    const y = scale(tick);
    const last = i === ticks.length - 1;
    return (
      rule(left, y, right, y, `am-rule am-s-${tick === 0 ? 'muted' : 'grid'}`) +
      (tick === 0
        ? ''
        : text(left, y - 4, last ? `${format(tick)} ${label}`.trim() : format(tick), {
            classes: 'am-f-muted am-small am-num',
          }))
    );
  });
  return lines.join('');
}

/** Ticks and numbers of the horizontal axis; its label stands below them. */
export function horizontalAxis({ left, right, bottom }: Frame, { scale, ticks, format, label }: Axis): string {
  const style = 'am-f-muted am-small am-num';
  const numbers = ticks.map((tick) => {
    const x = scale(tick);
    const anchor = x <= left + 4 ? 'start' : x >= right - 4 ? 'end' : 'middle';
    return (
      rule(x, bottom, x, bottom + 4, 'am-rule am-s-muted') +
      text(x, bottom + 16, format(tick), { anchor, classes: style })
    );
  });
  return numbers.join('') + text((left + right) / 2, bottom + 32, label, { anchor: 'middle', classes: style });
}
