/**
 * The first look at what a caller passed as examples: shapes and types only, so that nothing is read or allocated for
 * input that cannot be right.
 */
import type { Tensor } from '@tensorflow/tfjs-core';
import { AmunError } from '../core/errors';
import { show } from '../core/options';
import type { Examples } from './examples';

/** True for a tensor of any copy of tfjs. */
export function isTensor(value: unknown): value is Tensor {
  const tensor = value as Partial<Tensor> | null;
  return (
    typeof value === 'object' &&
    tensor !== null &&
    Array.isArray(tensor?.shape) &&
    typeof tensor?.dtype === 'string' &&
    typeof tensor?.data === 'function'
  );
}

/** A shape as a message shows it. */
export function showShape(shape: readonly (number | null)[]): string {
  return `[${shape.map((length) => length ?? 'any').join(', ')}]`;
}

/** Whether an input of this shape fits one in which `null` stands for any length. */
export function shapeFits(shape: readonly number[], expected: readonly (number | null)[]): boolean {
  return (
    shape.length === expected.length && expected.every((length, axis) => length === null || length === shape[axis])
  );
}

/** How many values one input of this shape has. */
export function valuesPerInput(inputShape: readonly number[]): number {
  return inputShape.reduce((product, length) => product * length, 1);
}

function remedy(data: unknown): string {
  if (Array.isArray(data) || ArrayBuffer.isView(data)) return 'Make examples of plain arrays with fromArrays().';
  if (isTensor(data)) return 'Pass the labels too: { xs, ys }.';
  if (typeof (data as { iterator?: unknown } | null)?.iterator === 'function')
    return 'Read a tf.data.Dataset with fromDataset().';
  return 'Pass { xs, ys } with tensors, or a source with gather().';
}

function checkTensor(where: string, value: unknown): Tensor {
  if (!isTensor(value)) {
    const hint =
      Array.isArray(value) || ArrayBuffer.isView(value) ? ' Make examples of plain arrays with fromArrays().' : '';
    throw new AmunError('invalid-inputs', `${where}: expected a tensor, got ${show(value)}.${hint}`);
  }
  if (value.isDisposed) {
    throw new AmunError('disposed', `${where}: this tensor has been disposed; keep it until the call has ended.`);
  }
  return value;
}

/**
 * Checks that `data` is inputs [N, …input] and labels for the same N examples, at least one. Reads no values.
 *
 * @throws AmunError `invalid-inputs`, `disposed`, `size-mismatch`, `empty-set`.
 */
export function checkExamples(where: string, data: unknown): Examples {
  if (typeof data !== 'object' || data === null || !('xs' in data) || !('ys' in data)) {
    const came = isTensor(data) ? `a tensor ${showShape(data.shape)}` : show(data);
    throw new AmunError('invalid-inputs', `${where}: expected examples { xs, ys }, got ${came}. ${remedy(data)}`);
  }
  const xs = checkTensor(`${where}: xs`, data.xs);
  const ys = checkTensor(`${where}: ys`, data.ys);
  if (xs.dtype !== 'float32' && xs.dtype !== 'int32') {
    throw new AmunError(
      'invalid-inputs',
      `${where}: expected inputs of type float32 or int32, got ${xs.dtype}; convert them with tf.cast.`,
    );
  }
  if (xs.shape.length < 2) {
    throw new AmunError(
      'invalid-inputs',
      `${where}: expected inputs [N, …input], got ${showShape(xs.shape)}; a single input needs a batch axis too: [1, …input].`,
    );
  }
  if (ys.shape[0] !== xs.shape[0]) {
    const labels = ys.shape.length === 0 ? 'one label without a batch axis' : `${ys.shape[0]} labels`;
    throw new AmunError(
      'size-mismatch',
      `${where}: ${xs.shape[0]} inputs but ${labels}; every input needs one label, in the same order.`,
    );
  }
  if (xs.shape[0] === 0) throw new AmunError('empty-set', `${where}: there are no examples in it; pass at least one.`);
  if (xs.shape.includes(0)) {
    throw new AmunError('invalid-inputs', `${where}: inputs of shape ${showShape(xs.shape)} hold no values.`);
  }
  return data as Examples;
}
