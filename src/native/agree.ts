/**
 * Whether two computations of the same thing agree: the guard against a wrong translation. It is loose, for rounding differs, and a
 * sign at zero may too; the tests are strict.
 */

/** How far values may be apart, relative to their Euclidean length. */
export const TOLERANCE = {
  /** What a step puts out. */
  output: 1e-2,
  /**
   * What it assigns. A ReLU whose input is within rounding of zero passes a gradient here and none there: a few of a million do,
   * which was seen to move weight gradients by up to 1e-2. A wrong translation is off by far more.
   */
  assigned: 5e-2,
} as const;

/** Compares values; both may hold the same non-finite ones. */
export function agree(got: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): boolean {
  if (got.length !== expected.length) return false;
  let [difference, length] = [0, 0];
  for (let i = 0; i < got.length; i += 1) {
    const [a, b] = [Number(got[i]), Number(expected[i])];
    if (Object.is(a, b)) continue;
    if (!Number.isFinite(a) || !Number.isFinite(b)) return false;
    difference += (a - b) ** 2;
  }
  for (let i = 0; i < expected.length; i += 1) {
    const b = Number(expected[i]);
    if (Number.isFinite(b)) length += b * b;
  }
  return Math.sqrt(difference) <= tolerance * Math.sqrt(length) + 1e-6;
}
