import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import type { AmunError } from '../../src/core/errors';
import type { Examples } from '../../src/data/examples';
import { openData } from '../../src/data/open';
import { dispose, examples, exampleSource, expectRefusal, expectTensors, ids } from './support';

const expected = { inputShape: [2], classCount: 3 };
const asExamples = (value: unknown): Examples => value as Examples;

describe('openData with tensors', () => {
  it('reads labels and gathers batches, and leaves nothing behind', async () => {
    const data = examples(5);
    const opened = await expectTensors(0, () => openData('test', data, { ...expected, bounds: { low: 0, high: 1 } }));
    expect(opened).toMatchObject({ size: 5, inputShape: [2], sequential: false });
    expect(Array.from(opened.labels!)).toEqual([0, 1, 2, 0, 1]);
    const batch = await expectTensors(1, () => opened.gather(Int32Array.of(4, 0, 4)));
    expect(Array.from(batch.labels)).toEqual([1, 0, 1]);
    expect(ids(batch.xs)).toEqual([4, 0, 4]);
    dispose(data);
  });

  it('takes any length for null in the input shape', async () => {
    const data = { xs: tf.zeros([2, 7, 3]), ys: tf.tensor1d([0, 1]) };
    expect((await openData('test', data, { inputShape: [null, 3], classCount: 2 })).inputShape).toEqual([7, 3]);
    dispose(data);
  });

  it('takes int32 inputs and values on the bounds, with float32 rounding', async () => {
    const data = { xs: tf.tensor2d([0, 3, 2, 1], [2, 2], 'int32'), ys: tf.tensor1d([0, 1]) };
    await openData('test', data, expected);
    const edge = { xs: tf.tensor2d([[-1e-7, 1.0000001]]), ys: tf.tensor1d([0]) };
    await openData('test', edge, { ...expected, bounds: { low: 0, high: 1 } });
    dispose(data, edge);
  });

  it('checks bounds per channel', async () => {
    const data = { xs: tf.tensor2d([0, 5, -1, 9], [2, 2]), ys: tf.tensor1d([0, 1]) };
    const open = (low: number | number[], high: number[]) =>
      openData('test', data, { ...expected, bounds: { low, high } });
    await open([-1, 5], [0, 9]);
    await expectRefusal('out-of-bounds', /run from -1 to 9, .*\[\(-1, 5\), \(0, 8\)\]; example 1 .* with 9/, () =>
      open([-1, 5], [0, 8]),
    );
    await expectRefusal('out-of-bounds', /example 1 is the first with -1/, () => open(0, [1, 9]));
    await expectRefusal('invalid-option', /one number per channel \(2\), got 3/, () => open(0, [1, 9, 9]));
    dispose(data);
  });

  it('checks one-sided bounds', async () => {
    const data = { xs: tf.tensor2d([0, 5, -1, 9], [2, 2]), ys: tf.tensor1d([0, 1]) };
    await openData('test', data, { ...expected, bounds: { low: -Infinity, high: 9 } });
    await expectRefusal('out-of-bounds', /first with 9/, () =>
      openData('test', data, { ...expected, bounds: { low: -Infinity, high: 8 } }),
    );
    dispose(data);
  });

  it('finds a bad value beyond the first chunk', async () => {
    const values = new Float32Array(3 << 20);
    values[values.length - 1] = NaN;
    const data = { xs: tf.tensor2d(values, [3, 1 << 20]), ys: tf.tensor1d([0, 1, 2]) };
    await expectRefusal('invalid-inputs', /example 2 holds NaN/, () =>
      openData('test', data, { inputShape: [null], classCount: 3 }),
    );
    dispose(data);
  });

  const label = () => tf.tensor1d([0, 1]);
  const refused: [string, AmunError['code'], () => Examples, RegExp][] = [
    ['NaN', 'invalid-inputs', () => ({ xs: tf.tensor2d([0, 0, 0, NaN], [2, 2]), ys: label() }), /example 1 holds NaN/],
    ['-Infinity', 'invalid-inputs', () => ({ xs: tf.tensor2d([0, -Infinity], [1, 2]), ys: tf.tensor1d([0]) }), /-Inf/],
    [
      'pixels to 255',
      'out-of-bounds',
      () => ({ xs: tf.tensor2d([0, 1, 128, 255], [2, 2]), ys: label() }),
      /from 0 to 255, outside the bounds \[0, 1\]; example 1 .*Scale .*`bounds`.*`preprocess`/,
    ],
    ['another shape', 'invalid-inputs', () => ({ xs: tf.zeros([2, 3]), ys: label() }), /shape \[2\] .* got \[3\]/],
    ['another rank', 'invalid-inputs', () => ({ xs: tf.zeros([2, 2, 1]), ys: label() }), /got \[2, 1\]/],
    ['no batch axis', 'invalid-inputs', () => ({ xs: tf.zeros([2]), ys: label() }), /needs a batch axis/],
    ['bool inputs', 'invalid-inputs', () => ({ xs: tf.zeros([2, 2], 'bool'), ys: label() }), /got bool/],
    ['fewer labels', 'size-mismatch', () => ({ xs: tf.zeros([3, 2]), ys: label() }), /3 inputs but 2 labels/],
    ['one bare label', 'size-mismatch', () => ({ xs: tf.zeros([1, 2]), ys: tf.scalar(0) }), /without a batch axis/],
    ['no examples', 'empty-set', () => ({ xs: tf.zeros([0, 2]), ys: tf.zeros([0]) }), /no examples/],
    ['bad labels', 'invalid-labels', () => ({ xs: tf.zeros([2, 2]), ys: tf.tensor1d([0, 3]) }), /example 1 is 3/],
  ];
  it.each(refused)('refuses %s', async (_, code, make, message) => {
    const data = make();
    await expectRefusal(code, message, () => openData('test', data, { ...expected, bounds: { low: 0, high: 1 } }));
    dispose(data);
  });

  it('refuses disposed tensors, also after opening', async () => {
    const data = examples(2);
    const opened = await openData('test', data, expected);
    data.xs.dispose();
    await expectRefusal('disposed', /xs: this tensor has been disposed/, () => openData('test', data, expected));
    await expectRefusal('disposed', /while they were still in use/, () => opened.gather(Int32Array.of(0)));
    data.ys.dispose();
  });

  const foreign: [string, unknown, RegExp][] = [
    ['undefined', undefined, /got undefined/],
    ['an array', [[0, 1]], /an array of 1\. .*fromArrays/],
    ['arrays as xs and ys', { xs: [[0, 1]], ys: [0] }, /xs: expected a tensor, got an array of 1\. .*fromArrays/],
    ['typed arrays', { xs: new Float32Array(2), ys: [0] }, /Float32Array\. .*fromArrays/],
    ['a dataset', { iterator: () => undefined }, /fromDataset/],
    ['xs without ys', { xs: 1 }, /expected examples \{ xs, ys \}/],
  ];
  it.each(foreign)('refuses %s', async (_, data, message) => {
    await expectRefusal('invalid-inputs', message, () => openData('test', asExamples(data), expected));
  });

  it('refuses a lone tensor', async () => {
    const xs = tf.zeros([2, 2]);
    await expectRefusal('invalid-inputs', /got a tensor \[2, 2\]\. Pass the labels too/, () =>
      openData('test', asExamples(xs), expected),
    );
    xs.dispose();
  });
});

describe('openData with a source', () => {
  it('gathers checked batches and disposes their labels', async () => {
    const source = exampleSource(9);
    const opened = await openData('test', source, expected);
    expect(opened.labels).toBeUndefined();
    expect(source.calls).toBe(0);
    const batch = await expectTensors(1, () => opened.gather(Int32Array.of(7, 2)));
    expect(Array.from(batch.labels)).toEqual([1, 2]);
    expect(ids(batch.xs)).toEqual([7, 2]);
  });

  it('reads from a reader of its own', async () => {
    const shared = exampleSource(4);
    const own = exampleSource(4);
    const opened = await openData('test', { ...shared, reader: () => own }, expected);
    (await opened.gather(Int32Array.of(1))).xs.dispose();
    expect([shared.calls, own.calls]).toEqual([0, 1]);
  });

  it('refuses what the source says of itself before it loads anything', async () => {
    const source = exampleSource(9);
    const open = (facts: object) => openData('test', { ...source, ...facts }, expected);
    await expectRefusal('empty-set', /no examples/, () => open({ size: 0 }));
    await expectRefusal('invalid-inputs', /size: expected a whole number/, () => open({ size: 2.5 }));
    await expectRefusal('invalid-inputs', /inputShape/, () => open({ inputShape: undefined }));
    await expectRefusal('invalid-inputs', /expected inputs of shape \[2\]/, () => open({ inputShape: [3] }));
    await expectRefusal('class-count-mismatch', /has 4 classes, .* 3/, () => open({ classCount: 4 }));
    expect(source.calls).toBe(0);
  });

  const two = Int32Array.of(5, 6);
  const bad: [string, AmunError['code'], () => Examples, RegExp][] = [
    ['too few', 'size-mismatch', () => examples(1), /asked for 2 examples and gave 1/],
    ['another shape', 'invalid-inputs', () => ({ xs: tf.zeros([2, 3]), ys: tf.zeros([2]) }), /got \[3\]/],
    ['NaN', 'invalid-inputs', () => ({ xs: tf.fill([2, 2], NaN), ys: tf.zeros([2]) }), /example 5 of the source/],
    ['bad labels', 'invalid-labels', () => ({ xs: tf.zeros([2, 2]), ys: tf.tensor1d([0, 9]) }), /example 6 of the/],
    ['out of bounds', 'out-of-bounds', () => ({ xs: tf.fill([2, 2], 7), ys: tf.zeros([2]) }), /first with 7/],
    ['no labels', 'invalid-inputs', () => asExamples({ xs: tf.zeros([2, 2]) }), /expected examples/],
    ['nothing', 'invalid-inputs', () => asExamples(undefined), /got undefined/],
  ];
  it.each(bad)('refuses and disposes a batch with %s', async (_, code, make, message) => {
    const source = { ...exampleSource(9), gather: () => Promise.resolve(make()) };
    const opened = await openData('test', source, { ...expected, bounds: { low: 0, high: 1 } });
    await expectRefusal(code, message, () => opened.gather(two));
  });

  it('reports a failure of the source with its cause, and passes aborts through', async () => {
    const cause = new Error('disk on fire');
    const failing = { ...exampleSource(9), gather: () => Promise.reject(cause) };
    const opened = await openData('test', failing, expected);
    await expectRefusal('callback-failed', /gather\(\) failed: disk on fire/, () => opened.gather(two));
    await expect(opened.gather(two)).rejects.toMatchObject({ cause });

    const controller = new AbortController();
    controller.abort(new Error('enough'));
    await expect(opened.gather(two, controller.signal)).rejects.toThrow('enough');
  });
});
