/**
 * The door into the library: whatever a caller passes as data is checked here against the model, before the first
 * tensor is allocated, and comes out as {@link LabelledData}. What a source gathers is checked batch by batch.
 */
import type { Tensor } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { AmunError, isAmunError } from '../core/errors';
import { show } from '../core/options';
import { checkExamples, isTensor, shapeFits, showShape } from './check';
import type { ExampleData, Examples, ExampleSource } from './examples';
import { isExampleSource } from './examples';
import type { InputBounds } from './inputs';
import { checkInputs } from './inputs';
import { pickLabels, readLabels } from './labels';
import type { LabelledBatch, LabelledData } from './labelled';

/** What the model expects of its data. */
export interface ExpectedData {
  /** Shape of one input; `null` for any length. */
  readonly inputShape: readonly (number | null)[];
  /** How many classes the model tells apart; undefined where no model is involved. */
  readonly classCount?: number;
  /** Where inputs must lie. @default any finite number */
  readonly bounds?: InputBounds;
}

function checkInputShape(where: string, shape: readonly number[], expected: readonly (number | null)[]): void {
  if (shapeFits(shape, expected)) return;
  throw new AmunError(
    'invalid-inputs',
    `${where}: expected inputs of shape ${showShape(expected)} as the model has them, got ${showShape(shape)}.`,
  );
}

/**
 * Checks data against the model and opens it for reading. Allocates nothing, and owns nothing afterwards.
 *
 * @throws AmunError `invalid-inputs`, `invalid-labels`, `size-mismatch`, `class-count-mismatch`, `out-of-bounds`,
 * `empty-set`, `disposed`.
 */
export async function openData(where: string, data: ExampleData, expect: ExpectedData): Promise<LabelledData> {
  return isExampleSource(data) ? openSource(where, data, expect) : await openExamples(where, data, expect);
}

async function openExamples(where: string, data: unknown, expect: ExpectedData): Promise<LabelledData> {
  const { xs, ys } = checkExamples(where, data);
  const inputShape = xs.shape.slice(1);
  checkInputShape(where, inputShape, expect.inputShape);
  const labels = await readLabels(where, ys, expect);
  await checkInputs(where, xs, expect.bounds);
  return {
    size: xs.shape[0],
    inputShape,
    labels,
    sequential: false,
    gather: async (indices) => ({ xs: gatherRows(where, xs, indices), labels: pickLabels(labels, indices) }),
  };
}

/** Rows of a tensor [N, …] as a new one [indices, …]. */
export function gatherRows(where: string, xs: Tensor, indices: Int32Array): Tensor {
  if (xs.isDisposed) {
    throw new AmunError('disposed', `${where}: the inputs were disposed while they were still in use.`);
  }
  return tf.tidy(() => tf.gather(xs, tf.tensor1d(indices, 'int32')));
}

function checkSource(where: string, source: ExampleSource, expect: ExpectedData): void {
  const { size, inputShape, classCount } = source;
  if (size === 0) throw new AmunError('empty-set', `${where}: the source has no examples; pass at least one.`);
  if (!Number.isSafeInteger(size) || size < 0) {
    throw new AmunError('invalid-inputs', `${where}: size: expected a whole number, got ${show(size)}.`);
  }
  if (!Array.isArray(inputShape)) {
    throw new AmunError(
      'invalid-inputs',
      `${where}: inputShape: expected the shape of one input, such as [28, 28, 1], got ${show(inputShape)}.`,
    );
  }
  checkInputShape(where, inputShape, expect.inputShape);
  if (!Number.isSafeInteger(classCount) || (expect.classCount !== undefined && classCount !== expect.classCount)) {
    throw new AmunError(
      'class-count-mismatch',
      `${where}: the source has ${show(classCount)} classes, but the model tells ${expect.classCount} apart.`,
    );
  }
}

function openSource(where: string, source: ExampleSource, expect: ExpectedData): LabelledData {
  checkSource(where, source, expect);
  const reader = source.reader?.() ?? source;
  const { size, inputShape, classCount } = source;
  const sequential = source.sequential === true;
  return {
    size,
    inputShape,
    labels: undefined,
    sequential,
    gather: async (indices, signal) => {
      signal?.throwIfAborted();
      const batch = await gatherFrom(where, reader, indices, signal);
      const nameRow = (row: number): string =>
        sequential ? `example ${row} of a batch` : `example ${indices[row]} of the source`;
      return checkedBatch(where, batch, indices.length, { inputShape, classCount, bounds: expect.bounds, nameRow });
    },
  };
}

async function gatherFrom(
  where: string,
  source: ExampleSource,
  indices: Int32Array,
  signal: AbortSignal | undefined,
): Promise<Examples> {
  try {
    return await source.gather(indices, signal);
  } catch (cause) {
    if (signal?.aborted === true || isAmunError(cause)) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new AmunError('callback-failed', `${where}: the source's gather() failed: ${reason}`, { cause });
  }
}

interface ExpectedBatch extends ExpectedData {
  readonly nameRow: (row: number) => string;
}

/**
 * Takes over what a source gathered: its labels go to the host, its tensors are disposed, `xs` only if it is refused.
 */
async function checkedBatch(
  where: string,
  batch: Examples,
  size: number,
  expect: ExpectedBatch,
): Promise<LabelledBatch> {
  let refused = true;
  try {
    const { xs, ys } = checkExamples(`${where}: gather()`, batch);
    if (xs.shape[0] !== size) {
      throw new AmunError(
        'size-mismatch',
        `${where}: gather() was asked for ${size} examples and gave ${xs.shape[0]}.`,
      );
    }
    checkInputShape(`${where}: gather()`, xs.shape.slice(1), expect.inputShape);
    const labels = await readLabels(where, ys, expect);
    await checkInputs(where, xs, expect.bounds, expect.nameRow);
    refused = false;
    return { xs, labels };
  } finally {
    const { xs, ys } = (batch as Partial<Examples> | undefined) ?? {};
    if (isTensor(ys)) tf.dispose(ys);
    if (refused && isTensor(xs)) tf.dispose(xs);
  }
}
