/**
 * Moves neighbours on beyond the boundary that they were found at, along the line from their examples.
 *
 *   x = clamp(x0 + (1 + overshoot)(x_adv − x0)), where the model still misclassifies it; else x_adv
 *
 * A search that ends at the boundary itself ends where the model can't decide: the label it gives there has hardly more than
 * half of its confidence. Source: DeepFool (Moosavi-Dezfooli et al., CVPR 2016, section 2.1), which has 0.02 for all.
 */
import type { ClassifierView } from '../model/classifier';
import { FLIP_MARGIN } from './flips';
import type { Norm } from './norms';
import { type Claims, judgePoints, lengthsOf, pointsAt, type Shortened } from './shorten';

/** How far neighbours are moved on. */
export interface Overshoot {
  /** Fraction of the distance. */
  readonly overshoot: number;
  /** Largest distance. */
  readonly maxEpsilon: number;
}

/** Neighbours that were moved on. The caller disposes `xs`. */
export interface MovedOn extends Shortened {
  /** Distances as multiples of those before, but for what the box cuts off [B]: 1 where the point was left. */
  readonly factors: Float32Array;
}

/** Moves the points of `claims` on, whose verdicts and distances are `checked`. Both stay the caller's. */
export async function moveOn(
  view: ClassifierView,
  claims: Claims,
  norm: Norm,
  checked: Omit<Shortened, 'xs'>,
  { overshoot, maxEpsilon }: Overshoot,
): Promise<MovedOn> {
  const { distances, verdicts } = checked;
  const factors = distances.map((distance, i) =>
    verdicts[i].flipped && distance > 0 ? Math.max(1, Math.min(1 + overshoot, maxEpsilon / distance)) : 1,
  );
  const farther = await judgePoints(view, pointsAt(view, claims, factors), claims.labels, FLIP_MARGIN);
  farther.forEach(({ flipped }, i) => {
    if (!flipped) factors[i] = 1;
  });
  const xs = pointsAt(view, claims, factors);
  const movedVerdicts = verdicts.map((verdict, i) => (factors[i] > 1 ? farther[i] : verdict));
  try {
    return { xs, distances: await lengthsOf(xs, claims.x0, norm), verdicts: movedVerdicts, factors };
  } catch (error) {
    xs.dispose();
    throw error;
  }
}
