import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import type { AmunErrorCode } from '../../src/core/errors';
import type { ArrayExamples } from '../../src/data/from-arrays';
import { fromArrays, fromTensors } from '../../src/data/from-arrays';
import { dispose, expectRefusal, expectTensors } from './support';

describe('fromTensors', () => {
  it('pairs tensors without copying them', async () => {
    const [xs, ys] = [tf.zeros([2, 3]), tf.zeros([2])];
    const examples = await expectTensors(0, () => fromTensors(xs, ys));
    expect(examples.xs).toBe(xs);
    expect(examples.ys).toBe(ys);
    dispose(examples);
    await expectRefusal('disposed', /disposed/, () => fromTensors(xs, ys));
  });

  it('refuses sizes that differ', async () => {
    const [xs, ys] = [tf.zeros([2, 3]), tf.zeros([3])];
    await expectRefusal('size-mismatch', /2 inputs but 3 labels/, () => fromTensors(xs, ys));
    dispose({ xs, ys });
  });
});

describe('fromArrays', () => {
  it('scales bytes to 0 … 1 as a float32 division does', async () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
    const examples = await expectTensors(2, () => fromArrays({ xs: bytes, shape: [2, 64], ys: [1, 0] }));
    expect(examples.xs.shape).toEqual([2, 2, 64]);
    expect(Array.from(examples.xs.dataSync())).toEqual(Array.from(bytes, (byte) => Math.fround(byte / 255)));
    expect(examples.ys.dtype).toBe('int32');
    expect(Array.from(examples.ys.dataSync())).toEqual([1, 0]);
    dispose(examples);
  });

  it('leaves other numbers as they are, or multiplies them by the scale', () => {
    const plain = fromArrays({ xs: [1, 2, 3, 4], shape: [2], ys: Uint8Array.of(0, 1) });
    expect(Array.from(plain.xs.dataSync())).toEqual([1, 2, 3, 4]);
    const halved = fromArrays({ xs: Float32Array.of(1, 2), shape: [1], ys: [0, 1], scale: 0.5 });
    expect(Array.from(halved.xs.dataSync())).toEqual([0.5, 1]);
    const raw = fromArrays({ xs: Uint8Array.of(7, 255), shape: [1], ys: [0, 1], scale: 1 });
    expect(Array.from(raw.xs.dataSync())).toEqual([7, 255]);
    dispose(plain, halved, raw);
  });

  it('copies: later changes of the arrays do not reach the tensors', () => {
    const [xs, ys] = [Float32Array.of(1, 2), Int32Array.of(0, 1)];
    const examples = fromArrays({ xs, shape: [1], ys });
    xs[0] = 9;
    ys[0] = 9;
    expect(Array.from(examples.xs.dataSync())).toEqual([1, 2]);
    expect(Array.from(examples.ys.dataSync())).toEqual([0, 1]);
    dispose(examples);
  });

  const good: ArrayExamples = { xs: [1, 2, 3, 4], shape: [2], ys: [0, 1] };
  const refused: [string, AmunErrorCode, object, RegExp][] = [
    ['too few values', 'size-mismatch', { xs: [1, 2, 3] }, /need 4 values, got 3/],
    ['no labels', 'empty-set', { xs: [], ys: [] }, /no examples/],
    ['a fractional label', 'invalid-labels', { ys: [0, 0.5] }, /example 1 is 0\.5/],
    ['a negative label', 'invalid-labels', { ys: [-1, 0] }, /example 0 is -1; expected at least 0/],
    ['labels that are missing', 'invalid-labels', { ys: undefined }, /ys: expected an array/],
    ['NaN', 'invalid-inputs', { xs: [1, 2, NaN, 4] }, /example 1 holds NaN/],
    ['more than float32 holds', 'invalid-inputs', { xs: [1e39, 2, 3, 4] }, /example 0 holds 1e\+39/],
    ['inputs that are missing', 'invalid-inputs', { xs: undefined }, /xs: expected a flat array/],
    [
      'nested arrays',
      'size-mismatch',
      {
        xs: [
          [1, 2],
          [3, 4],
        ],
      },
      /one flat array/,
    ],
    ['no shape', 'invalid-option', { shape: undefined }, /shape: expected the shape of one input/],
    ['an empty shape', 'invalid-option', { shape: [] }, /shape/],
    ['a shape with zero', 'invalid-option', { shape: [0] }, /shape: expected a whole number at least 1/],
    ['a negative scale', 'invalid-option', { scale: -1 }, /scale: expected a finite number above 0/],
    ['a NaN scale', 'invalid-option', { scale: NaN }, /scale/],
    ['a misspelt option', 'invalid-option', { scael: 2 }, /no option 'scael'/],
  ];
  it.each(refused)('refuses %s', async (_, code, change, message) => {
    await expectRefusal(code, message, () => fromArrays({ ...good, ...change }));
  });

  it('refuses nothing at all', async () => {
    await expectRefusal('invalid-option', /options object/, () => fromArrays(undefined as unknown as ArrayExamples));
  });
});
