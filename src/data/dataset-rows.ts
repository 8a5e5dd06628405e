/**
 * The examples of a `tf.data.Dataset`, one by one on the host. Rows live on the host because a reader may be given up
 * in the middle: tensors waiting in a shuffle buffer would then leak.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { AmunError } from '../core/errors';
import { show } from '../core/options';
import type { RandomStream } from '../core/random';
import { checkExamples, isTensor, showShape, valuesPerInput } from './check';
import { readLabels } from './labels';

/** One pass over a dataset. */
export interface DatasetIterator {
  /** The next element. */
  next(): Promise<DatasetElement>;
}

/** An element of a dataset, or its end. */
export interface DatasetElement {
  /** `{ xs, ys }` or `[xs, ys]`, of one example or a batch. */
  readonly value: unknown;
  /** True after the last element. */
  readonly done?: boolean;
}

/** What the library uses of a `tf.data.Dataset`. Elements are { xs, ys } or [xs, ys], single or batched. */
export interface DatasetLike {
  /** Number of elements: Infinity when it repeats for ever, null when unknown. */
  readonly size?: number | null;
  /** Begins a pass. */
  iterator(): Promise<DatasetIterator>;
}

/** One example on the host. */
export interface Row {
  readonly values: Float32Array | Int32Array;
  readonly label: number;
  readonly inputShape: readonly number[];
  readonly dtype: 'float32' | 'int32';
}

/** How the elements of a dataset are to be read. */
export interface RowReading {
  readonly classCount?: number;
  /** Whether elements are batches; undefined: as their labels' shape suggests. */
  readonly batched?: boolean;
}

function partsOf(where: string, element: unknown): [unknown, unknown] {
  if (Array.isArray(element) && element.length === 2) return [element[0], element[1]];
  if (typeof element === 'object' && element !== null && 'xs' in element && 'ys' in element) {
    return [element.xs, element.ys];
  }
  throw new AmunError(
    'invalid-inputs',
    `${where}: expected elements { xs, ys } or [xs, ys], got ${show(element)}; shape them with dataset.map().`,
  );
}

/** tf.data passes numbers and arrays through as they are until a dataset is batched. */
function asTensor(where: string, value: unknown): Tensor {
  if (isTensor(value)) return value;
  if (typeof value === 'number' || Array.isArray(value) || ArrayBuffer.isView(value)) {
    return tf.tensor(value as tf.TensorLike);
  }
  throw new AmunError(
    'invalid-inputs',
    `${where}: expected one tensor of inputs and one of labels in each element, got ${show(value)}.`,
  );
}

/** Labels [B] or [B, K] mean a batch, a lone label or one-hot row [K] a single example. */
function isBatch(xs: Tensor, ys: Tensor): boolean {
  return ys.shape.length === 2 || (ys.shape.length === 1 && xs.shape.length > 1 && ys.shape[0] === xs.shape[0]);
}

/** Takes an element over and disposes it: its examples as inputs [B, …] and labels on the host. */
async function readElement(where: string, element: unknown, start: number, reading: RowReading): Promise<Row[]> {
  const made: Tensor[] = [];
  const keep = (tensor: Tensor): Tensor => {
    made.push(tensor);
    return tensor;
  };
  try {
    const [inputs, labels] = partsOf(where, element);
    let xs = keep(asTensor(where, inputs));
    let ys = keep(asTensor(where, labels));
    if (!(reading.batched ?? isBatch(xs, ys))) {
      xs = keep(tf.expandDims(xs, 0));
      ys = keep(tf.expandDims(ys, 0));
    }
    checkExamples(where, { xs, ys });
    const ids = await readLabels(where, ys, {
      classCount: reading.classCount,
      nameRow: (row) => `example ${start + row} of the dataset`,
    });
    return splitRows(xs, await xs.data<'float32' | 'int32'>(), ids);
  } finally {
    tf.dispose(made);
    tf.dispose(element as tf.TensorContainer);
  }
}

function splitRows(xs: Tensor, values: Float32Array | Int32Array, ids: Int32Array): Row[] {
  const inputShape = xs.shape.slice(1);
  const each = valuesPerInput(inputShape);
  const dtype = xs.dtype as 'float32' | 'int32';
  return Array.from(ids, (label, row) => ({
    values: values.subarray(row * each, (row + 1) * each),
    label,
    inputShape,
    dtype,
  }));
}

/** All examples of one pass, in order. */
export async function* readRows(where: string, dataset: DatasetLike, reading: RowReading): AsyncGenerator<Row> {
  const iterator = await dataset.iterator();
  let count = 0;
  let first: Row | undefined;
  for (;;) {
    const { value, done } = await iterator.next();
    if (done === true) return;
    for (const row of await readElement(where, value, count, reading)) {
      first ??= row;
      if (row.inputShape.join() !== first.inputShape.join() || row.dtype !== first.dtype) {
        throw new AmunError(
          'invalid-inputs',
          `${where}: example ${count} is ${row.dtype} ${showShape(row.inputShape)}, the first one ` +
            `${first.dtype} ${showShape(first.inputShape)}; all must be alike. If elements are batches, or are not, say so with \`batched\`.`,
        );
      }
      count += 1;
      yield row;
    }
  }
}

/** Exactly `size` rows. @throws AmunError `size-mismatch` when there are fewer. */
export async function* takeRows(where: string, rows: AsyncIterable<Row>, size: number): AsyncGenerator<Row> {
  let count = 0;
  for await (const row of rows) {
    yield row;
    count += 1;
    if (count === size) return;
  }
  throw new AmunError(
    'size-mismatch',
    `${where}: expected ${size} examples as \`size\` says, but the dataset has ${count}.`,
  );
}

/** Rows through a shuffle buffer: each place gives its row at random and takes the next one. */
export async function* shuffleRows(
  rows: AsyncIterable<Row>,
  bufferSize: number,
  random: RandomStream,
): AsyncGenerator<Row> {
  const buffer: Row[] = [];
  for await (const row of rows) {
    if (buffer.length < bufferSize) {
      buffer.push(row);
      continue;
    }
    const place = random.int(bufferSize);
    yield buffer[place];
    buffer[place] = row;
  }
  for (const place of random.permutation(buffer.length)) yield buffer[place];
}
