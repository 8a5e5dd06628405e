/**
 * Limits of the numbers that backends compute with.
 */

/** The smallest positive normal float32, rounded up: backends may flush anything smaller to zero. */
export const TINY = 1.2e-38;
