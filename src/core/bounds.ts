/**
 * The box that inputs live in.
 */
import { AmunError } from './errors';
import { show } from './options';

/** Lowest and highest value of an input: one pair for all, or one per channel (the last axis). */
export type Bounds = readonly [low: number | readonly number[], high: number | readonly number[]];

/** Checks bounds: finite, low below high, per-channel lists as long as the last axis. */
export function checkBounds(where: string, bounds: unknown, channels: number): Bounds {
  if (!Array.isArray(bounds) || bounds.length !== 2) {
    throw new AmunError('invalid-option', `${where}: bounds: expected [low, high], got ${show(bounds)}.`);
  }
  const [low, high] = bounds.map((side) => perChannel(where, side, channels));
  for (let i = 0; i < channels; i += 1) {
    if (!(low[i] < high[i])) {
      throw new AmunError('invalid-option', `${where}: bounds: expected low < high, got [${low[i]}, ${high[i]}].`);
    }
  }
  return bounds as unknown as Bounds;
}

function perChannel(where: string, side: unknown, channels: number): readonly number[] {
  const values = Array.isArray(side) ? (side as unknown[]) : Array.from({ length: channels }, () => side);
  if (values.length !== channels || !values.every((value) => typeof value === 'number' && Number.isFinite(value))) {
    throw new AmunError(
      'invalid-option',
      `${where}: bounds: expected finite numbers, or lists with one per channel (${channels}), got ${show(side)}.`,
    );
  }
  return values as readonly number[];
}

/** Lengths of the box's sides, one per channel or one for all. */
export function boxSides(bounds: Bounds): readonly number[] {
  const [low, high] = bounds;
  const count = Math.max(Array.isArray(low) ? low.length : 1, Array.isArray(high) ? high.length : 1);
  const at = (side: number | readonly number[], i: number): number => (typeof side === 'number' ? side : side[i]);
  return Array.from({ length: count }, (_, i) => at(high, i) - at(low, i));
}
