import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { concatExamples, subsetExamples } from '../../src/data/combine';
import type { ExampleSource } from '../../src/data/examples';
import { openData } from '../../src/data/open';
import { dispose, examples, exampleSource, expectRefusal, expectTensors, ids } from './support';

const oneHot = (classes: number[]): tf.Tensor => tf.tidy(() => tf.oneHot(tf.tensor1d(classes, 'int32'), 3));

describe('subsetExamples', () => {
  it('makes new tensors, in the order asked for', async () => {
    const data = examples(6);
    const subset = await expectTensors(2, () => subsetExamples(data, [5, 0, 5]));
    dispose(data);
    expect(Array.from(subset.ys.dataSync())).toEqual([2, 0, 2]);
    expect(ids(subset.xs)).toEqual([5, 0, 5]);
    subset.ys.dispose();
  });

  it('keeps one-hot labels one-hot', () => {
    const data = { xs: tf.zeros([3, 2]), ys: oneHot([2, 0, 1]) };
    const subset = subsetExamples(data, Int32Array.of(2, 0));
    expect(subset.ys.shape).toEqual([2, 3]);
    expect(Array.from(subset.ys.dataSync())).toEqual([0, 1, 0, 0, 0, 1]);
    dispose(data, subset);
  });

  it('gives a view of a source', async () => {
    const view = await expectTensors(0, () => subsetExamples(exampleSource(9), [8, 3, 1]));
    expect(view).toMatchObject({ size: 3, inputShape: [2], classCount: 3 });
    const batch = await view.gather(Int32Array.of(2, 0));
    expect(Array.from(batch.ys.dataSync())).toEqual([1, 2]);
    expect(ids(batch.xs)).toEqual([1, 8]);
    batch.ys.dispose();
  });

  it('refuses bad indices, and a source that can only be read in order', async () => {
    const data = examples(3);
    await expectRefusal('invalid-option', /from 0 to 2, got 3 at position 1/, () => subsetExamples(data, [0, 3]));
    await expectRefusal('invalid-option', /got -1 at position 0/, () => subsetExamples(data, [-1]));
    await expectRefusal('invalid-option', /got 0\.5/, () => subsetExamples(data, [0.5]));
    await expectRefusal('invalid-option', /got NaN/, () => subsetExamples(data, [NaN]));
    await expectRefusal('empty-set', /no indices/, () => subsetExamples(data, []));
    await expectRefusal('invalid-option', /array of indices, got 2/, () => subsetExamples(data, 2 as never));
    await expectRefusal('invalid-inputs', /read in order/, () =>
      subsetExamples({ ...exampleSource(3), sequential: true }, [0]),
    );
    dispose(data);
    await expectRefusal('disposed', /disposed/, () => subsetExamples(data, [0]));
  });
});

describe('concatExamples', () => {
  it('makes new tensors of all parts', async () => {
    const [a, b] = [examples(2), examples(3)];
    const all = await expectTensors(2, () => concatExamples(a, b));
    dispose(a, b);
    expect(Array.from(all.ys.dataSync())).toEqual([0, 1, 0, 1, 2]);
    expect(all.ys.dtype).toBe('int32');
    expect(ids(all.xs)).toEqual([0, 1, 0, 1, 2]);
    all.ys.dispose();
  });

  it('copies a single part, and takes labels of different types', () => {
    const a = examples(2);
    const copy = concatExamples(a);
    const floats = { xs: tf.zeros([1, 2]), ys: tf.tensor1d([2]) };
    const mixed = concatExamples(a, floats);
    dispose(a);
    expect(Array.from(copy.ys.dataSync())).toEqual([0, 1]);
    expect(Array.from(mixed.ys.dataSync())).toEqual([0, 1, 2]);
    dispose(copy, floats, mixed);
  });

  it('reads tensors of any label form and sources as one source', async () => {
    const [a, hot] = [examples(2), { xs: tf.zeros([1, 2]), ys: oneHot([2]) }];
    const all = await expectTensors(0, () => concatExamples(a, exampleSource(5), hot));
    const source = all as ExampleSource;
    expect(source).toMatchObject({ size: 8, inputShape: [2], classCount: 3, sequential: false });
    const batch = await expectTensors(2, () => source.gather(Int32Array.of(7, 6, 1, 2)));
    expect(Array.from(batch.ys.dataSync())).toEqual([2, 1, 1, 0]);
    expect(ids(batch.xs)).toEqual([0, 4, 1, 0]);
    batch.ys.dispose();
    dispose(a, hot);
  });

  it('lets every reader of a sequential part begin at its first example', async () => {
    const data = examples(2);
    const fresh = (): ExampleSource => {
      let position = 0;
      const inOrder = exampleSource(9);
      return {
        ...inOrder,
        sequential: true,
        reader: fresh,
        gather: (indices) => inOrder.gather(indices.map(() => position++)),
      };
    };
    const all = concatExamples(data, fresh()) as ExampleSource;
    expect(all.sequential).toBe(true);
    for (let call = 0; call < 2; call += 1) {
      const opened = await openData('test', all, { inputShape: [2], classCount: 3 });
      // Indices 2 … of the sequential part: it gives its next examples, the part in memory the ones asked for.
      const first = await opened.gather(Int32Array.of(9, 1, 4));
      const second = await opened.gather(Int32Array.of(0, 2));
      expect([ids(first.xs), ids(second.xs)]).toEqual([
        [0, 1, 1],
        [0, 2],
      ]);
    }
    dispose(data);
  });

  it('refuses parts that do not go together', async () => {
    const [a, wide, hot] = [
      examples(2),
      { xs: tf.zeros([1, 3]), ys: tf.tensor1d([0]) },
      { xs: tf.zeros([1, 2]), ys: oneHot([2]) },
    ];
    await expectRefusal('empty-set', /at least one/, () => concatExamples());
    await expectRefusal('invalid-inputs', /inputs of shape \[2, 2\] and \[1, 3\]/, () => concatExamples(a, wide));
    await expectRefusal('invalid-labels', /labels of shape \[2\] and \[1, 3\]/, () => concatExamples(a, hot));
    const source = concatExamples(exampleSource(2), wide) as ExampleSource;
    await expectRefusal('invalid-inputs', /part 1: expected inputs of shape \[2\]/, () =>
      source.gather(Int32Array.of(0)),
    );
    dispose(a, wide, hot);
  });
});
