/**
 * How sure a model is of the true class, on examples to forget and on unseen ones. Before unlearning the two differ: that is
 * how an attacker knows a member. After it they should differ as little as in a model that never saw the forget set.
 *
 * Heights follow the square root of the shares (a rootogram, Tukey 1971): a network that has learned its data by heart puts
 * nearly all of it into the last bin, and what differs, the doubtful rest, would be too low to see.
 */
import { max } from 'd3-array';
import { scaleLinear, scalePow } from 'd3-scale';
import { area, curveStepAfter, line } from 'd3-shape';
import type { ConfidenceHistogram } from '../../evaluate/types';
import { fixed } from '../format';
import { heading, horizontalAxis, verticalAxis } from './frame';
import { path } from './svg';
import type { FigureSpec, Panel } from './svg';

/** One model's confidences. */
export interface ConfidenceRow {
  readonly name: string;
  readonly confidence: ConfidenceHistogram;
  /** Added to the line below the name. */
  readonly remark?: string;
}

const WIDTH = 300;
const HEIGHT = 240;
/** Grid lines: evenly spaced on the root scale. */
const SHARES = [0, 0.04, 0.16, 0.36, 0.64, 1];

const FRAME = { left: 0, right: WIDTH, top: 58, bottom: HEIGHT - 36 };

/** Points of a step curve through a histogram: one per edge, the last bin's value at both its edges. */
function steps(edges: readonly number[], shares: readonly number[]): [number, number][] {
  return edges.map((edge, i) => [edge, shares[Math.min(i, shares.length - 1)]]);
}

function panelOf({ name, confidence, remark }: ConfidenceRow, highest: number, things: string): Panel {
  const { edges, forget, test, ksForgetTest } = confidence;
  const x = scaleLinear([edges[0], edges[edges.length - 1]], [FRAME.left, FRAME.right]);
  const y = scalePow([0, highest], [FRAME.bottom, FRAME.top]).exponent(0.5);
  const filled = area<[number, number]>(
    (d) => x(d[0]),
    y(0),
    (d) => y(d[1]),
  )
    .curve(curveStepAfter)
    .digits(1);
  const outline = line<[number, number]>(
    (d) => x(d[0]),
    (d) => y(d[1]),
  )
    .curve(curveStepAfter)
    .digits(1);
  const ks = fixed(ksForgetTest, 3);
  const last = (shares: readonly number[]) => fixed(100 * shares[shares.length - 1], 0);
  const body = [
    heading(name, `KS distance ${ks}${remark === undefined ? '' : `, ${remark}`}`),
    verticalAxis(FRAME, {
      scale: y,
      ticks: SHARES.filter((share) => share <= highest),
      format: (value) => `${fixed(value * 100, 0)} %`,
      label: `of ${things}, root scale`,
    }),
    path(filled(steps(edges, forget))!, 'am-f-forget am-soft'),
    path(filled(steps(edges, test))!, 'am-f-test am-faint'),
    path(outline(steps(edges, forget))!, 'am-line am-s-forget'),
    path(outline(steps(edges, test))!, 'am-line am-s-test'),
    horizontalAxis(FRAME, {
      scale: x,
      ticks: [0, 0.25, 0.5, 0.75, 1],
      format: String,
      label: 'Probability of the true class',
    }),
  ];
  return {
    width: WIDTH,
    height: HEIGHT,
    title: `Confidence of ${name}`,
    description:
      `${name}: in the highest bin of confidence are ${last(forget)} % of the forgotten and ${last(test)} % of the ` +
      `unseen ${things}; Kolmogorov–Smirnov distance ${ks}.`,
    body: body.join(''),
  };
}

/** Confidences of several models on one scale. */
export function confidenceSpec(rows: readonly ConfidenceRow[], things: string): FigureSpec {
  const highest = max(rows, ({ confidence }) => max([...confidence.forget, ...confidence.test]))!;
  return {
    id: 'am-confidence',
    title: 'How sure the model is of the right answer',
    subtitle: `Share of ${things} (square-root scale) by the probability that the model gives their true class. Forgetting is done when the two shapes differ no more than after retraining.`,
    legend: [
      { label: `to forget`, mark: 'forget', filled: true },
      { label: `never seen (test set)`, mark: 'test', filled: true },
    ],
    panels: rows.map((row) => panelOf(row, highest, things)),
  };
}
