/**
 * Distance to the retrained model, figure by figure: a dot on the line at 0 behaves as if it had never seen the forget set.
 */
import { extent } from 'd3-array';
import { scaleLinear } from 'd3-scale';
import { signed } from '../format';
import { heading, horizontalAxis } from './frame';
import { coordinate, fit, rule, text } from './svg';
import type { FigureSpec, Panel } from './svg';

/** One dot: signed difference to the retrained model in per cent points, and its interval if there is one. */
export interface GapPoint {
  readonly name: string;
  readonly gap: number;
  readonly low?: number;
  readonly high?: number;
  readonly mark: 'forget' | 'test' | 'original';
}

/** One panel's dots. */
export interface GapGroup {
  readonly title: string;
  /** Unit of the axis. */
  readonly unit: string;
  readonly points: readonly GapPoint[];
}

const WIDTH = 232;
const ROW = 24;
const LABELS = 104;
const FRAME = { left: LABELS, right: WIDTH - 36, top: 48, bottom: 0 };

function pointMarkup(point: GapPoint, y: number, x: (value: number) => number): string {
  const { name, gap, low, high, mark } = point;
  const weight = mark === 'forget' ? ' am-strong' : '';
  const whisker =
    low === undefined || high === undefined ? '' : rule(x(low), y, x(high), y, `am-line am-thin am-s-${mark}`);
  const hollow = mark === 'original' ? `am-f-paper am-s-original` : `am-f-${mark} am-s-paper`;
  return (
    text(0, y + 4, fit(name, LABELS - 10, 11.5), { classes: `am-f-ink${weight}` }) +
    whisker +
    `<circle cx="${coordinate(x(gap))}" cy="${coordinate(y)}" r="5.5" stroke-width="1.5" class="${hollow}"/>` +
    text(WIDTH, y + 4, signed(gap, 1), { anchor: 'end', classes: `am-f-ink am-num${weight}` })
  );
}

function panelOf({ title, unit, points }: GapGroup, reference: string): Panel {
  const values = points.flatMap(({ gap, low, high }) => [gap, low ?? gap, high ?? gap]);
  const [low, high] = extent([...values, -0.5, 0.5]) as [number, number];
  const frame = { ...FRAME, bottom: FRAME.top + points.length * ROW + 6 };
  const x = scaleLinear([low, high], [frame.left + 8, frame.right - 8]).nice(4);
  const rows = points.map((_, i) => frame.top + ROW * i + ROW / 2);
  const body = [
    heading(title, `${unit}, gap to ${reference}`),
    ...rows.map((y) => rule(frame.left, y, frame.right, y, 'am-rule am-s-grid')),
    rule(x(0), frame.top, x(0), frame.bottom, 'am-rule am-s-ink'),
    ...points.map((point, i) => pointMarkup(point, rows[i], x)),
    horizontalAxis(frame, {
      scale: x,
      ticks: x.ticks(2),
      format: (value) => signed(value, value % 1 === 0 ? 0 : 1),
      label: '',
    }),
  ];
  return {
    width: WIDTH,
    height: frame.bottom + 22,
    title: `${title}: difference to ${reference}`,
    description: `${title}: ${points.map(({ name, gap }) => `${name} ${signed(gap, 1)}`).join(', ')}.`,
    body: body.join(''),
  };
}

/** One panel per figure. */
export function gapSpec(groups: readonly GapGroup[], reference: string, whiskers: string): FigureSpec {
  return {
    id: 'am-gap',
    title: 'How far from retraining',
    subtitle:
      `Each dot is a model; on the line it behaves like ${reference}, which never saw the forget set. ${whiskers}`.trim(),
    legend: [],
    panels: groups.map((group) => panelOf(group, reference)),
  };
}
