/** Seeded draws: named, repeatable, and evenly spread. */
import { describe, expect, it } from 'vitest';
import { deriveSeed, randomStream } from '../../src/core/random';

const draws = (seed: number, ...name: (string | number)[]): number[] => {
  const stream = randomStream(seed, ...name);
  return Array.from({ length: 5 }, () => stream.float());
};

describe('randomStream', () => {
  it('is determined by seed and name', () => {
    expect(draws(1, 'batches', 2)).toEqual(draws(1, 'batches', 2));
    const others = [draws(2, 'batches', 2), draws(1, 'batches', 3), draws(1, 'labels', 2), draws(1, 'batches')];
    for (const other of others) expect(other).not.toEqual(draws(1, 'batches', 2));
  });

  it('does not depend on what other streams drew', () => {
    const first = randomStream(1, 'a');
    first.permutation(100);
    expect(draws(1, 'b')).toEqual(draws(1, 'b'));
  });

  it('tells a seed and a name apart from their concatenation', () => {
    expect(draws(1, '2/a')).not.toEqual(draws(12, 'a'));
  });

  it('draws integers evenly', () => {
    const stream = randomStream(3, 'ints');
    const counts = new Array<number>(6).fill(0);
    for (let i = 0; i < 6000; i += 1) counts[stream.int(6)] += 1;
    // Standard deviation √(6000 · 1/6 · 5/6) = 29.
    counts.forEach((count) => expect(Math.abs(count - 1000)).toBeLessThan(5 * 29));
  });

  it('draws normal numbers of mean 0 and variance 1', () => {
    const stream = randomStream(4, 'normal');
    const values = Array.from({ length: 10_000 }, () => stream.normal());
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + value ** 2, 0) / values.length;
    expect(Math.abs(mean)).toBeLessThan(5 / 100);
    expect(Math.abs(variance - 1)).toBeLessThan((5 * Math.SQRT2) / 100);
    expect(values.every(Number.isFinite)).toBe(true);
  });

  it('permutes: every number once, every place alike', () => {
    const order = randomStream(5, 'order').permutation(50);
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, i) => i));
    const firsts = Array.from({ length: 3000 }, (_, i) => randomStream(i, 'first').permutation(3)[0]);
    // Standard deviation √(3000 · ⅓ · ⅔) = 26.
    for (const value of [0, 1, 2]) {
      expect(Math.abs(firsts.filter((first) => first === value).length - 1000)).toBeLessThan(5 * 26);
    }
    expect(randomStream(1, 'none').permutation(0).length).toBe(0);
  });

  it('samples distinct numbers in ascending order', () => {
    const sample = randomStream(6, 'sample').sample(20, 8);
    expect([...sample]).toEqual([...new Set(sample)].sort((a, b) => a - b));
    expect(sample.length).toBe(8);
  });
});

describe('deriveSeed', () => {
  it('gives 31-bit seeds, one per name', () => {
    const seeds = Array.from({ length: 1000 }, (_, i) => deriveSeed(1, 'model', i));
    expect(seeds.every((seed) => Number.isInteger(seed) && seed >= 0 && seed < 2 ** 31)).toBe(true);
    expect(new Set(seeds).size).toBeGreaterThan(998);
    expect(deriveSeed(1, 'model', 3)).toBe(seeds[3]);
  });
});
