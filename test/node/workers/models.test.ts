/**
 * Search, evaluation and reference models in workers: the same bits as without.
 */
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as amun from 'amun-ts';
import {
  type AdversarialSearch,
  type AdversarialSet,
  Amun,
  classifier,
  evaluate,
  type Evaluation,
  type Examples,
  type ExampleSource,
  Fgsm,
  IncreasingEpsilonSearch,
  Pgd,
  type Progress,
  rmia,
  svcMia,
  trainReferences,
} from 'amun-ts';
import { createWorkers, ParallelSearch, type WorkerPool } from 'amun-ts/node';
import { useWasm } from 'amun-ts/wasm';
import { randomStream } from '../../../src/core/random';
import { chunkSize } from '../../../src/node/workers/parallel-search';
import { Halves } from './halves';

const SIDE = 8;
const { conv2d, batchNormalization, activation, flatten, dense } = tfl.layers;

function network(seed: number, extra: readonly tfl.layers.Layer[] = []): LayersModel {
  const kernelInitializer = tfl.initializers.heNormal({ seed });
  return tfl.sequential({
    layers: [
      conv2d({ filters: 4, kernelSize: 3, padding: 'same', inputShape: [SIDE, SIDE, 1], kernelInitializer }),
      batchNormalization(),
      activation({ activation: 'relu' }),
      ...extra,
      flatten(),
      dense({ units: 3, activation: 'softmax', kernelInitializer }),
    ],
  });
}

/** Random images, with the labels that the model gives them, but for a tenth. */
function imagesFor(model: LayersModel, size: number, seed: number): Examples {
  const xs = tf.randomUniform([size, SIDE, SIDE, 1], 0, 1, 'float32', seed);
  const predicted = tf.tidy(() => tf.argMax(model.predict(xs) as tf.Tensor, 1).dataSync());
  const random = randomStream(seed, 'labels');
  const labels = Array.from(predicted, (label) => (random.float() < 0.1 ? (label + 1) % 3 : label));
  return { xs, ys: tf.tensor1d(labels, 'int32') };
}

async function numbersOf(set: AdversarialSet): Promise<Record<string, unknown>> {
  const { epsilons, distances, found, gradientSteps } = set;
  const [xs, ys] = [await set.xs.data(), await set.ys.data()];
  set.dispose();
  return { xs, ys, epsilons, distances, found, gradientSteps };
}

/** What does not depend on when it was computed. */
const figures = (evaluation: Evaluation): Evaluation => ({ ...evaluation, durationMs: 0 });

/** In small letters: tfjs takes a string in a layer's config for a name, and turns `aB` into `a_b` and back. */
const NOTE = join(tmpdir(), `amun-worker-died-${process.pid}`);

let one: WorkerPool;
let two: WorkerPool;
let model: LayersModel;
let images: Examples;

beforeAll(async () => {
  await useWasm();
  const setup = new URL('./halves.ts', import.meta.url);
  [one, two] = await Promise.all([
    createWorkers({ workers: 1, backend: 'wasm' }),
    createWorkers({ workers: 2, backend: 'wasm', setup }),
  ]);
  model = network(1);
  images = imagesFor(model, 100, 7);
});

afterAll(async () => {
  await Promise.all([one.close(), two.close()]);
  tf.dispose([images.xs, images.ys]);
  model.dispose();
  await rm(NOTE, { force: true });
});

describe('ParallelSearch', () => {
  const batch = { batchSize: 16, seed: 3 };
  const plain = new IncreasingEpsilonSearch({ attack: new Pgd({ steps: 10 }), refine: 3 });

  it('finds what the search alone finds, bit for bit, whatever the number of workers', async () => {
    const expected = await numbersOf(await plain.find(model, images, batch));
    expect(expected['gradientSteps']).toBeGreaterThan(100);
    for (const workers of [one, two]) {
      const search = new ParallelSearch(plain, { workers });
      expect(await numbersOf(await search.find(model, images, batch))).toEqual(expected);
    }
  });

  it('calibrates once for all chunks, as the search alone does', async () => {
    const search = new IncreasingEpsilonSearch({ attack: new Pgd({ steps: 5 }), initialEpsilon: 'calibrated' });
    const phases = new Map<string, Progress>();
    const onProgress = (progress: Progress): void => void phases.set(progress.phase, progress);
    const parallel = new ParallelSearch(search, { workers: two });
    const found = await parallel.find(model, images, { ...batch, onProgress });
    expect(await numbersOf(found)).toEqual(await numbersOf(await search.find(model, images, batch)));
    expect([...phases.keys()]).toEqual(['calibrate', 'search']);
    expect(phases.get('calibrate')).toMatchObject({ done: 50, total: 50, unit: 'examples' });
    expect(phases.get('search')).toMatchObject({ done: 100, total: 100, unit: 'examples' });
  });

  it('draws random starts by chunk and seed, not by worker', async () => {
    const search = new IncreasingEpsilonSearch({ attack: new Pgd({ steps: 3, randomStart: true }) });
    const find = async (workers: WorkerPool, seed: number) =>
      numbersOf(await new ParallelSearch(search, { workers }).find(model, images, { batchSize: 16, seed }));
    const first = await find(one, 1);
    expect(await find(two, 1)).toEqual(first);
    expect((await find(two, 2))['xs']).not.toEqual(first['xs']);
  });

  it('sends a classifier as it is, and any built-in attack', async () => {
    const view = classifier(model, { bounds: [-1, 2], preprocess: { mean: 0.5, std: [2] } });
    const search = new IncreasingEpsilonSearch({ attack: new Fgsm({ norm: 'l2' }), maxEpsilon: 2, growth: 1.5 });
    const parallel = new ParallelSearch(search, { workers: two });
    const expected = await numbersOf(await search.find(view, images, batch));
    expect(await numbersOf(await parallel.find(view, images, batch))).toEqual(expected);
  });

  it('sends every search of the library', async () => {
    const searches = Object.entries(amun).filter(([name]) => /^\w+Search$/u.test(name));
    expect(searches.length).toBeGreaterThanOrEqual(2);
    for (const [, Search] of searches) {
      const search = new (Search as new () => AdversarialSearch)();
      const parallel = new ParallelSearch(search, { workers: two });
      const few = { xs: tf.slice(images.xs, 0, 24), ys: tf.slice(images.ys, 0, 24) };
      const expected = await numbersOf(await search.find(model, few, { batchSize: 8 }));
      expect(await numbersOf(await parallel.find(model, few, { batchSize: 8 }))).toEqual(expected);
      tf.dispose([few.xs, few.ys]);
    }
  });

  it('reads a source chunk by chunk', async () => {
    const asked: number[] = [];
    const source: ExampleSource = {
      size: 100,
      inputShape: [SIDE, SIDE, 1],
      classCount: 3,
      gather: async (indices) => {
        asked.push(indices.length);
        return tf.tidy(() => {
          const rows = tf.tensor1d(indices, 'int32');
          return { xs: tf.gather(images.xs, rows), ys: tf.gather(images.ys, rows) };
        });
      },
    };
    const before = tf.memory().numTensors;
    const parallel = await new ParallelSearch(plain, { workers: two }).find(model, source, batch);
    expect(tf.memory().numTensors).toBe(before + 2);
    expect(await numbersOf(parallel)).toEqual(await numbersOf(await plain.find(model, images, batch)));
    expect(Math.max(...asked)).toBe(15);
  });

  it('takes weights as they are when it is called', async () => {
    const changing = network(5);
    const search = new ParallelSearch(plain, { workers: two });
    const first = await numbersOf(await search.find(changing, images, batch));
    changing.setWeights(changing.getWeights().map((weight) => tf.mul(weight, 1.3)));
    const second = await numbersOf(await search.find(changing, images, batch));
    expect(second['xs']).not.toEqual(first['xs']);
    expect(second).toEqual(await numbersOf(await plain.find(changing, images, batch)));
    changing.dispose();
  });

  it('takes a search from a module', async () => {
    const module = new URL('./halves.ts', import.meta.url);
    const parallel = new ParallelSearch({ module, options: { steps: 10 } }, { workers: two });
    const same = new IncreasingEpsilonSearch({ attack: new Pgd({ steps: 10 }) });
    const expected = await numbersOf(await same.find(model, images, batch));
    expect(await numbersOf(await parallel.find(model, images, batch))).toEqual(expected);
    const empty = new ParallelSearch({ module, export: 'makeNothing' }, { workers: two });
    await expect(empty.find(model, images)).rejects.toMatchObject({ code: 'callback-failed' });
  });

  it('refuses searches that can not be sent, and what is no pool', () => {
    class Own extends IncreasingEpsilonSearch {}
    expect(() => new ParallelSearch(new Own(), { workers: two })).toThrow(/class Own can't be sent/u);
    const hooked = { ...new IncreasingEpsilonSearch(), find: () => Promise.reject(new Error()) };
    expect(() => new ParallelSearch(hooked, { workers: two })).toThrow(/can't be sent/u);
    expect(() => new ParallelSearch(plain, { workers: { size: 2 } as WorkerPool })).toThrow(/createWorkers/u);
    expect(() => new ParallelSearch({ module: './x.js' }, { workers: two })).toThrow(/import\.meta\.url/u);
  });

  it('says how custom layers get to the workers, and finds them there', async () => {
    const custom = network(2, [new Halves()]);
    await expect(new ParallelSearch(plain, { workers: one }).find(custom, images)).rejects.toMatchObject({
      code: 'unregistered-layer',
      message: expect.stringMatching(/TestHalves.*setup/su) as string,
    });
    const expected = await numbersOf(await plain.find(custom, images, batch));
    const parallel = new ParallelSearch(plain, { workers: two });
    expect(await numbersOf(await parallel.find(custom, images, batch))).toEqual(expected);
    custom.dispose();
  });

  it('redoes the chunk of a worker that dies in it', async () => {
    const fatal = network(2, [new Halves({ dieOnce: NOTE })]);
    const harmless = network(2, [new Halves()]);
    const parallel = new ParallelSearch(plain, { workers: two });
    const reports: number[] = [];
    const onProgress = ({ done }: Progress): void => void reports.push(done);
    const found = await numbersOf(await parallel.find(fatal, images, { ...batch, onProgress }));
    expect(found).toEqual(await numbersOf(await plain.find(harmless, images, batch)));
    expect(reports).toEqual([...reports].sort((a, b) => a - b));
    expect(reports.at(-1)).toBe(100);
    fatal.dispose();
    harmless.dispose();
  });

  it('rejects with the reason of an abort, gives the model back and leaks nothing', async () => {
    const before = tf.memory().numTensors;
    const abort = new AbortController();
    const search = new ParallelSearch(new IncreasingEpsilonSearch({ growth: 1.01 }), { workers: two });
    const onProgress = (): void => abort.abort(new Error('enough'));
    const running = search.find(model, images, { batchSize: 4, signal: abort.signal, onProgress });
    await expect(running).rejects.toThrow('enough');
    expect(tf.memory().numTensors).toBe(before);
    const changed = await new Amun({ search: new ParallelSearch(plain, { workers: two }), epochs: 1 }).unlearn(
      model,
      { forget: images },
      { inPlace: false },
    );
    expect(changed.state).toBe('completed');
    changed.model.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('cuts by the number of examples alone', () => {
    expect(chunkSize(5, 128)).toBe(5);
    expect(chunkSize(1000, 128)).toBe(125);
    expect(chunkSize(128 * 64 * 3, 128)).toBe(3 * 128);
    expect(chunkSize(1024 * 1000, 128)).toBe(8 * 128);
  });
});

describe('evaluate and trainReferences with workers', () => {
  let split: { forget: Examples; retain: Examples; test: Examples };

  beforeAll(() => {
    split = { forget: imagesFor(model, 40, 1), retain: imagesFor(model, 700, 2), test: imagesFor(model, 300, 3) };
  });

  afterAll(() => {
    for (const { xs, ys } of Object.values(split)) tf.dispose([xs, ys]);
  });

  it('evaluate gives the same figures and counts every example', async () => {
    const reference = network(9);
    const options = { attacks: [svcMia({ shadowSize: 50 })], reference, resamples: 20, seed: 2 };
    const expected = await evaluate(model, split, options);
    const before = tf.memory().numTensors;
    const reports: Progress[] = [];
    const onProgress = (progress: Progress): void => void reports.push(progress);
    for (const workers of [one, two]) {
      const evaluation = await evaluate(model, split, { ...options, workers, onProgress });
      expect(figures(evaluation)).toEqual(figures(expected));
      expect(reports.at(-1)).toMatchObject({ phase: 'evaluate', done: 2080, total: 2080 });
    }
    expect(tf.memory().numTensors).toBe(before);
    reference.dispose();
  });

  it('reads a sequential source in its order', async () => {
    let at = 0;
    const { xs, ys } = split.retain;
    const source: ExampleSource = {
      size: 700,
      inputShape: [SIDE, SIDE, 1],
      classCount: 3,
      sequential: true,
      gather: async ({ length }) => {
        const start = at;
        at += length;
        // A source that takes its time: the next batch is asked for before this one is there.
        await new Promise((resolve) => setTimeout(resolve, 5));
        return { xs: tf.slice(xs, start, length), ys: tf.slice(ys, start, length) };
      },
    };
    const options = { attacks: [], resamples: 10 };
    const evaluation = await evaluate(model, { ...split, retain: source }, { ...options, workers: two });
    const expected = await evaluate(model, split, options);
    expect(evaluation.retainAccuracy).toBe(expected.retainAccuracy);
    expect(evaluation.confidence).toEqual(expected.confidence);
  });

  it('trainReferences trains the same models, several at a time, and hands them over in order', async () => {
    const options = { count: 4, epochs: 2, batchSize: 64, learningRate: 0.05, seed: 4 };
    // One factory that takes the seed, and one that does not.
    for (const build of [(seed: number) => network(seed), () => network(11)]) {
      const expected = await trainReferences(build, split, options);
      const before = tf.memory().numTensors;
      const counts: number[] = [];
      const reports: Progress[] = [];
      const references = await trainReferences(build, split, {
        ...options,
        workers: two,
        onModel: ({ count }) => void counts.push(count),
        onProgress: (progress) => void reports.push(progress),
      });
      expect(references).toEqual(expected);
      expect(counts).toEqual([1, 2, 3, 4]);
      expect(reports.at(-1)!.done).toBe(reports.at(-1)!.total);
      expect(reports.at(-1)!.loss).toBeGreaterThan(0);
      expect(tf.memory().numTensors).toBe(before);
    }
  });

  it('trainReferences goes on from completed models, and its references serve an attack', async () => {
    const options = { count: 4, epochs: 1, batchSize: 64, seed: 4 };
    const whole = await trainReferences(network, split, { ...options, workers: two });
    let half: typeof whole | undefined;
    const stop = (soFar: typeof whole): void => {
      if (soFar.count < 2) return;
      half = structuredClone(soFar);
      throw new Error('power cut');
    };
    const before = tf.memory().numTensors;
    const broken = trainReferences(network, split, { ...options, workers: two, onModel: stop });
    await expect(broken).rejects.toThrow('power cut');
    expect(tf.memory().numTensors).toBe(before);
    const rest = await trainReferences(network, split, { ...options, workers: one, completed: half! });
    expect(rest).toEqual(whole);
    const attacks = [rmia({ references: whole })];
    const { membership } = await evaluate(model, split, { attacks, workers: two, resamples: 10 });
    expect(membership['rmia'].forgetVsTest!.auc).toBeGreaterThan(0);
  });

  it('refuses what can not be sent, and what are no workers', async () => {
    const augment = (xs: tf.Tensor): tf.Tensor => tf.clone(xs);
    const training = trainReferences(network, split, { count: 2, epochs: 1, workers: two, augment: augment as never });
    await expect(training).rejects.toMatchObject({ code: 'not-transferable' });
    await expect(evaluate(model, split, { workers: { size: 2 } })).rejects.toMatchObject({ code: 'invalid-option' });
  });

  it('trainReferences stops at an abort', async () => {
    const abort = new AbortController();
    const before = tf.memory().numTensors;
    const running = trainReferences(network, split, {
      epochs: 1000,
      batchSize: 16,
      workers: two,
      signal: abort.signal,
      onProgress: () => abort.abort(new Error('enough')),
    });
    await expect(running).rejects.toThrow('enough');
    expect(tf.memory().numTensors).toBe(before);
  });
});
