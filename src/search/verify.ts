/**
 * Takes over neighbours that a fresh forward pass confirms.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Neighbours } from './neighbours';
import { at, positionsOf } from './positions';
import { pickRows } from './row-collector';
import type { RoundsContext } from './rounds-context';
import { shorten } from './shorten';

/** Points said to be misclassified, and the examples they belong to. The caller keeps the tensors. */
export interface Claimed {
  /** Clean examples [B, …input]. */
  readonly x0: Tensor;
  /** Points [B, …input]. */
  readonly xs: Tensor;
  /** Numbers of the examples [B]. */
  readonly rows: Int32Array;
  /** Their true classes [B]. */
  readonly labels: Int32Array;
  /** The radius within which the point at a position was found. */
  radiusAt(position: number): number;
}

/** Adds the neighbours at these positions that a forward pass confirms, and returns the positions of the others. */
export async function keepVerified(
  { view, norm, refine, control }: Pick<RoundsContext, 'view' | 'norm' | 'refine' | 'control'>,
  neighbours: Neighbours,
  positions: readonly number[],
  { x0, xs, rows, labels, radiusAt }: Claimed,
): Promise<readonly number[]> {
  if (positions.length === 0) return [];
  const claims = { x0: pickRows(x0, positions), xs: pickRows(xs, positions), labels: at(labels, positions) };
  try {
    const checked = await shorten(view, claims, norm, { steps: refine, checkpoint: () => control.checkpoint() });
    const kept = positionsOf(claims.labels, (i) => checked.verdicts[i].flipped);
    const facts = kept.map((i) => ({
      label: checked.verdicts[i].rival,
      epsilon: radiusAt(positions[i]),
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
