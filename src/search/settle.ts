/**
 * What becomes of the examples of a batch once an attack is through with them.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { LabelledBatch } from '../data/labelled';
import type { AttackResult } from './attack';
import type { Neighbours } from './neighbours';
import { at, positionsOf } from './positions';
import { pickRows, type RowCollector } from './row-collector';
import type { RoundsContext } from './rounds-context';
import { shorten } from './shorten';

/** A batch, what an attack made of it, and within which radius. The caller keeps the tensors. */
export interface Attacked {
  readonly batch: LabelledBatch & { readonly rows: Int32Array };
  readonly result: AttackResult;
  readonly radius: number;
}

/** Takes over what an attack has found, once it is checked; the rest goes on or, if stuck, is given up. */
export async function settle(
  context: RoundsContext,
  neighbours: Neighbours,
  survivors: RowCollector,
  { batch: { rows, xs: x0, labels }, result, radius }: Attacked,
): Promise<void> {
  neighbours.gradientSteps += result.gradientSteps ?? 0;
  const claimed = positionsOf(rows, (i) => result.found[i] === 1);
  const refuted = new Set(
    await keepVerified(context, neighbours, claimed, { x0, xs: result.xs, rows, labels, radius }),
  );
  const isStuck = (i: number): boolean => result.found[i] !== 1 && result.stuck?.[i] === 1;
  const stuck = positionsOf(rows, isStuck);
  for (const i of stuck) neighbours.giveUp(rows[i], radius);
  const left = positionsOf(rows, (i) => refuted.has(i) || (result.found[i] !== 1 && !isStuck(i)));
  if (left.length > 0) survivors.add(at(rows, left), pickRows(result.xs, left));
  context.control.advance(rows.length - left.length);
}

interface Points {
  readonly x0: Tensor;
  readonly xs: Tensor;
  readonly rows: Int32Array;
  readonly labels: Int32Array;
  readonly radius: number;
}

/** Adds the neighbours at these positions that a forward pass confirms, and returns the positions of the others. */
async function keepVerified(
  { view, norm, refine, control }: RoundsContext,
  neighbours: Neighbours,
  positions: readonly number[],
  { x0, xs, rows, labels, radius }: Points,
): Promise<readonly number[]> {
  if (positions.length === 0) return [];
  const claims = { x0: pickRows(x0, positions), xs: pickRows(xs, positions), labels: at(labels, positions) };
  try {
    const checked = await shorten(view, claims, norm, { steps: refine, checkpoint: () => control.checkpoint() });
    const kept = positionsOf(claims.labels, (i) => checked.verdicts[i].flipped);
    const facts = kept.map((i) => ({
      label: checked.verdicts[i].rival,
      epsilon: radius,
      distance: checked.distances[i],
    }));
    if (kept.length > 0) {
      const keptRows = at(
        rows,
        kept.map((i) => positions[i]),
      );
      neighbours.add(keptRows, pickRows(checked.xs, kept), facts);
    }
    checked.xs.dispose();
    return positions.filter((_, i) => !checked.verdicts[i].flipped);
  } finally {
    tf.dispose([claims.x0, claims.xs]);
  }
}
