import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import type { AmunErrorCode } from '../../src/core/errors';
import type { Examples } from '../../src/data/examples';
import type { IndexedSplit } from '../../src/data/splits';
import { splitByClass, splitByFraction, splitByIndices } from '../../src/data/splits';
import { dispose, examples, exampleSource, expectRefusal, expectTensors } from './support';

const idsIn = (data: Examples): number[] =>
  Array.from(data.xs.dataSync())
    .filter((_, i) => i % 2 === 0)
    .map((value) => Math.round(value * 100));

/** Forgotten and retained ids; checks that tensors and index lists say the same, and disposes the split. */
function parts(split: IndexedSplit<Examples>): { forget: number[]; retain: number[] } {
  const found = { forget: idsIn(split.forget), retain: idsIn(split.retain) };
  expect(found).toEqual({ forget: Array.from(split.forgetIndices), retain: Array.from(split.retainIndices) });
  expect(Array.from(split.forget.ys.dataSync())).toEqual(found.forget.map((i) => i % 3));
  expect(Array.from(split.retain.ys.dataSync())).toEqual(found.retain.map((i) => i % 3));
  split.dispose();
  return found;
}

describe('splitByIndices', () => {
  it('retains what is not forgotten, and disposes only what it made', async () => {
    const [data, test] = [examples(6), examples(2)];
    const split = await expectTensors(4, () => splitByIndices(data, [4, 1], { test }));
    expect(split.test).toBe(test);
    expect(split.testIndices).toBeUndefined();
    await expectTensors(-4, () => {
      expect(parts(split)).toEqual({ forget: [4, 1], retain: [0, 2, 3, 5] });
    });
    expect([data.xs.isDisposed, test.xs.isDisposed]).toEqual([false, false]);
    dispose(data, test);
  });

  it('takes explicit lists', async () => {
    const data = examples(6);
    const split = await expectTensors(6, () => splitByIndices(data, { forget: [0], retain: [5, 2], test: [3] }));
    expect(Array.from(split.testIndices!)).toEqual([3]);
    expect(idsIn(split.test as Examples)).toEqual([3]);
    await expectTensors(-6, () => {
      expect(parts(split)).toEqual({ forget: [0], retain: [5, 2] });
    });
    expect(parts(splitByIndices(data, { forget: [0] })).retain).toEqual([1, 2, 3, 4, 5]);
    const rest = splitByIndices(data, { forget: [0], test: [3] });
    tf.dispose([(rest.test as Examples).xs, (rest.test as Examples).ys]);
    expect(parts(rest).retain).toEqual([1, 2, 4, 5]);
    dispose(data);
  });

  it('gives views of a source', async () => {
    const split = await expectTensors(0, () => splitByIndices(exampleSource(5), [3, 0]));
    expect([split.forget.size, split.retain.size]).toEqual([2, 3]);
    const batch = await split.retain.gather(Int32Array.of(2, 0));
    expect(idsIn(batch)).toEqual([4, 1]);
    dispose(batch);
    await expectTensors(0, () => {
      split.dispose();
    });
  });

  const refused: [string, AmunErrorCode, unknown, RegExp][] = [
    ['an index twice', 'split-overlap', [1, 2, 1], /index 1 is twice in 'forget'/],
    ['forget and retain', 'split-overlap', { forget: [1], retain: [0, 1] }, /1 is both in 'forget' and in 'retain'/],
    ['forget and test', 'split-overlap', { forget: [1], test: [1] }, /1 is both in 'forget' and in 'test'/],
    ['test and retain', 'split-overlap', { forget: [1], test: [2], retain: [2] }, /'test' and in 'retain'/],
    ['none', 'empty-set', [], /forget: there are no indices/],
    ['an empty retain list', 'empty-set', { forget: [0], retain: [] }, /retain: there are no indices/],
    ['all', 'empty-set', [0, 1, 2, 3], /nothing is left to retain of 4/],
    ['too high an index', 'invalid-option', [4], /forget: expected whole numbers from 0 to 3, got 4/],
    ['a negative index', 'invalid-option', [-1], /got -1/],
    ['a fractional index', 'invalid-option', [1.5], /got 1\.5/],
    ['text', 'invalid-option', ['1'], /got the string '1'/],
    ['a number', 'invalid-option', 3, /expected an array of indices, got 3/],
    ['nothing', 'invalid-option', undefined, /expected an array of indices/],
    ['an unknown list', 'invalid-option', { forget: [1], tets: [2] }, /no option 'tets'/],
  ];
  it.each(refused)('refuses %s', async (_, code, indices, message) => {
    const data = examples(4);
    await expectRefusal(code, message, () => splitByIndices(data, indices as number[]));
    dispose(data);
  });

  it('refuses bad data and two tests', async () => {
    const data = examples(4);
    await expectRefusal('invalid-option', /test: pass either/, () =>
      splitByIndices(data, { forget: [0], test: [1] }, { test: data }),
    );
    await expectRefusal('invalid-option', /no option 'tset'/, () => splitByIndices(data, [0], { tset: 1 } as object));
    await expectRefusal('invalid-inputs', /expected examples/, () => splitByIndices([1] as never, [0]));
    await expectRefusal('invalid-inputs', /read in order/, () =>
      splitByIndices({ ...exampleSource(3), sequential: true }, [0]),
    );
    await expectRefusal('empty-set', /at least one example, got size 0/, () => splitByIndices(exampleSource(0), [0]));
    dispose(data);
    await expectRefusal('disposed', /disposed/, () => splitByIndices(data, [0]));
  });
});

describe('splitByFraction', () => {
  it('forgets a seeded random fraction', () => {
    const data = examples(40);
    const draw = (seed?: number) => parts(splitByFraction(data, 0.1, { seed }));
    const { forget, retain } = draw(3);
    expect(forget).toHaveLength(4);
    expect([...forget, ...retain].sort((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, i) => i));
    expect(draw(3)).toEqual(draw(3));
    expect(draw(3)).not.toEqual(draw(4));
    expect(draw()).toEqual(draw(0));
    dispose(data);
  });

  it('draws every example about equally often', () => {
    const source = exampleSource(10);
    const counts = new Float64Array(10);
    for (let seed = 0; seed < 1000; seed += 1) {
      for (const index of splitByFraction(source, 0.3, { seed }).forgetIndices) counts[index] += 1;
    }
    // 300 expected of each; the standard deviation is 14.5.
    for (const count of counts) expect(Math.abs(count - 300)).toBeLessThan(70);
  });

  it('refuses fractions that forget nothing or everything, and bad seeds', async () => {
    const data = examples(4);
    for (const fraction of [0, 1, -0.1, NaN, Infinity, '0.5']) {
      await expectRefusal('invalid-option', /fraction: expected a finite number above 0 and below 1/, () =>
        splitByFraction(data, fraction as number),
      );
    }
    await expectRefusal('empty-set', /0\.1 of 4 examples is less than one/, () => splitByFraction(data, 0.1));
    await expectRefusal('empty-set', /nothing is left/, () => splitByFraction(data, 0.99));
    await expectRefusal('invalid-option', /seed/, () => splitByFraction(data, 0.5, { seed: -1 }));
    dispose(data);
  });
});

describe('splitByClass', () => {
  it('forgets one class or several', async () => {
    const data = examples(7);
    const one = await expectTensors(4, () => splitByClass(data, 1));
    expect(parts(one)).toEqual({ forget: [1, 4], retain: [0, 2, 3, 5, 6] });
    expect(parts(await splitByClass(data, [2, 0])).retain).toEqual([1, 4]);
    dispose(data);
  });

  it('forgets a seeded fraction of a class', async () => {
    const data = examples(60);
    const draw = async (seed: number) => parts(await splitByClass(data, 2, { fraction: 0.25, seed })).forget;
    expect(await draw(1)).toHaveLength(5);
    expect((await draw(1)).every((i) => i % 3 === 2)).toBe(true);
    expect(await draw(1)).toEqual(await draw(1));
    expect(await draw(1)).not.toEqual(await draw(2));
    dispose(data);
  });

  it('reads one-hot labels', async () => {
    const data = { xs: tf.zeros([3, 2]), ys: tf.tensor2d([0, 1, 1, 0, 0, 1], [3, 2]) };
    const split = await splitByClass(data, 1);
    expect(Array.from(split.forgetIndices)).toEqual([0, 2]);
    split.dispose();
    dispose(data);
  });

  it('reads the labels of a source in batches', async () => {
    const source = exampleSource(300);
    const split = await expectTensors(0, () => splitByClass(source, 2));
    expect(source.calls).toBe(3);
    expect(Array.from(split.forgetIndices)).toEqual(Array.from({ length: 100 }, (_, i) => 3 * i + 2));
    expect(split.forget.size).toBe(100);
  });

  it('aborts while it reads a source, and before it begins', async () => {
    const controller = new AbortController();
    const source = exampleSource(300);
    const gather = (indices: Int32Array) => {
      controller.abort(new Error('enough'));
      return source.gather(indices);
    };
    await expectTensors(0, async () => {
      await expect(splitByClass({ ...source, gather }, 2, { signal: controller.signal })).rejects.toThrow('enough');
    });
    expect(source.calls).toBe(1);
    await expect(splitByClass(source, 2, { signal: controller.signal })).rejects.toThrow('enough');
    expect(source.calls).toBe(1);
  });

  const refused: [string, AmunErrorCode, unknown, object, RegExp][] = [
    ['a class without examples', 'empty-set', 7, {}, /no example has class 7/],
    ['no classes', 'empty-set', [], {}, /no classes were named/],
    ['all classes', 'empty-set', [0, 1, 2], {}, /nothing is left to retain/],
    ['a negative class', 'invalid-option', -1, {}, /class: expected a whole number/],
    ['a fractional class', 'invalid-option', [0.5], {}, /class/],
    ['text', 'invalid-option', '1', {}, /class/],
    ['a fraction of 0', 'invalid-option', 1, { fraction: 0 }, /fraction/],
    ['a fraction above 1', 'invalid-option', 1, { fraction: 1.1 }, /fraction/],
    ['too small a fraction', 'empty-set', 1, { fraction: 0.01 }, /less than one/],
    ['an unknown option', 'invalid-option', 1, { fractoin: 1 }, /no option 'fractoin'/],
  ];
  it.each(refused)('refuses %s', async (_, code, classes, options, message) => {
    const data = examples(9);
    await expectRefusal(code, message, () => splitByClass(data, classes as number, options));
    dispose(data);
  });

  it('refuses labels that are no classes', async () => {
    const data = { xs: tf.zeros([2, 2]), ys: tf.tensor1d([0, 0.5]) };
    await expectRefusal('invalid-labels', /example 1 is 0\.5/, () => splitByClass(data, 0));
    dispose(data);
  });
});
