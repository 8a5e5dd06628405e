/**
 * ROC curves of the membership attack, forget against test: one panel per method, over the model before and the retrained one.
 */
import { scaleLinear } from 'd3-scale';
import { line } from 'd3-shape';
import { fixed } from '../format';
import { heading, horizontalAxis, verticalAxis } from './frame';
import { path, rule } from './svg';
import type { FigureSpec, LegendEntry, Panel } from './svg';

/** One curve with the area under it, in [0, 1]. */
export interface RocRow {
  readonly name: string;
  readonly auc: number;
  readonly roc: { readonly fpr: readonly number[]; readonly tpr: readonly number[] };
}

/** What a ROC figure compares. */
export interface RocRows {
  readonly methods: readonly RocRow[];
  readonly original?: RocRow;
  readonly reference?: RocRow;
}

const SIZE = 180;
const FRAME = { left: 0, right: SIZE, top: 54, bottom: 54 + SIZE };
const TICKS = [0, 0.5, 1];

function panelOf(row: RocRow, { original, reference }: RocRows): Panel {
  const x = scaleLinear([0, 1], [FRAME.left, FRAME.right]);
  const y = scaleLinear([0, 1], [FRAME.bottom, FRAME.top]);
  const curve = line<number>(
    (_, i) => x(i),
    (value) => y(value),
  );
  const draw = ({ roc }: RocRow, classes: string) =>
    path(curve.x((_, i) => x(roc.fpr[i])).digits(1)([...roc.tpr])!, `am-line ${classes}`);
  const percent = (value: number) => `${fixed(value * 100, 0)} %`;
  const others = [original, reference].filter((other) => other !== undefined && other !== row);
  const body = [
    heading(row.name, `AUC ${fixed(row.auc * 100, 1)}`),
    verticalAxis(FRAME, { scale: y, ticks: TICKS, format: percent, label: 'of forget set caught' }),
    rule(x(0), y(0), x(1), y(1), 'am-s-grid'),
    original !== undefined && original !== row ? draw(original, 'am-thin am-s-original') : '',
    reference !== undefined && reference !== row ? draw(reference, 'am-thin am-dash am-s-ink') : '',
    draw(row, 'am-s-forget'),
    horizontalAxis(FRAME, { scale: x, ticks: TICKS, format: percent, label: 'of test set wrongly accused' }),
  ];
  return {
    width: SIZE,
    height: FRAME.bottom + 38,
    title: `ROC curve of the membership attack on ${row.name}`,
    description: [row, ...others].map((each) => `${each!.name}: area ${fixed(each!.auc * 100, 1)} of 100.`).join(' '),
    body: body.join(''),
  };
}

/** One panel per method; without methods one for the original. */
export function rocSpec(rows: RocRows): FigureSpec {
  const { original, reference } = rows;
  const legend: LegendEntry[] = [{ label: 'the model named above', mark: 'forget' }];
  if (original !== undefined) legend.push({ label: original.name, mark: 'original' });
  if (reference !== undefined) legend.push({ label: reference.name, mark: 'ink', dashed: true });
  const shown = rows.methods.length > 0 ? rows.methods : [original, reference].filter((row) => row !== undefined);
  return {
    id: 'am-roc',
    title: 'What an attacker can still tell',
    subtitle:
      'RMIA attack telling forgotten from unseen. On the diagonal (AUC 50) it guesses. A method did its work when its curve lies on the retrained model’s.',
    legend,
    panels: shown.map((row) => panelOf(row, rows)),
  };
}
