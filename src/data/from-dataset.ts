/**
 * Examples from a `tf.data.Dataset`: read into memory, or read in order again and again. A dataset has no random
 * access, and tfjs' own shuffle takes no part here: its buffer holds tensors, and it reseeds itself between passes.
 */
import * as tf from '@tensorflow/tfjs-core';
import { requireBackend } from '../core/backend';
import { AmunError } from '../core/errors';
import { checkBoolean, checkInteger, checkKeys, checkOneOf, show } from '../core/options';
import { randomStream } from '../core/random';
import { valuesPerInput } from './check';
import type { DatasetLike, Row, RowReading } from './dataset-rows';
import { readRows, shuffleRows, takeRows } from './dataset-rows';
import type { ExampleData, Examples, ExampleSource } from './examples';

/** Options that both ways of reading a dataset share. */
interface DatasetOptions {
  /**
   * How many examples to read: all that there are, or the first so many. Needed for a dataset that repeats for ever.
   * @default all; a sequential source reads the dataset once to count them
   */
  readonly size?: number;
  /** Whether each element is a batch. @default true where labels have the shape [B, …] for inputs [B, …] */
  readonly batched?: boolean;
}

/** Reads the whole dataset into memory. */
export interface MaterializeOptions extends DatasetOptions {
  /** Into memory. */
  readonly mode: 'materialize';
}

/** Reads the dataset in order, from its start in each pass. */
export interface SequentialOptions extends DatasetOptions {
  /** In order, as often as asked. */
  readonly mode: 'sequential';
  /** How many classes the labels have. */
  readonly classCount: number;
  /** How many examples the shuffle buffer holds on the host; 1 keeps the dataset's order. @default 1 */
  readonly shuffleBuffer?: number;
  /** Seed of the shuffle buffer; each pass draws anew from it. @default 0 */
  readonly seed?: number;
}

const WHERE = 'fromDataset';

function checkOptions(dataset: DatasetLike, options: MaterializeOptions | SequentialOptions): void {
  if (typeof (dataset as Partial<DatasetLike> | null | undefined)?.iterator !== 'function') {
    throw new AmunError('invalid-inputs', `${WHERE}: expected a tf.data.Dataset, got ${show(dataset)}.`);
  }
  const known = ['mode', 'size', 'batched', 'classCount', 'shuffleBuffer', 'seed'];
  checkKeys(WHERE, options, known);
  const mode = checkOneOf(`${WHERE}: mode`, (options as MaterializeOptions | undefined)?.mode, [
    'materialize',
    'sequential',
  ]);
  if (mode === 'materialize') checkKeys(`${WHERE}: mode 'materialize'`, options, ['mode', 'size', 'batched']);
  if (options.size !== undefined) checkInteger(`${WHERE}: size`, options.size, { min: 1 });
  if (options.batched !== undefined) checkBoolean(`${WHERE}: batched`, options.batched);
  if (options.mode === 'sequential') {
    checkInteger(`${WHERE}: classCount`, options.classCount, { min: 2 });
    checkInteger(`${WHERE}: shuffleBuffer`, options.shuffleBuffer ?? 1, { min: 1 });
    checkInteger(`${WHERE}: seed`, options.seed ?? 0, { min: 0 });
  }
  if (options.size === undefined && dataset.size === Infinity) {
    throw new AmunError(
      'invalid-option',
      `${WHERE}: size: this dataset repeats for ever; say how many examples to read.`,
    );
  }
}

/** New tensors of the rows. */
function assemble(rows: readonly Row[]): Examples {
  const { inputShape, dtype } = rows[0];
  const each = valuesPerInput(inputShape);
  const values = new (dtype === 'int32' ? Int32Array : Float32Array)(rows.length * each);
  rows.forEach((row, i) => {
    values.set(row.values, i * each);
  });
  return {
    xs: tf.tensor(values, [rows.length, ...inputShape], dtype),
    ys: tf.tensor1d(
      Int32Array.from(rows, ({ label }) => label),
      'int32',
    ),
  };
}

async function materialize(dataset: DatasetLike, options: MaterializeOptions): Promise<Examples> {
  const all = readRows(WHERE, dataset, { batched: options.batched });
  const rows: Row[] = [];
  for await (const row of options.size === undefined ? all : takeRows(WHERE, all, options.size)) rows.push(row);
  if (rows.length === 0) throw new AmunError('empty-set', `${WHERE}: the dataset has no examples.`);
  return assemble(rows);
}

/** Counts the rows, or looks at the first only where their number is known. */
async function survey(
  dataset: DatasetLike,
  reading: RowReading,
  knownSize: number | undefined,
): Promise<{ size: number; inputShape: readonly number[] }> {
  let size = 0;
  let inputShape: readonly number[] | undefined;
  for await (const row of readRows(WHERE, dataset, reading)) {
    inputShape ??= row.inputShape;
    size += 1;
    if (knownSize !== undefined) break;
  }
  if (inputShape === undefined) throw new AmunError('empty-set', `${WHERE}: the dataset has no examples.`);
  return { size: knownSize ?? size, inputShape };
}

async function sequential(dataset: DatasetLike, options: SequentialOptions): Promise<ExampleSource> {
  const { classCount, batched, shuffleBuffer = 1, seed = 0 } = options;
  const reading = { classCount, batched };
  const { size, inputShape } = await survey(dataset, reading, options.size);

  const readPass = (pass: number): AsyncGenerator<Row> => {
    const rows = takeRows(WHERE, readRows(WHERE, dataset, reading), size);
    return shuffleBuffer === 1 ? rows : shuffleRows(rows, shuffleBuffer, randomStream(seed, 'dataset', pass));
  };

  const reader = (): ExampleSource => {
    let pass = 0;
    let rows = readPass(pass);
    const nextRow = async (): Promise<Row> => {
      let next = await rows.next();
      if (next.done === true) {
        pass += 1;
        rows = readPass(pass);
        next = await rows.next();
      }
      return next.value as Row;
    };
    return {
      size,
      inputShape,
      classCount,
      sequential: true,
      reader,
      gather: async (indices, signal) => {
        const batch: Row[] = [];
        while (batch.length < indices.length) {
          signal?.throwIfAborted();
          batch.push(await nextRow());
        }
        return assemble(batch);
      },
    };
  };
  return reader();
}

/**
 * Examples of a `tf.data.Dataset` whose elements are { xs, ys } or [xs, ys], single or batched.
 *
 * `materialize` reads it into new tensors, inputs [N, …] and class ids [N], which the caller disposes. `sequential`
 * gives a source that reads it in order, from its start in each pass, through a seeded shuffle buffer: such a source
 * can be trained and evaluated on, but not split, relabelled or searched. Elements are disposed once read, and pass
 * through the host.
 *
 * @throws AmunError `invalid-option`, `invalid-inputs`, `invalid-labels`, `class-count-mismatch`, `size-mismatch`,
 * `empty-set`, `no-backend`.
 */
export function fromDataset(dataset: DatasetLike, options: MaterializeOptions): Promise<Examples>;
export function fromDataset(dataset: DatasetLike, options: SequentialOptions): Promise<ExampleSource>;
export async function fromDataset(
  dataset: DatasetLike,
  options: MaterializeOptions | SequentialOptions,
): Promise<ExampleData> {
  checkOptions(dataset, options);
  if (options.mode === 'materialize') requireBackend(WHERE);
  return options.mode === 'materialize' ? materialize(dataset, options) : sequential(dataset, options);
}
