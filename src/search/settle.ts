/**
 * What becomes of the examples of a batch once an attack is through with them.
 */
import type { LabelledBatch } from '../data/labelled';
import type { AttackResult } from './attack';
import type { Neighbours } from './neighbours';
import { at, positionsOf } from './positions';
import { pickRows, type RowCollector } from './row-collector';
import type { RoundsContext } from './rounds-context';
import { keepVerified } from './verify';

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
  const found = positionsOf(rows, (i) => result.found[i] === 1);
  const claimed = { x0, xs: result.xs, rows, labels, radiusAt: () => radius };
  const refuted = new Set(await keepVerified(context, neighbours, found, claimed));
  const isStuck = (i: number): boolean => result.found[i] !== 1 && result.stuck?.[i] === 1;
  const stuck = positionsOf(rows, isStuck);
  for (const i of stuck) neighbours.giveUp(rows[i], radius);
  const left = positionsOf(rows, (i) => refuted.has(i) || (result.found[i] !== 1 && !isStuck(i)));
  if (left.length > 0) survivors.add(at(rows, left), pickRows(result.xs, left));
  context.control.advance(rows.length - left.length);
}
