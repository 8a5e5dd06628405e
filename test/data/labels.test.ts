import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { readLabels } from '../../src/data/labels';
import { expectRefusal } from './support';

async function read(ys: tf.Tensor, classCount?: number): Promise<number[]> {
  try {
    return Array.from(await readLabels('test', ys, { classCount }));
  } finally {
    ys.dispose();
  }
}

describe('readLabels', () => {
  it('reads ids of any dtype', async () => {
    expect(await read(tf.tensor1d([2, 0, 1], 'int32'), 3)).toEqual([2, 0, 1]);
    expect(await read(tf.tensor1d([2, 0, 1], 'float32'), 3)).toEqual([2, 0, 1]);
    expect(await read(tf.tensor1d([true, false], 'bool'), 2)).toEqual([1, 0]);
    expect(await read(tf.tensor1d([5, 7]))).toEqual([5, 7]);
  });

  it('reads [N, 1], and one-hot rows', async () => {
    expect(await read(tf.tensor2d([[1], [0], [1]]), 2)).toEqual([1, 0, 1]);
    const hot = [
      [0, 1],
      [1, 0],
    ];
    expect(await read(tf.tensor2d(hot), 2)).toEqual([1, 0]);
    expect(await read(tf.tensor2d([0, 0, 0, 1, 1, 0, 0, 0], [2, 4], 'int32'), 4)).toEqual([3, 0]);
  });

  it('agrees with argMax on random one-hot rows', async () => {
    const classes = tf.tensor1d([3, 1, 4, 1, 5, 9, 2, 6, 5, 3], 'int32');
    const oneHot = tf.oneHot(classes, 10);
    expect(await read(oneHot, 10)).toEqual(Array.from(classes.dataSync()));
    classes.dispose();
  });

  const refused: [string, () => tf.Tensor, RegExp][] = [
    ['above the class count', () => tf.tensor1d([0, 1, 12]), /example 2 is 12; expected 0 … 2 for 3 classes/],
    ['one too high', () => tf.tensor1d([1, 2, 3], 'int32'), /example 2 is 3; .* Class ids start at 0/],
    ['negative', () => tf.tensor1d([0, -1], 'int32'), /example 1 is -1/],
    ['fractional', () => tf.tensor1d([0, 1.5]), /example 1 is 1\.5, not a whole number/],
    ['NaN', () => tf.tensor1d([NaN, 1]), /example 0 is NaN/],
    ['infinite', () => tf.tensor1d([0, Infinity]), /example 1 is Infinity/],
    ['beyond int32', () => tf.tensor1d([0, 2 ** 32]), /example 1 is 4294967296/],
    ['soft', () => tf.tensor2d([[0.1, 0.2, 0.7]]), /example 0 has 0\.1\d*: soft labels/],
    ['one-hot with NaN', () => tf.tensor2d([[NaN, 0, 1]]), /example 0 has NaN/],
    ['several labels', () => tf.tensor2d([1, 0, 0, 1, 0, 1], [2, 3]), /example 1 belongs to classes 0 and 2/],
    ['no label', () => tf.tensor2d([1, 0, 0, 0, 0, 0], [2, 3]), /example 1 names no class/],
    ['ids among one-hot rows', () => tf.tensor2d([1, 0, 0, 0, 2, 0], [2, 3]), /example 1 has 2/],
    ['of rank 0', () => tf.scalar(1), /shape \[\]/],
    ['of rank 3', () => tf.zeros([2, 3, 1]), /shape \[2, 3, 1\]/],
    ['text', () => tf.tensor1d(['cat']), /labels of type string/],
  ];
  it.each(refused)('refuses labels that are %s', async (_, make, message) => {
    const ys = make();
    await expectRefusal('invalid-labels', message, () => readLabels('test', ys, { classCount: 3 }));
    ys.dispose();
  });

  it('refuses one-hot rows of another width than the model', async () => {
    const ys = tf.tensor2d([[0, 1, 0, 0]]);
    await expectRefusal('class-count-mismatch', /4 wide, but the model tells 3/, () =>
      readLabels('test', ys, { classCount: 3 }),
    );
    ys.dispose();
  });
});
