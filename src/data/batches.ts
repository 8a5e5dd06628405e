/**
 * Which examples make up which batch of an epoch.
 */
import type { RandomStream } from '../core/random';

/**
 * Splits 0 … size-1 into batches: in a random order if a stream is given, else in their own. No example is dropped. A
 * last batch of a single example joins the one before it, since batch normalisation has no variance to learn from one
 * example; so a batch may hold `batchSize + 1`.
 */
export function batchPlan(size: number, batchSize: number, random: RandomStream | undefined): Int32Array[] {
  const order = random?.permutation(size) ?? Int32Array.from({ length: size }, (_, i) => i);
  const batches: Int32Array[] = [];
  for (let start = 0; start < size;) {
    const left = size - start;
    const length = batchSize > 1 && left === batchSize + 1 ? left : Math.min(batchSize, left);
    batches.push(order.slice(start, start + length));
    start += length;
  }
  return batches;
}
