/**
 * Examples from what the caller has in memory: tensors, or plain arrays.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { requireBackend } from '../core/backend';
import { AmunError } from '../core/errors';
import { checkInteger, checkKeys, checkNumber, show } from '../core/options';
import { checkExamples, showShape, valuesPerInput } from './check';
import type { Examples } from './examples';
import { classIds } from './labels';

/**
 * Pairs inputs [N, …input] with labels [N], [N, 1] or one-hot [N, K]. The tensors stay the caller's; nothing is
 * copied. Values are checked where the examples are used, against the model.
 *
 * @throws AmunError `invalid-inputs`, `disposed`, `size-mismatch`, `empty-set`.
 */
export function fromTensors(xs: Tensor, ys: Tensor): Examples {
  return checkExamples('fromTensors', { xs, ys });
}

/** Plain arrays for {@link fromArrays}. */
export interface ArrayExamples {
  /** All inputs, one after the other, row-major: N × the product of `shape` values. */
  readonly xs: Float32Array | Float64Array | Uint8Array | Uint8ClampedArray | readonly number[];
  /** Shape of one input, without the batch axis, such as [28, 28, 1]. */
  readonly shape: readonly number[];
  /** Class ids [N] in 0 … K-1. */
  readonly ys: ArrayLike<number>;
  /**
   * Each value is multiplied by it.
   * @default 1 / 255 for `Uint8Array` and `Uint8ClampedArray` (pixels become 0 … 1), else 1
   */
  readonly scale?: number;
}

function checkShape(shape: unknown): readonly number[] {
  if (!Array.isArray(shape) || shape.length === 0) {
    throw new AmunError(
      'invalid-option',
      `fromArrays: shape: expected the shape of one input, such as [28, 28, 1], got ${show(shape)}.`,
    );
  }
  return shape.map((length) => checkInteger('fromArrays: shape', length, { min: 1 }));
}

function scaledValues(xs: ArrayLike<number>, scale: number, valuesEach: number): Float32Array {
  const values = new Float32Array(xs.length);
  for (let i = 0; i < values.length; i += 1) {
    values[i] = xs[i] * scale;
    if (!Number.isFinite(values[i])) {
      throw new AmunError(
        'invalid-inputs',
        `fromArrays: example ${Math.floor(i / valuesEach)} holds ${show(xs[i])}; inputs must be finite numbers.`,
      );
    }
  }
  return values;
}

/**
 * Copies plain arrays into new tensors: inputs [N, …shape] float32, labels [N] int32. The caller disposes both.
 *
 * @throws AmunError `invalid-option`, `invalid-inputs`, `invalid-labels`, `size-mismatch`, `empty-set`, `no-backend`.
 */
export function fromArrays(arrays: ArrayExamples): Examples {
  checkKeys('fromArrays', arrays ?? null, ['xs', 'shape', 'ys', 'scale']);
  const { xs, ys } = arrays;
  const shape = checkShape(arrays.shape);
  if (typeof (xs as ArrayLike<number> | undefined)?.length !== 'number') {
    throw new AmunError('invalid-inputs', `fromArrays: xs: expected a flat array of numbers, got ${show(xs)}.`);
  }
  if (typeof (ys as ArrayLike<number> | undefined)?.length !== 'number') {
    throw new AmunError('invalid-labels', `fromArrays: ys: expected an array of class ids, got ${show(ys)}.`);
  }
  if (ys.length === 0) throw new AmunError('empty-set', 'fromArrays: there are no examples in it; pass at least one.');
  const valuesEach = valuesPerInput(shape);
  if (xs.length !== ys.length * valuesEach) {
    throw new AmunError(
      'size-mismatch',
      `fromArrays: ${ys.length} labels and inputs of shape ${showShape(shape)} need ${ys.length * valuesEach} values, ` +
        `got ${xs.length}; xs is one flat array.`,
    );
  }
  const pixels = xs instanceof Uint8Array || xs instanceof Uint8ClampedArray;
  const scale = checkNumber('fromArrays: scale', arrays.scale ?? (pixels ? 1 / 255 : 1), { above: 0 });
  const labels = classIds('fromArrays', ys);
  const values = scaledValues(xs, scale, valuesEach);
  requireBackend('fromArrays');
  return { xs: tf.tensor(values, [ys.length, ...shape]), ys: tf.tensor1d(labels, 'int32') };
}
