/**
 * Checks of the options that only attacks have.
 */
import type { Tensor } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { AmunError } from '../../core/errors';
import { checkNumber, show } from '../../core/options';
import { isTensor, showShape } from '../../data/check';

/** Radii that float32 can tell from 0 and from infinity, with room for the step's fraction of them. */
export const RADIUS_RANGE = { min: 1e-30, max: 1e30 } as const;

/**
 * One radius per example [size].
 *
 * @throws AmunError `invalid-option` for what is no positive number; `size-mismatch` for too few or too many.
 */
export function checkRadii(where: string, epsilon: unknown, size: number): Float32Array {
  if (!(epsilon instanceof Float32Array)) {
    if (typeof epsilon === 'object' && epsilon !== null) {
      throw new AmunError(
        'invalid-option',
        `${where}: epsilon: expected a number or a Float32Array, got ${show(epsilon)}.`,
      );
    }
    return new Float32Array(size).fill(checkNumber(`${where}: epsilon`, epsilon, RADIUS_RANGE));
  }
  if (epsilon.length !== size) {
    throw new AmunError('size-mismatch', `${where}: epsilon: expected ${size} radii, got ${epsilon.length}.`);
  }
  // With float32's rounding of the limits themselves.
  const range = { min: Math.fround(RADIUS_RANGE.min), max: Math.fround(RADIUS_RANGE.max) };
  epsilon.forEach((radius, i) => checkNumber(`${where}: epsilon[${i}]`, radius, range));
  return epsilon;
}

/**
 * Checks where a warm start begins.
 *
 * @throws AmunError `invalid-option`, `disposed`.
 */
export function checkStart(
  where: string,
  start: unknown,
  shape: readonly number[],
): asserts start is Tensor | undefined {
  if (start === undefined) return;
  if (!isTensor(start) || start.dtype !== 'float32' || !tf.util.arraysEqual(start.shape, [...shape])) {
    const got = isTensor(start) ? `${start.dtype} ${showShape(start.shape)}` : show(start);
    throw new AmunError(
      'invalid-option',
      `${where}: start: expected a float32 tensor ${showShape(shape)}, one point per example, got ${got}.`,
    );
  }
  if (start.isDisposed) throw new AmunError('disposed', `${where}: start: this tensor has been disposed.`);
}
