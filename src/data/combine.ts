/**
 * Examples put together and taken apart: new tensors for what is in memory, views for sources.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { AmunError } from '../core/errors';
import { show } from '../core/options';
import { checkExamples, showShape } from './check';
import { concatData } from './compose';
import type { ExampleData, Examples, ExampleSource } from './examples';
import { isExampleSource } from './examples';
import { pickLabels } from './labels';
import type { LabelledData } from './labelled';
import { gatherRows, openData } from './open';

/** How many examples there are. @throws AmunError as {@link checkExamples} does, and for a source without examples. */
export function checkedSize(where: string, data: ExampleData): number {
  if (!isExampleSource(data)) return checkExamples(where, data).xs.shape[0];
  if (!Number.isSafeInteger(data.size) || data.size < 1) {
    throw new AmunError(
      'empty-set',
      `${where}: expected a source of at least one example, got size ${show(data.size)}.`,
    );
  }
  return data.size;
}

/**
 * Indices as an Int32Array: whole numbers in 0 … size-1, at least one. Repeated ones are legal here.
 *
 * @throws AmunError `invalid-option`, `empty-set`.
 */
export function checkIndices(where: string, indices: ArrayLike<number>, size: number): Int32Array {
  if (typeof indices !== 'object' || typeof (indices as ArrayLike<number> | null)?.length !== 'number') {
    throw new AmunError('invalid-option', `${where}: expected an array of indices, got ${show(indices)}.`);
  }
  if (indices.length === 0)
    throw new AmunError('empty-set', `${where}: there are no indices in it; pass at least one.`);
  return Int32Array.from(indices, (index, position) => {
    if (Number.isInteger(index) && index >= 0 && index < size) return index;
    throw new AmunError(
      'invalid-option',
      `${where}: expected whole numbers from 0 to ${size - 1}, got ${show(index)} at position ${position}.`,
    );
  });
}

/** The examples of checked indices; see {@link subsetExamples}. */
export function takeExamples(where: string, data: ExampleData, indices: Int32Array): ExampleData {
  if (!isExampleSource(data)) {
    return { xs: gatherRows(where, data.xs, indices), ys: gatherRows(where, data.ys, indices) };
  }
  if (data.sequential === true) {
    throw new AmunError(
      'invalid-inputs',
      `${where}: this source can only be read in order, so it cannot be taken apart; read it into memory with ` +
        "fromDataset(…, { mode: 'materialize' }).",
    );
  }
  return {
    size: indices.length,
    inputShape: data.inputShape,
    classCount: data.classCount,
    gather: (positions, signal) => data.gather(pickLabels(indices, positions), signal),
  };
}

/**
 * The examples of these indices, in this order; an index may come twice. Of tensors: new tensors, which the caller
 * disposes. Of a source: a view that reads from it, without copies.
 *
 * @throws AmunError `invalid-option` for indices that are not whole or out of range, `empty-set`, `disposed`,
 * `invalid-inputs`.
 */
export function subsetExamples(data: Examples, indices: ArrayLike<number>): Examples;
export function subsetExamples(data: ExampleSource, indices: ArrayLike<number>): ExampleSource;
export function subsetExamples(data: ExampleData, indices: ArrayLike<number>): ExampleData;
export function subsetExamples(data: ExampleData, indices: ArrayLike<number>): ExampleData {
  const size = checkedSize('subsetExamples', data);
  return takeExamples('subsetExamples', data, checkIndices('subsetExamples', indices, size));
}

function joinRows(what: string, parts: readonly Tensor[]): Tensor {
  const [first] = parts;
  const other = parts.find(({ shape }) => shape.slice(1).join() !== first.shape.slice(1).join());
  if (other !== undefined) {
    throw new AmunError(
      what === 'labels' ? 'invalid-labels' : 'invalid-inputs',
      `concatExamples: ${what} of shape ${showShape(first.shape)} and ${showShape(other.shape)} do not go together.`,
    );
  }
  const sameType = parts.every(({ dtype }) => dtype === first.dtype);
  return tf.concat(sameType ? [...parts] : parts.map((part) => tf.cast(part, 'float32')), 0);
}

/**
 * One set after the other. Of tensors alone: new tensors, which the caller disposes; labels must come in one form
 * (all ids or all one-hot). With a source among them: a source that reads from them all, without copies.
 *
 * @throws AmunError `empty-set`, `invalid-inputs` and `invalid-labels` for shapes that differ,
 * `class-count-mismatch`, `disposed`.
 */
export function concatExamples(...parts: readonly Examples[]): Examples;
export function concatExamples(...parts: readonly ExampleData[]): ExampleData;
export function concatExamples(...parts: readonly ExampleData[]): ExampleData {
  if (parts.length === 0) throw new AmunError('empty-set', 'concatExamples: expected at least one set of examples.');
  const sizes = parts.map((part, i) => checkedSize(`concatExamples: part ${i}`, part));
  const source = parts.find(isExampleSource);
  if (source !== undefined) {
    const size = sizes.reduce((sum, each) => sum + each, 0);
    return concatenatedSource(parts, source, size);
  }
  const examples = parts as readonly Examples[];
  return tf.tidy(() => ({
    xs: joinRows(
      'inputs',
      examples.map(({ xs }) => xs),
    ),
    ys: joinRows(
      'labels',
      examples.map(({ ys }) => ys),
    ),
  }));
}

/** Reads from several sets as from one; they are checked when the first batch is asked for. */
function concatenatedSource(parts: readonly ExampleData[], like: ExampleSource, size: number): ExampleSource {
  const { inputShape, classCount } = like;
  const sequential = parts.some((part) => isExampleSource(part) && part.sequential === true);
  const open = async (): Promise<LabelledData> =>
    concatData(
      await Promise.all(
        parts.map((part, i) => openData(`concatExamples: part ${i}`, part, { inputShape, classCount })),
      ),
    );
  const reader = (): ExampleSource => {
    let opened: Promise<LabelledData> | undefined;
    return {
      size,
      inputShape,
      classCount,
      sequential,
      reader,
      gather: async (indices, signal) => {
        opened ??= open();
        const { xs, labels } = await (await opened).gather(indices, signal);
        return { xs, ys: tf.tensor1d(labels, 'int32') };
      },
    };
  };
  return reader();
}
