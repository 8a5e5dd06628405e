/**
 * Which examples of one set also lie in another, by content. Repeated images in a data set are legal, but a forgotten
 * image whose copy is retained, or tested on, cannot look forgotten: the result warns of it.
 *
 * Inputs are compared as float32 bits through a 53-bit key of two MurmurHash3-style hashes (Appleby, public domain).
 * Among 60,000 × 60,000 pairs a false match has a chance of 4e-7.
 */
import * as tf from '@tensorflow/tfjs-core';
import { batchPlan } from './batches';
import type { ExampleData, Examples } from './examples';
import { isExampleSource } from './examples';
import type { LabelledData } from './labelled';

/** How many examples are read at a time from opened data. */
const BATCH = 256;

const rotate = (value: number, bits: number): number => (value << bits) | (value >>> (32 - bits));

/** MurmurHash3's finalizer: every input bit reaches every output bit. */
function finish(hash: number): number {
  let h = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** A key of words [from, to): all 32 bits of one hash above 21 bits of another, a whole number below 2^53. */
function contentKey(words: Int32Array, from: number, to: number): number {
  let a = 0x2f0b4f1d;
  let b = 0x6d9c7a3e;
  for (let i = from; i < to; i += 1) {
    const word = words[i];
    a = Math.imul(rotate(a ^ Math.imul(rotate(Math.imul(word, 0xcc9e2d51), 15), 0x1b873593), 13), 5) + 0xe6546b64;
    b = Math.imul(rotate(b ^ Math.imul(rotate(Math.imul(word, 0x239b961b), 16), 0xab0e9789), 19), 5) + 0x561ccd1b;
  }
  return finish(a) * 2 ** 21 + (finish(b) >>> 11);
}

function keysOfRows(values: Float32Array | Int32Array | Uint8Array, count: number): number[] {
  const floats = values instanceof Float32Array ? values : Float32Array.from(values);
  const words = new Int32Array(floats.buffer, floats.byteOffset, floats.length);
  const each = floats.length / count;
  return Array.from({ length: count }, (_, row) => contentKey(words, row * each, (row + 1) * each));
}

const isOpened = (data: ExampleData | LabelledData): data is LabelledData => 'sequential' in data && 'labels' in data;

const isInMemory = (data: ExampleData | LabelledData): boolean =>
  isOpened(data) ? data.labels !== undefined : !isExampleSource(data);

/**
 * One key per example, equal for equal inputs. Undefined for what is not in memory: reading a whole source for a
 * warning would cost as much as an epoch.
 */
export async function contentKeys(data: ExampleData | LabelledData): Promise<readonly number[] | undefined> {
  if (!isOpened(data)) {
    if (isExampleSource(data)) return undefined;
    const { xs } = data satisfies Examples;
    return keysOfRows(await xs.data<'float32' | 'int32'>(), xs.shape[0]);
  }
  if (data.labels === undefined) return undefined;
  const keys: number[] = [];
  for (const indices of batchPlan(data.size, BATCH, undefined)) {
    const { xs } = await data.gather(indices);
    try {
      keys.push(...keysOfRows(await xs.data<'float32' | 'int32'>(), indices.length));
    } finally {
      tf.dispose(xs);
    }
  }
  return keys;
}

/** How many of the keys also occur among the others. */
export function countShared(keys: readonly number[], others: readonly number[]): number {
  const known = new Set(others);
  return keys.reduce((count, key) => count + (known.has(key) ? 1 : 0), 0);
}

/** How many examples of `a` have the same input as some example of `b`; undefined where either is not in memory. */
export async function contentOverlap(
  a: ExampleData | LabelledData,
  b: ExampleData | LabelledData,
): Promise<number | undefined> {
  if (!isInMemory(a) || !isInMemory(b)) return undefined;
  const keys = await contentKeys(a);
  const others = await contentKeys(b);
  return keys === undefined || others === undefined ? undefined : countShared(keys, others);
}
