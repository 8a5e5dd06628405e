/**
 * Takes over neighbours that a fresh forward pass confirms.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Neighbours } from './neighbours';
import { moveOn, type MovedOn, type Overshoot } from './overshoot';
import { at, positionsOf } from './positions';
import { pickRows } from './row-collector';
import type { RoundsContext } from './rounds-context';
import { type Claims, shorten } from './shorten';

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

/** What checking takes from a search: `overshoot` where its neighbours are moved on beyond the boundary. */
export type VerifyContext = Pick<RoundsContext, 'view' | 'norm' | 'refine' | 'control'> & Partial<Overshoot>;

/** Adds the neighbours at these positions that a forward pass confirms, and returns the positions of the others. */
export async function keepVerified(
  context: VerifyContext,
  neighbours: Neighbours,
  positions: readonly number[],
  { x0, xs, rows, labels, radiusAt }: Claimed,
): Promise<readonly number[]> {
  if (positions.length === 0) return [];
  const claims = { x0: pickRows(x0, positions), xs: pickRows(xs, positions), labels: at(labels, positions) };
  try {
    const { xs: points, distances, verdicts, factors } = await check(context, claims);
    const kept = positionsOf(claims.labels, (i) => verdicts[i].flipped);
    const { maxEpsilon = Infinity } = context;
    const facts = kept.map((i) => ({
      label: verdicts[i].rival,
      epsilon: Math.min(radiusAt(positions[i]) * factors[i], maxEpsilon),
      distance: distances[i],
    }));
    if (kept.length > 0) {
      const keptRows = at(
        rows,
        kept.map((i) => positions[i]),
      );
      neighbours.add(keptRows, pickRows(points, kept), facts);
    }
    points.dispose();
    return positions.filter((_, i) => !verdicts[i].flipped);
  } finally {
    tf.dispose([claims.x0, claims.xs]);
  }
}

/** Checks claims, moves those that hold as near as they get, and from there on beyond the boundary. */
async function check(context: VerifyContext, claims: Claims): Promise<MovedOn> {
  const { view, norm, refine, control, overshoot = 0, maxEpsilon = Infinity } = context;
  const near = await shorten(view, claims, norm, { steps: refine, checkpoint: () => control.checkpoint() });
  if (overshoot === 0) return { ...near, factors: new Float32Array(claims.labels.length).fill(1) };
  try {
    return await moveOn(view, { ...claims, xs: near.xs }, norm, near, { overshoot, maxEpsilon });
  } finally {
    near.xs.dispose();
  }
}
