/** The entry point, its refusals, and a whole run of unlearning and evaluation. */
import '@tensorflow/tfjs-layers';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Amun, evaluate, FineTune, type ForgetSplit, IncreasingEpsilonSearch } from 'amun-ts';
import { useNative } from 'amun-ts/native';
import { isAmunError } from '../../src/core/errors';
import { sharedState } from '../../src/core/shared-state';
import { useWasm } from '../../src/wasm/use-wasm';
import { uniform } from '../model/support';

afterEach(() => {
  vi.doUnmock('onnxruntime-node');
  vi.resetModules();
  sharedState().engine = undefined;
});

describe('useNative', () => {
  it('says what it set up, and is there until it is stopped', async () => {
    const info = await useNative();
    expect(info).toMatchObject({ backend: 'wasm', engine: 'onnxruntime-node', threads: 1 });
    expect(info.version).toMatch(/^\d+\.\d+\.\d+/);
    expect([0, 8, 16]).toContain(info.block);
    expect(sharedState().engine?.name).toBe('onnxruntime-node');
    await info.stop();
    expect(sharedState().engine).toBeUndefined();
    expect(tf.getBackend()).toBe('wasm');
  });

  it('replaces the former setting, which can no longer be stopped', async () => {
    const former = await useNative();
    const info = await useNative({ threads: 2 });
    await former.stop();
    expect(sharedState().engine?.name).toBe('onnxruntime-node');
    expect(info.threads).toBe(2);
    await info.stop();
  });

  it.each([
    [{ threads: 0 }, 'threads'],
    [{ threads: 1.5 }, 'threads'],
    [{ threads: '2' }, 'threads'],
    [{ maxCompiled: 0 }, 'maxCompiled'],
    [{ onFallback: 'warn' }, 'onFallback'],
    [{ thread: 1 }, 'thread'],
  ])('refuses %j', async (options, name) => {
    const error: unknown = await useNative(options as never).catch((reason: unknown) => reason);
    expect(isAmunError(error) && error.code).toBe('invalid-option');
    expect((error as Error).message).toMatch(new RegExp(`useNative.*${name}`));
    expect(sharedState().engine).toBeUndefined();
  });

  it('says how to install what is missing', async () => {
    vi.doMock('onnxruntime-node', () => {
      throw new Error('Cannot find package');
    });
    vi.resetModules();
    const fresh = await import('../../src/native/use-native');
    const error: unknown = await fresh.useNative().catch((reason: unknown) => reason);
    expect(isAmunError(error) && error.code).toBe('no-backend');
    expect((error as Error).message).toMatch(/useNative: .*npm install onnxruntime-node/);
    expect(sharedState().engine).toBeUndefined();
  });
});

/** Three blobs in the unit square, some of which are to be forgotten. */
function blobs(): { split: ForgetSplit; dispose(): void } {
  const rows = 60;
  const noise = uniform([rows, 4], 3, -0.25, 0.25);
  const ys = tf.tensor1d(
    Int32Array.from({ length: rows }, (_, i) => i % 3),
    'int32',
  );
  const centres = tf.tensor2d([[0.2, 0.2, 0.8, 0.5], [0.8, 0.3, 0.2, 0.5], [0.5, 0.8, 0.5, 0.1]]); // prettier-ignore
  const xs = tf.tidy(() => tf.clipByValue(tf.add(tf.gather(centres, ys), noise), 0, 1));
  tf.dispose([noise, centres]);
  const part = (from: number, count: number) => ({ xs: tf.slice(xs, from, count), ys: tf.slice(ys, from, count) });
  const split = { forget: part(0, 9), retain: part(9, 30), test: part(39, 21) };
  tf.dispose([xs, ys]);
  return { split, dispose: () => tf.dispose(split as never) };
}

describe('unlearning and its evaluation', () => {
  async function run(): Promise<{ found: number[]; figures: number[]; losses: number[] }> {
    const { split, dispose } = blobs();
    const dense = (units: number, seed: number, rest: object) =>
      tfl.layers.dense({ units, kernelInitializer: tfl.initializers.glorotUniform({ seed }), ...rest });
    const model = tfl.sequential({ layers: [dense(8, 1, { activation: 'relu', inputShape: [4] }), dense(3, 2, {})] });
    const training = new FineTune({ epochs: 15, learningRate: 0.3, batchSize: 10 });
    const { model: trained } = await training.unlearn(
      model,
      { forget: split.test!, retain: split.retain! },
      { seed: 1 },
    );
    const search = new IncreasingEpsilonSearch({ initialEpsilon: 0.05 });
    const neighbours = await search.find(trained, split.forget, { seed: 1 });
    const amun = new Amun({ search, epochs: 3, learningRate: 0.05, batchSize: 16 });
    const { model: forgotten, history } = await amun.unlearn(trained, split, { seed: 1 });
    const { forgetAccuracy, retainAccuracy, testAccuracy } = await evaluate(forgotten, split, { attacks: [], seed: 1 });
    const figures = [forgetAccuracy, retainAccuracy, testAccuracy];
    const found = Array.from(neighbours.found);
    neighbours.dispose();
    for (const made of [model, trained, forgotten]) made.dispose();
    dispose();
    return { found, figures, losses: history.flatMap(({ losses }) => Object.values(losses)) };
  }

  it('come to the same as on wasm', async () => {
    await useWasm();
    const expected = await run();
    const fallbacks: string[] = [];
    const info = await useNative({ onFallback: (message) => fallbacks.push(message) });
    const got = await run();
    await info.stop();
    expect(fallbacks).toEqual([]);
    expect(got.found).toEqual(expected.found);
    expect(got.figures).toEqual(expected.figures);
    expect(got.losses).toHaveLength(3);
    // Rounding of some hundred steps.
    got.losses.forEach((loss, epoch) => {
      expect(loss).toBeCloseTo(expected.losses[epoch], 3);
    });
  });
});
