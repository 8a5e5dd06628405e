import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { randomStream } from '../../src/core/random';
import { augmented, concatData, relabel, subsetData } from '../../src/data/compose';
import type { Examples } from '../../src/data/examples';
import type { LabelledData } from '../../src/data/labelled';
import { openData } from '../../src/data/open';
import { dispose, examples, exampleSource, expectRefusal, expectTensors, ids } from './support';

const expected = { inputShape: [2], classCount: 3 };

async function opened(size: number): Promise<{ data: Examples; labelled: LabelledData }> {
  const data = examples(size);
  return { data, labelled: await openData('test', data, expected) };
}

async function read(data: LabelledData, indices: readonly number[]): Promise<{ ids: number[]; labels: number[] }> {
  const batch = await expectTensors(1, () => data.gather(Int32Array.from(indices)));
  return { ids: ids(batch.xs), labels: Array.from(batch.labels) };
}

describe('relabel', () => {
  it('keeps the inputs and gives other labels', async () => {
    const { data, labelled } = await opened(4);
    const other = relabel(labelled, Int32Array.of(9, 8, 7, 6));
    expect(await read(other, [3, 1])).toEqual({ ids: [3, 1], labels: [6, 8] });
    expect(Array.from(other.labels!)).toEqual([9, 8, 7, 6]);
    await expectRefusal('size-mismatch', /expected 4 labels, got 1/, () => relabel(labelled, Int32Array.of(1)));
    dispose(data);
  });

  it('refuses data that can only be read in order', async () => {
    const labelled = await openData('test', { ...exampleSource(3), sequential: true }, expected);
    await expectRefusal('invalid-inputs', /read in order/, () => relabel(labelled, new Int32Array(3)));
    await expectRefusal('invalid-inputs', /read in order/, () => subsetData(labelled, Int32Array.of(1)));
  });
});

describe('subsetData', () => {
  it('reads through its indices', async () => {
    const { data, labelled } = await opened(6);
    const subset = subsetData(labelled, Int32Array.of(5, 0, 4));
    expect(subset.size).toBe(3);
    expect(Array.from(subset.labels!)).toEqual([2, 0, 1]);
    expect(await read(subset, [2, 0])).toEqual({ ids: [4, 5], labels: [1, 2] });
    dispose(data);
  });
});

describe('concatData', () => {
  it('restores the order that was asked for', async () => {
    const a = await opened(3);
    const b = subsetData(a.labelled, Int32Array.of(2, 1));
    const source = await openData('test', exampleSource(9), expected);
    const all = concatData([a.labelled, b, source]);
    expect(all).toMatchObject({ size: 14, sequential: false, labels: undefined });
    // 0 1 2 | 2 1 | 0 … 8
    expect(await read(all, [13, 3, 0, 5, 2, 4])).toEqual({ ids: [8, 2, 0, 0, 2, 1], labels: [2, 2, 0, 0, 2, 1] });
    expect(await read(all, [0, 3])).toEqual({ ids: [0, 2], labels: [0, 2] });
    dispose(a.data);
  });

  it('agrees with plain indexing on random batches', async () => {
    const a = await opened(7);
    const b = await opened(4);
    const all = concatData([a.labelled, relabel(b.labelled, Int32Array.of(2, 2, 2, 2)), a.labelled]);
    const naiveIds = [0, 1, 2, 3, 4, 5, 6, 0, 1, 2, 3, 0, 1, 2, 3, 4, 5, 6];
    const naiveLabels = [0, 1, 2, 0, 1, 2, 0, 2, 2, 2, 2, 0, 1, 2, 0, 1, 2, 0];
    expect(Array.from(all.labels!)).toEqual(naiveLabels);
    const random = randomStream(3, 'fuzz');
    for (let round = 0; round < 50; round += 1) {
      const indices = Array.from({ length: 1 + random.int(10) }, () => random.int(18));
      expect(await read(all, indices)).toEqual({
        ids: indices.map((i) => naiveIds[i]),
        labels: indices.map((i) => naiveLabels[i]),
      });
    }
    dispose(a.data, b.data);
  });

  it('leaves parts alone that a batch does not touch', async () => {
    const a = await opened(3);
    const source = exampleSource(9);
    const all = concatData([a.labelled, await openData('test', source, expected)]);
    await read(all, [2, 0]);
    expect(source.calls).toBe(0);
    dispose(a.data);
  });

  it('makes float32 of int32 and float32', async () => {
    const data = { xs: tf.tensor2d([[0, 1]], [1, 2], 'int32'), ys: tf.tensor1d([0]) };
    const a = await opened(2);
    const all = concatData([await openData('test', data, expected), a.labelled]);
    const { xs } = await all.gather(Int32Array.of(0, 2));
    expect(xs.dtype).toBe('float32');
    expect(Array.from(xs.dataSync())).toEqual([0, 1, Math.fround(0.01), Math.fround(0.015)]);
    dispose(data, a.data);
    xs.dispose();
  });

  it('disposes what it has when a later part fails', async () => {
    const a = await opened(3);
    const failing = { ...exampleSource(9), gather: () => Promise.reject(new Error('gone')) };
    const all = concatData([a.labelled, await openData('test', failing, expected)]);
    await expectRefusal('callback-failed', /gone/, () => all.gather(Int32Array.of(0, 5)));
    dispose(a.data);
  });

  it('refuses no parts, and inputs of different shapes', async () => {
    const a = await opened(3);
    await expectRefusal('empty-set', /at least one part/, () => concatData([]));
    await expectRefusal('invalid-inputs', /\[2\] and \[3\] cannot/, () =>
      concatData([a.labelled, { ...a.labelled, inputShape: [3] }]),
    );
    dispose(a.data);
  });
});

describe('augmented', () => {
  it('changes batches with the streams it is given, and disposes the originals', async () => {
    const a = await opened(4);
    let batch = 0;
    const shifted = augmented(
      a.labelled,
      (xs, random) => tf.add(xs, random.int(1000) / 100),
      () => randomStream(5, 'augment', (batch += 1)),
    );
    const offsets = [1, 2].map((n) => randomStream(5, 'augment', n).int(1000));
    expect((await read(shifted, [1, 3])).ids).toEqual([1 + offsets[0], 3 + offsets[0]]);
    expect((await read(shifted, [0, 2])).ids).toEqual([offsets[1], 2 + offsets[1]]);
    dispose(a.data);
  });

  it('takes an augmentation that changes nothing', async () => {
    const a = await opened(4);
    const same = augmented(
      a.labelled,
      (xs) => xs,
      () => randomStream(0),
    );
    expect((await read(same, [3, 0])).ids).toEqual([3, 0]);
    dispose(a.data);
  });

  const bad: [string, (xs: tf.Tensor) => unknown, RegExp][] = [
    ['throws', (xs) => tf.slice(tf.neg(xs), [5], [9]), /augment threw/],
    ['changes the shape', (xs) => tf.reshape(xs, [-1]), /expected a tensor of shape \[2, 2\] back, got a tensor \[4\]/],
    ['returns nothing', () => undefined, /got undefined/],
  ];
  it.each(bad)('refuses an augmentation that %s', async (_, augment, message) => {
    const a = await opened(4);
    const broken = augmented(a.labelled, augment as (xs: tf.Tensor) => tf.Tensor, () => randomStream(0));
    await expectRefusal('callback-failed', message, () => broken.gather(Int32Array.of(0, 1)));
    dispose(a.data);
  });
});
