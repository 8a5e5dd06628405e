/**
 * Loss by epoch, one panel per method, one line per pass of an epoch. Scales differ between panels: ascent, for one, goes
 * where no other method goes.
 */
import { extent, ticks } from 'd3-array';
import { scaleLinear } from 'd3-scale';
import { line } from 'd3-shape';
import type { EpochRecord } from '../../unlearn/types';
import { significant } from '../format';
import { heading, horizontalAxis, verticalAxis } from './frame';
import { coordinate, path, text } from './svg';
import type { FigureSpec, Panel } from './svg';

/** One method's history. */
export interface LossRow {
  readonly name: string;
  readonly history: readonly EpochRecord[];
}

const WIDTH = 300;
const HEIGHT = 210;
const GUTTER = 36;
const FRAME = { left: 0, right: WIDTH - 44, top: 58, bottom: HEIGHT - 36 };
const STYLES = ['am-s-forget', 'am-s-test', 'am-s-ink am-dash', 'am-s-original'];

interface Series {
  readonly pass: string;
  readonly points: readonly (readonly [number, number])[];
}

function seriesOf(history: readonly EpochRecord[]): Series[] {
  const passes = [...new Set(history.flatMap((record) => Object.keys(record.losses)))];
  return passes
    .map((pass) => ({
      pass,
      points: history.flatMap(({ epoch, losses }) =>
        Number.isFinite(losses[pass]) ? [[epoch, losses[pass]] as const] : [],
      ),
    }))
    .filter(({ points }) => points.length > 0);
}

/** Positions for end labels at least 13 px apart, in the order of the values. */
function spreadOut(wanted: readonly number[]): number[] {
  const order = wanted.map((_, i) => i).sort((a, b) => wanted[a] - wanted[b]);
  const placed = [...wanted];
  order.forEach((index, rank) => {
    if (rank > 0) placed[index] = Math.max(placed[index], placed[order[rank - 1]] + 13);
  });
  return placed;
}

function panelOf({ name, history }: LossRow): Panel | undefined {
  const series = seriesOf(history);
  if (series.length === 0) return undefined;
  const values = series.flatMap(({ points }) => points.map(([, loss]) => loss));
  const [low, high] = extent([...values, 0]) as [number, number];
  const last = Math.max(...history.map((record) => record.epoch));
  const x = scaleLinear([Math.min(1, last - 1), last], [GUTTER, FRAME.right]);
  const y = scaleLinear([low, high > low ? high : low + 1], [FRAME.bottom, FRAME.top]);
  const curve = line<readonly [number, number]>(
    (d) => x(d[0]),
    (d) => y(d[1]),
  ).digits(1);
  const ends = series.map(({ points }) => points[points.length - 1]);
  const labels = spreadOut(ends.map(([, loss]) => y(loss)));
  const body = [
    heading(name, `Loss, ${history.length} ${history.length === 1 ? 'epoch' : 'epochs'}`),
    verticalAxis(FRAME, {
      scale: y,
      ticks: ticks(...(y.domain() as [number, number]), 3),
      format: significant,
      label: '',
    }),
    ...series.map(({ points }, i) => path(curve([...points])!, `am-line ${STYLES[i % STYLES.length]}`)),
    ...ends.map(([epoch, loss], i) => dot(x(epoch), y(loss), STYLES[i % STYLES.length])),
    ...series.map(({ pass }, i) => text(FRAME.right + 6, labels[i] + 4, pass, { classes: 'am-f-ink am-small' })),
    horizontalAxis(FRAME, { scale: x, ticks: x.ticks(4).filter(Number.isInteger), format: String, label: 'Epoch' }),
  ];
  const told = series.map(({ pass }, i) => `${pass} ${significant(ends[i][1])}`).join(', ');
  return {
    width: WIDTH,
    height: HEIGHT,
    title: `Loss of ${name}`,
    description: `${name}: loss after the last epoch: ${told}.`,
    body: body.join(''),
  };
}

function dot(x: number, y: number, style: string): string {
  return `<circle cx="${coordinate(x)}" cy="${coordinate(y)}" r="3" class="am-f-paper ${style}" stroke-width="2"/>`;
}

/** One panel per method with finite losses. */
export function lossSpec(rows: readonly LossRow[]): FigureSpec {
  return {
    id: 'am-loss',
    title: 'How the runs went',
    subtitle: 'Mean loss of each pass by epoch. Scales differ from panel to panel.',
    legend: [],
    panels: rows.map(panelOf).filter((panel) => panel !== undefined),
  };
}
