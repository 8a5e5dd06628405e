import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { randomStream } from '../../src/core/random';
import { concatData } from '../../src/data/compose';
import type { Examples } from '../../src/data/examples';
import { openData } from '../../src/data/open';
import { contentKeys, contentOverlap } from '../../src/data/overlap';
import { dispose, examples, exampleSource, expectTensors } from './support';

const inputs = (...rows: number[][]): Examples => ({
  xs: tf.tensor2d(rows),
  ys: tf.zeros([rows.length]),
});

describe('contentOverlap', () => {
  it('counts the examples of the first set that the second has too', async () => {
    const a = inputs([0, 1], [1, 0], [0, 1], [0.25, 0]);
    const b = inputs([0, 1], [0, 0.25], [7, 7]);
    // [0, 1] twice; neither [1, 0] nor the permuted [0.25, 0].
    expect(await expectTensors(0, () => contentOverlap(a, b))).toBe(2);
    expect(await contentOverlap(b, a)).toBe(1);
    dispose(a, b);
  });

  it('reads opened data, in batches', async () => {
    const data = examples(600);
    const opened = await openData('test', data, { inputShape: [2], classCount: 3 });
    expect(await expectTensors(0, () => contentOverlap(concatData([opened, opened]), data))).toBe(1200);
    dispose(data);
  });

  it('compares int32 with float32 by value', async () => {
    const a = { xs: tf.tensor2d([3, 4], [1, 2], 'int32'), ys: tf.zeros([1]) };
    const b = inputs([3, 4]);
    expect(await contentOverlap(a, b)).toBe(1);
    dispose(a, b);
  });

  it('says nothing about sources', async () => {
    const data = examples(3);
    const source = exampleSource(3);
    const opened = await openData('test', source, { inputShape: [2], classCount: 3 });
    expect(await contentOverlap(data, source)).toBeUndefined();
    expect(await contentOverlap(opened, data)).toBeUndefined();
    expect(source.calls).toBe(0);
    dispose(data);
  });

  it('gives different inputs different keys', async () => {
    const random = randomStream(1, 'keys');
    // Coarse values, whose low mantissa bits are all zero, are the hard case for a multiplicative hash.
    const binary = Array.from({ length: 4096 }, (_, i) => Array.from({ length: 12 }, (_, bit) => (i >> bit) & 1));
    const floats = Array.from({ length: 4096 }, () => Array.from({ length: 12 }, () => random.normal()));
    const data = inputs(...binary, ...floats);
    const keys = (await contentKeys(data))!;
    expect(new Set(keys).size).toBe(8192);
    expect(keys.every((key) => Number.isSafeInteger(key) && key >= 0)).toBe(true);
    // Each of the upper bits is set about half of the time.
    for (const bit of [52, 44, 37, 32, 24, 21, 20, 10, 0]) {
      const set = keys.filter((key) => Math.floor(key / 2 ** bit) % 2 === 1).length;
      expect(Math.abs(set - 4096)).toBeLessThan(5 * Math.sqrt(8192 / 4));
    }
    dispose(data);
  });
});
