/**
 * A histogram of a few hundred numbers with its median marked: radii and distances of the search.
 */
import { bin, max, median, ticks } from 'd3-array';
import { scaleLinear } from 'd3-scale';
import { significant, thousands } from '../format';
import { heading, horizontalAxis, verticalAxis } from './frame';
import { coordinate, rule, text } from './svg';
import type { Panel } from './svg';

/** What a histogram says beside its bars. */
export interface HistogramLabels {
  readonly title: string;
  /** Label of the horizontal axis. */
  readonly axis: string;
  /** What is counted, as a plural noun. */
  readonly things: string;
}

const WIDTH = 400;
const HEIGHT = 230;
const GUTTER = 30;
const FRAME = { left: 0, right: WIDTH, top: 58, bottom: HEIGHT - 36 };

interface Bar {
  readonly low: number;
  readonly high: number;
  readonly count: number;
}

function barsOf(values: readonly number[]): Bar[] {
  const bins = bin().thresholds(24)([...values]);
  return bins.map((group) => ({ low: group.x0!, high: group.x1!, count: group.length }));
}

/** The panel, or undefined without values. */
export function histogramPanel(values: readonly number[], { title, axis, things }: HistogramLabels): Panel | undefined {
  const middle = median(values);
  if (middle === undefined) return undefined;
  const bars = barsOf(values);
  const low = Math.min(0, bars[0].low);
  const high = bars[bars.length - 1].high;
  const x = scaleLinear([low, high > low ? high : low + 1], [GUTTER, FRAME.right]);
  const y = scaleLinear([0, max(bars, (bar) => bar.count)!], [FRAME.bottom, FRAME.top]);
  const rects = bars.map(({ low: from, high: to, count }) => {
    const width = Math.max(2, x(to) - x(from) - 1);
    const height = coordinate(FRAME.bottom - y(count));
    return `<rect x="${coordinate(x(from))}" y="${coordinate(y(count))}" width="${coordinate(width)}" height="${height}" class="am-f-test"/>`;
  });
  const label = `median ${significant(middle)}`;
  const nearRight = x(middle) > FRAME.right - 100;
  const body = [
    heading(title, `${thousands(values.length)} ${things}, ${label}`),
    verticalAxis(FRAME, {
      scale: y,
      ticks: ticks(0, y.domain()[1], 3).filter(Number.isInteger),
      format: thousands,
      label: '',
    }),
    ...rects,
    rule(x(middle), FRAME.top - 5, x(middle), FRAME.bottom, 'am-rule am-dash am-s-ink'),
    text(x(middle) + (nearRight ? 3 : -3), FRAME.top - 8, 'median', {
      anchor: nearRight ? 'end' : 'start',
      classes: 'am-f-ink am-small',
    }),
    horizontalAxis(FRAME, { scale: x, ticks: x.ticks(6), format: significant, label: axis }),
  ];
  const [least, most] = [Math.min(...values), Math.max(...values)].map(significant);
  return {
    width: WIDTH,
    height: HEIGHT,
    title,
    description: `${title}: ${values.length} values from ${least} to ${most}, ${label}.`,
    body: body.join(''),
  };
}
