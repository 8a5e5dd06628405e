/**
 * Choosing some of a batch's examples by position.
 */

/** 0 … size-1. */
export function allRows(size: number): Int32Array {
  return Int32Array.from({ length: size }, (_, row) => row);
}

/** The values at these positions. */
export function at(values: Int32Array, positions: readonly number[]): Int32Array {
  return Int32Array.from(positions, (position) => values[position]);
}

/** Positions in `values` for which something holds, ascending. */
export function positionsOf(values: ArrayLike<unknown>, holds: (position: number) => boolean): readonly number[] {
  return Array.from(values, (_, position) => position).filter(holds);
}
