/** AMUN: what it trains on, what it leaves out, and whose tensors are whose. */
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ExampleData, Examples } from '../../src/data/examples';
import type { LabelledData } from '../../src/data/labelled';
import type { ForgetSplit } from '../../src/data/splits';
import { classifier } from '../../src/model/classifier';
import { disposeModel } from '../../src/model/variables';
import type { AdversarialSearch, AdversarialSet, SearchRun } from '../../src/search/adversarial-search';
import { Amun, type AmunOptions, type AmunTrainingSet } from '../../src/unlearn/amun';
import type { CheckpointStore } from '../../src/unlearn/checkpoint-store';
import type { EpochPlan, RunContext } from '../../src/unlearn/context';
import { SalUn } from '../../src/unlearn/salun';
import { errorOf, expectTensors, take, useBackend, weightsOf } from '../model/support';
import { CLASSES, disposeSplit, forgetTraining, split, trainedModel } from './fixtures';

const OPTIONS = { epochs: 1, batchSize: 100, learningRate: 0.01 };

let model: LayersModel;
let sets: ReturnType<typeof split>;
let tensors = 0;

beforeAll(() => useBackend('cpu'));
afterAll(forgetTraining);
beforeEach(async () => {
  (await trainedModel()).dispose();
  tensors = tf.memory().numTensors;
  model = await trainedModel();
  sets = split();
});
afterEach(() => {
  disposeSplit(sets);
  disposeModel(model);
  expect(tf.memory().numTensors).toBe(tensors);
});

/** Neighbours 0.01 away, each of the next class, all found but those of `lost`. */
function neighbours({ xs, ys }: Examples, lost: readonly number[] = []): AdversarialSet {
  const size = xs.shape[0];
  const moved = tf.tidy(() => tf.clipByValue(tf.add(xs, 0.01), 0, 1));
  const labels = tf.tidy(() => tf.cast(tf.mod(tf.add(ys, 1), CLASSES), 'int32')) as tf.Tensor1D;
  const set = {
    xs: moved,
    ys: labels,
    epsilons: Float32Array.from({ length: size }, (_, i) => i + 1),
    distances: Float32Array.from({ length: size }, (_, i) => (i + 1) / 2),
    found: Uint8Array.from({ length: size }, (_, i) => (lost.includes(i) ? 0 : 1)),
    gradientSteps: 42,
    dispose: () => tf.dispose([moved, labels]),
  };
  return set as unknown as AdversarialSet;
}

/** A search that finds {@link neighbours} at once, and remembers how it was called. */
class InstantSearch implements AdversarialSearch {
  calls: SearchRun[] = [];
  models: unknown[] = [];

  constructor(private readonly lost: readonly number[] = []) {}

  find(searched: unknown, examples: ExampleData, run: SearchRun = {}): Promise<AdversarialSet> {
    this.calls.push(run);
    this.models.push(searched);
    return Promise.resolve(neighbours(examples as Examples, this.lost));
  }
}

type Row = readonly number[];

/** Records what an epoch passes over: each row's inputs and label. */
class WatchedAmun extends Amun {
  rows: Row[] = [];

  override async plan(context: RunContext): Promise<EpochPlan> {
    const inner = await super.plan(context);
    return async (epoch) => {
      const passes = await inner(epoch);
      expect(passes.length).toBe(1);
      this.rows = await rowsOf(passes[0].data);
      return passes;
    };
  }
}

async function rowsOf(data: LabelledData): Promise<Row[]> {
  const { xs, labels } = await data.gather(Int32Array.from({ length: data.size }, (_, i) => i));
  const values = take(xs);
  return Array.from(labels, (label, i) => [...values.subarray(4 * i, 4 * i + 4), label]);
}

function rows({ xs, ys }: { xs: tf.Tensor; ys: tf.Tensor }): Row[] {
  const [values, labels] = [xs.dataSync(), ys.dataSync()];
  return Array.from(labels, (label, i) => [...values.subarray(4 * i, 4 * i + 4), label]);
}

const sorted = (of: readonly Row[]): string[] => of.map(String).sort();

async function watched(options: AmunOptions, on: ForgetSplit = sets): Promise<WatchedAmun> {
  const method = new WatchedAmun({ ...OPTIONS, search: new InstantSearch(), ...options });
  const { model: result } = await method.unlearn(model, on);
  result.dispose();
  return method;
}

describe('Amun', () => {
  it.each<[AmunTrainingSet, ('forget' | 'retain')[]]>([
    ['adversarial', []],
    ['adversarial+forget', ['forget']],
    ['adversarial+retain', ['retain']],
    ['adversarial+forget+retain', ['forget', 'retain']],
  ])('trains on %s', async (trainOn, parts) => {
    const { rows: actual } = await watched({ trainOn });
    const adversarial = neighbours(sets.forget);
    const expected = [...rows(adversarial), ...parts.flatMap((part) => rows(sets[part]))];
    adversarial.dispose();
    expect(sorted(actual)).toEqual(sorted(expected));
  });

  it('trains on adversarial and retain data by default, on adversarial data alone without retain', async () => {
    expect((await watched({})).rows.length).toBe(8 + 17);
    expect((await watched({}, { forget: sets.forget })).rows.length).toBe(8);
  });

  it('never augments adversarial images', async () => {
    const augment = (xs: tf.Tensor): tf.Tensor => tf.zerosLike(xs);
    const { rows: actual } = await watched({ trainOn: 'adversarial+forget+retain', augment });
    const zeros = actual.filter((row) => row.slice(0, 4).every((value) => value === 0));
    expect(zeros.length).toBe(8 + 17);
    const adversarial = neighbours(sets.forget);
    const changed = actual.filter((row) => !zeros.includes(row));
    expect(sorted(changed)).toEqual(sorted(rows(adversarial)));
    adversarial.dispose();
  });

  it('searches the original weights with the run’s seed, signal and progress, and sums up what it found', async () => {
    const search = new InstantSearch();
    const controller = new AbortController();
    const onProgress = (): void => undefined;
    const method = new Amun({ ...OPTIONS, search });
    const run = { seed: 9, signal: controller.signal, onProgress };
    const { model: result, search: summary, options } = await method.unlearn(model, sets, run);
    result.dispose();
    expect(search.calls).toEqual([{ batchSize: 100, ...run }]);
    expect(search.models.length).toBe(1);
    // Epsilons 1 … 8 and distances half of them.
    expect(summary).toEqual({
      total: 8,
      found: 8,
      medianEpsilon: 4.5,
      medianDistance: 2.25,
      gradientSteps: 42,
      durationMs: expect.any(Number) as number,
    });
    expect(options['search']).toBe('InstantSearch');
  });

  it('searches at the minimum norm unless told otherwise, and moves on beyond the boundary', async () => {
    const { model: result, search, options } = await new Amun(OPTIONS).unlearn(model, sets, { seed: 1 });
    result.dispose();
    expect(options['search']).toEqual({ name: 'MinimumNormSearch', norm: 'l2', steps: 8, refine: 0, overshoot: 0.1 });
    // Eight gradients an example, and few more for those that take longer.
    expect(search!.gradientSteps).toBeLessThan(3 * 8 * 8);
    expect(search!.found).toBeGreaterThan(0);
  });

  it('leaves out and counts examples without a neighbour', async () => {
    const method = new WatchedAmun({ ...OPTIONS, trainOn: 'adversarial', search: new InstantSearch([0, 3]) });
    const { model: result, warnings, search } = await method.unlearn(model, sets);
    result.dispose();
    expect(method.rows.length).toBe(6);
    expect(warnings.join()).toMatch(/2 of 8 examples to forget have no adversarial neighbour/);
    expect(search).toMatchObject({ total: 8, found: 6 });
  });

  it('leaves out neighbours that have the true label', async () => {
    const given = neighbours(sets.forget);
    const method = new WatchedAmun({
      ...OPTIONS,
      trainOn: 'adversarial',
      adversarial: { ...given, ys: sets.forget.ys } as never,
    });
    const error = await errorOf(() => method.unlearn(model, sets));
    expect(error.code).toBe('not-found');
    given.dispose();
  });

  it('does not resume with other neighbours, nor with another reading of the model', async () => {
    let bytes: Uint8Array | undefined;
    const checkpoint: CheckpointStore = {
      load: async () => bytes,
      save: async (saved) => {
        bytes = saved;
      },
      clear: async () => {
        bytes = undefined;
      },
    };
    const given = neighbours(sets.forget);
    const others = { ...given, xs: tf.mul(given.xs, 0.99) };
    const stop = new AbortController();
    const options = { ...OPTIONS, epochs: 3, adversarial: given };
    const first = await new Amun(options).unlearn(model, sets, {
      checkpoint,
      signal: stop.signal,
      onEpochEnd: () => {
        stop.abort();
      },
    });
    expect(first.state).toBe('aborted');
    disposeModel(first.model);
    const wider = classifier(model, { bounds: [-1, 2] });
    const refused = [
      await errorOf(() => new Amun({ ...options, adversarial: others }).unlearn(model, sets, { checkpoint })),
      await errorOf(() => new Amun(options).unlearn(wider, sets, { checkpoint })),
    ];
    expect(refused.map(({ code }) => code)).toEqual(['checkpoint-mismatch', 'checkpoint-mismatch']);
    const resumed = await new Amun(options).unlearn(model, sets, { checkpoint });
    expect(resumed.state).toBe('completed');
    expect(resumed.history.length).toBe(3);
    disposeModel(resumed.model);
    others.xs.dispose();
    given.dispose();
  });

  it('ends with not-found when there is no neighbour at all, the model as it was', async () => {
    const search = new InstantSearch([0, 1, 2, 3, 4, 5, 6, 7]);
    const before = weightsOf(model);
    const error = await expectTensors(0, () =>
      errorOf(() => new Amun({ ...OPTIONS, search }).unlearn(model, sets, { inPlace: true })),
    );
    expect(error.code).toBe('not-found');
    expect(error.message).toMatch(/no adversarial neighbour for any of the 8.*maxEpsilon/);
    expect(weightsOf(model)).toEqual(before);
  });

  it('takes neighbours that were found before, and leaves them to the caller', async () => {
    const given = neighbours(sets.forget);
    const search = new InstantSearch();
    const method = new WatchedAmun({ ...OPTIONS, trainOn: 'adversarial', search, adversarial: given });
    const { model: result, options, search: summary } = await method.unlearn(model, sets);
    result.dispose();
    expect(search.calls).toEqual([]);
    expect(sorted(method.rows)).toEqual(sorted(rows(given)));
    expect(options['search']).toBe('given');
    expect(summary).toMatchObject({ found: 8, gradientSteps: 42 });
    expect(given.xs.isDisposed).toBe(false);
    given.dispose();
  });

  it('refuses neighbours of another set', async () => {
    const given = neighbours(sets.retain);
    const error = await expectTensors(0, () =>
      errorOf(() => new Amun({ ...OPTIONS, adversarial: given }).unlearn(model, sets)),
    );
    expect(error.code).toBe('size-mismatch');
    expect(error.message).toMatch(/one adversarial neighbour per example to forget, \[8,4\], got xs \[17,4\]/);
    given.dispose();
  });

  it('is wrapped by SalUn like any other method', async () => {
    const method = new SalUn({ ratio: 0.5, method: new Amun({ ...OPTIONS, search: new InstantSearch() }) });
    const { model: result, search } = await method.unlearn(model, sets);
    const [before, after] = [weightsOf(model), weightsOf(result)];
    result.dispose();
    expect(search?.found).toBe(8);
    const keys = Object.keys(before).filter((key) => !key.includes('moving_'));
    const total = keys.flatMap((key) => before[key]).length;
    const moved = keys.flatMap((key) => after[key].filter((value, i) => value !== before[key][i]));
    expect(moved.length).toBeLessThanOrEqual(total / 2);
    expect(moved.length).toBeGreaterThan(total / 4);
  });

  it('hands on what a search throws', async () => {
    const failing = { find: () => Promise.reject(new Error('search broke')) };
    const error = await expectTensors(0, () =>
      errorOf(() => new Amun({ ...OPTIONS, search: failing }).unlearn(model, sets)),
    );
    expect(error.message).toMatch(/search broke/);
  });
});
