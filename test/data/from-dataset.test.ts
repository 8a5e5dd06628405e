import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import type { AmunErrorCode } from '../../src/core/errors';
import type { DatasetLike } from '../../src/data/dataset-rows';
import type { Examples, ExampleSource } from '../../src/data/examples';
import type { MaterializeOptions, SequentialOptions } from '../../src/data/from-dataset';
import { fromDataset } from '../../src/data/from-dataset';
import { openData } from '../../src/data/open';
import { dispose, expectRefusal, expectTensors, ids } from './support';

/** A dataset as tf.data makes them: every pass makes its elements anew. */
function dataset(size: number, element: (i: number) => unknown, facts: object = {}): DatasetLike & { passes: number } {
  const made = {
    passes: 0,
    iterator: () => {
      made.passes += 1;
      let i = 0;
      return Promise.resolve({
        next: () => {
          const done = i >= size;
          const value = done ? null : element(i);
          i += 1;
          return Promise.resolve({ value, done });
        },
      });
    },
    ...facts,
  };
  return made;
}

const row = (i: number): number[] => [i / 100, (i + 0.5) / 100];
const single = (i: number) => ({ xs: tf.tensor1d(row(i)), ys: tf.scalar(i % 3) });
const pair = (i: number) => [tf.tensor1d(row(i)), tf.scalar(i % 3, 'int32')];
const plain = (i: number) => ({ xs: row(i), ys: i % 3 });
const oneHot = (i: number) => ({ xs: tf.tensor1d(row(i)), ys: tf.oneHot(i % 3, 3) });
/** Batches of 4, the last of 2 when there are 10 examples. */
const batch = (b: number) => {
  const members = [0, 1, 2, 3].map((k) => 4 * b + k).filter((i) => i < 10);
  return { xs: tf.tensor2d(members.map(row)), ys: tf.tensor1d(members.map((i) => i % 3)) };
};
const hotBatch = (b: number) => {
  const { xs, ys } = batch(b);
  const ids1d = tf.cast(ys, 'int32');
  const hot = tf.oneHot(ids1d, 3);
  tf.dispose([ys, ids1d]);
  return { xs, ys: hot };
};
const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

describe("fromDataset with mode 'materialize'", () => {
  it.each([
    ['examples', dataset(10, single)],
    ['pairs', dataset(10, pair)],
    ['plain numbers', dataset(10, plain)],
    ['one-hot examples', dataset(10, oneHot)],
    ['batches', dataset(3, batch)],
    ['one-hot batches', dataset(3, hotBatch)],
  ])('reads %s', async (_, data) => {
    const all = await expectTensors(2, () => fromDataset(data, { mode: 'materialize' }));
    expect(all.xs.shape).toEqual([10, 2]);
    expect(Array.from(all.ys.dataSync())).toEqual(upTo(10).map((i) => i % 3));
    expect(ids(all.xs)).toEqual(upTo(10));
    all.ys.dispose();
  });

  it('reads the first so many of a dataset without end', async () => {
    const endless = dataset(Infinity, single, { size: Infinity });
    const some = await expectTensors(2, () => fromDataset(endless, { mode: 'materialize', size: 5 }));
    expect(ids(some.xs)).toEqual(upTo(5));
    some.ys.dispose();
  });

  it('keeps int32 inputs, and believes `batched`', async () => {
    // Without it, inputs [2, 2] with labels [2] would be a batch of two.
    const element = (i: number) => ({ xs: tf.tensor2d([i, 1, 2, 3], [2, 2], 'int32'), ys: tf.oneHot(i % 2, 2) });
    const all = await fromDataset(dataset(3, element), { mode: 'materialize', batched: false });
    expect([all.xs.shape, all.xs.dtype]).toEqual([[3, 2, 2], 'int32']);
    expect(Array.from(all.ys.dataSync())).toEqual([0, 1, 0]);
    dispose(all);
  });
});

describe("fromDataset with mode 'sequential'", () => {
  const options: SequentialOptions = { mode: 'sequential', classCount: 3 };

  async function next(source: ExampleSource, count: number): Promise<number[]> {
    const { xs, ys } = await expectTensors(2, () => source.gather(new Int32Array(count)));
    const found = ids(xs);
    expect(Array.from(ys.dataSync())).toEqual(found.map((i) => i % 3));
    ys.dispose();
    return found;
  }

  it('counts the examples, then reads pass after pass in order', async () => {
    const data = dataset(3, batch);
    const source = await expectTensors(0, () => fromDataset(data, options));
    expect(source).toMatchObject({ size: 10, inputShape: [2], classCount: 3, sequential: true });
    expect(data.passes).toBe(1);
    expect(await next(source, 7)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(await next(source, 7)).toEqual([7, 8, 9, 0, 1, 2, 3]);
    expect(data.passes).toBe(3);
  });

  it('needs no counting where the size is known', async () => {
    const endless = dataset(Infinity, single, { size: Infinity });
    const source = await fromDataset(endless, { ...options, size: 4 });
    expect(await next(source, 6)).toEqual([0, 1, 2, 3, 0, 1]);
  });

  it('shuffles each pass anew, by its seed, and loses nothing', async () => {
    const order = async (seed: number, shuffleBuffer = 4) => {
      const source = await fromDataset(dataset(20, single), { ...options, seed, shuffleBuffer });
      return [await next(source, 20), await next(source, 20)];
    };
    const [first, second] = await order(1);
    expect([...first].sort((a, b) => a - b)).toEqual(upTo(20));
    expect([...second].sort((a, b) => a - b)).toEqual(upTo(20));
    expect(first).not.toEqual(upTo(20));
    expect(first).not.toEqual(second);
    expect(await order(1)).toEqual([first, second]);
    expect((await order(2))[0]).not.toEqual(first);
    expect([...(await order(1, 100))[0]].sort((a, b) => a - b)).toEqual(upTo(20));
    // With a buffer of 4, place p can hold no example after p + 4.
    expect(first.every((example, place) => example <= place + 4)).toBe(true);
  });

  it('lets every call begin at the first example, and leaves nothing behind when one stops midway', async () => {
    const source = await fromDataset(dataset(10, single), { ...options, shuffleBuffer: 3, seed: 5 });
    const expected = { inputShape: [2], classCount: 3, bounds: { low: 0, high: 1 } };
    const read = async (): Promise<number[]> => {
      const opened = await openData('test', source, expected);
      const { xs } = await opened.gather(new Int32Array(4));
      return ids(xs);
    };
    const first = await expectTensors(0, read);
    expect(await read()).toEqual(first);
  });

  it('stops when it is aborted', async () => {
    const source = await fromDataset(dataset(10, single), options);
    const controller = new AbortController();
    controller.abort(new Error('enough'));
    await expectTensors(0, async () => {
      await expect(source.gather(new Int32Array(3), controller.signal)).rejects.toThrow('enough');
    });
  });

  it('says so when a dataset has fewer examples than `size` claims', async () => {
    const source = await fromDataset(dataset(3, single), { ...options, size: 5 });
    await expectRefusal('size-mismatch', /expected 5 examples .* has 3/, () => source.gather(new Int32Array(5)));
  });
});

describe('fromDataset', () => {
  const materialize = { mode: 'materialize' };
  const named = (i: number) => ({ xs: { image: tf.zeros([2]) }, ys: tf.scalar(i) });
  const growing = (i: number) => ({ xs: tf.zeros([i + 1]), ys: tf.scalar(0) });
  const refused: [string, AmunErrorCode, unknown, object, RegExp][] = [
    ['no dataset', 'invalid-inputs', { xs: 1 }, materialize, /expected a tf\.data\.Dataset/],
    ['nothing', 'invalid-inputs', undefined, materialize, /expected a tf\.data\.Dataset, got undefined/],
    ['no mode', 'invalid-option', dataset(1, single), {}, /mode: expected one of/],
    ['a strange option', 'invalid-option', dataset(1, single), { ...materialize, sise: 1 }, /no option 'sise'/],
    ['a seed in memory', 'invalid-option', dataset(1, single), { ...materialize, seed: 1 }, /no option 'seed'/],
    ['a bad size', 'invalid-option', dataset(1, single), { ...materialize, size: 0 }, /size/],
    ['no class count', 'invalid-option', dataset(1, single), { mode: 'sequential' }, /classCount/],
    ['no end', 'invalid-option', dataset(9, single, { size: Infinity }), materialize, /repeats for ever/],
    ['no elements', 'empty-set', dataset(0, single), materialize, /no examples/],
    ['no elements in order', 'empty-set', dataset(0, single), { mode: 'sequential', classCount: 3 }, /no examples/],
    ['elements without labels', 'invalid-inputs', dataset(1, () => tf.zeros([2])), materialize, /expected elements/],
    ['several inputs', 'invalid-inputs', dataset(1, named), materialize, /one tensor of inputs/],
    ['shapes that change', 'invalid-inputs', dataset(2, growing), materialize, /example 1 is float32 \[2\]/],
    [
      'labels out of range',
      'invalid-labels',
      dataset(3, single),
      { mode: 'sequential', classCount: 2 },
      /example 2 of the dataset is 2/,
    ],
    ['fewer than size', 'size-mismatch', dataset(3, single), { ...materialize, size: 5 }, /has 3/],
  ];
  it.each(refused)('refuses %s', async (_, code, data, options, message) => {
    await expectRefusal(code, message, () => fromDataset(data as DatasetLike, options as MaterializeOptions));
  });

  it('types its result by the mode', async () => {
    const all: Examples = await fromDataset(dataset(2, single), { mode: 'materialize' });
    dispose(all);
  });
});
