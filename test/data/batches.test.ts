import { describe, expect, it } from 'vitest';
import { randomStream } from '../../src/core/random';
import { batchPlan } from '../../src/data/batches';

const plan = (size: number, batchSize: number, seed?: number): number[][] =>
  batchPlan(size, batchSize, seed === undefined ? undefined : randomStream(seed, 'batches')).map((b) => Array.from(b));

describe('batchPlan', () => {
  it('keeps the order without a stream', () => {
    expect(plan(5, 2 + 1)).toEqual([
      [0, 1, 2],
      [3, 4],
    ]);
    expect(plan(4, 2)).toEqual([
      [0, 1],
      [2, 3],
    ]);
  });

  it('joins a last single example to the batch before it', () => {
    expect(plan(7, 3)).toEqual([
      [0, 1, 2],
      [3, 4, 5, 6],
    ]);
    expect(plan(4, 3)).toEqual([[0, 1, 2, 3]]);
  });

  it('leaves single examples alone where that is all there is', () => {
    expect(plan(1, 3)).toEqual([[0]]);
    expect(plan(3, 1)).toEqual([[0], [1], [2]]);
  });

  it('holds every example exactly once, in any size', () => {
    for (let size = 1; size <= 40; size += 1) {
      for (let batchSize = 1; batchSize <= 12; batchSize += 1) {
        const batches = plan(size, batchSize, 7);
        expect(batches.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: size }, (_, i) => i));
        const lengths = batches.map((batch) => batch.length);
        expect(Math.max(...lengths)).toBeLessThanOrEqual(batchSize === 1 ? 1 : batchSize + 1);
        if (batchSize > 1 && size > 1) expect(Math.min(...lengths)).toBeGreaterThan(1);
      }
    }
  });

  it('repeats itself for a seed, and differs for another', () => {
    expect(plan(50, 8, 1)).toEqual(plan(50, 8, 1));
    expect(plan(50, 8, 1)).not.toEqual(plan(50, 8, 2));
    expect(plan(50, 8, 1)).not.toEqual(plan(50, 8));
  });
});
