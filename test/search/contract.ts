/** What every attack and every search must do, whatever its method. Run by `contract.test.ts`. */
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Examples } from '../../src/data/examples';
import type { AdversarialSearch, SearchRun } from '../../src/search/adversarial-search';
import type { Attack, AttackRun } from '../../src/search/attack';
import { goldenMlp } from '../golden/models';
import { errorOf, expectTensors, layerState, weightsOf } from '../model/support';
import { disposeExamples, expectNeighbours, lengths, mlpExamples } from './support';

interface Result {
  readonly xs: tf.Tensor;
  readonly ys: tf.Tensor;
  readonly found: Uint8Array;
  readonly gradientSteps: number;
}

type Call = (model: LayersModel, examples: Examples, run: SearchRun) => Promise<Result>;

function disposeResult({ xs, ys }: Result): void {
  tf.dispose([xs, ys]);
}

/** What attacks and searches have in common. */
function sharedContract(call: Call): void {
  let model: LayersModel;
  let examples: Examples;
  beforeEach(() => {
    model = goldenMlp();
    examples = mlpExamples();
  });
  afterEach(() => {
    model.dispose();
    disposeExamples(examples);
  });

  it('finds points that are misclassified at batch 1 and 128, inside the box, and leaks nothing', async () => {
    const result = await expectTensors(2, () => call(model, examples, {}));
    expectNeighbours(model, result, examples.ys.dataSync());
    expect(result.found.some((found) => found === 1)).toBe(true);
    expect(result.xs.shape).toEqual(examples.xs.shape);
    expect(result.ys.dtype).toBe('int32');
    expect(result.gradientSteps).toBeGreaterThan(0);
    disposeResult(result);
  });

  it('leaves the model and the examples as they were', async () => {
    const before = [weightsOf(model), layerState(model), Array.from(examples.xs.dataSync())];
    disposeResult(await call(model, examples, {}));
    expect([weightsOf(model), layerState(model), Array.from(examples.xs.dataSync())]).toEqual(before);
  });

  it('gives the same bits for the same seed', async () => {
    const results = [await call(model, examples, { seed: 3 }), await call(model, examples, { seed: 3 })];
    const [a, b] = results.map(({ xs, ys, found }) => [xs.dataSync(), ys.dataSync(), found]);
    expect(a).toEqual(b);
    results.forEach(disposeResult);
  });

  it('works example by example, and in batches that do not divide their number', async () => {
    for (const [batchSize, count] of [
      [1, 3],
      [7, 24],
    ]) {
      const some = { xs: tf.slice(examples.xs, 0, count), ys: tf.slice(examples.ys, 0, count) };
      const result = await expectTensors(2, () => call(model, some, { batchSize }));
      expectNeighbours(model, result, some.ys.dataSync());
      disposeResult(result);
      disposeExamples(some);
    }
  });

  it('reports progress up to every example', async () => {
    const done: number[] = [];
    const onProgress = (progress: { phase: string; done: number; total: number; unit: string }): void => {
      if (progress.phase === 'search') {
        expect(progress).toMatchObject({ total: 24, unit: 'examples' });
        done.push(progress.done);
      }
    };
    disposeResult(await call(model, examples, { onProgress, batchSize: 8 }));
    expect(done.at(-1)).toBe(24);
    expect(done).toEqual([...done].sort((a, b) => a - b));
  });

  it('rejects with the reason when aborted, before it begins and midway, and leaks nothing', async () => {
    const reason = new Error('enough');
    const early = AbortSignal.abort(reason);
    expect(await expectTensors(0, () => errorOf(() => call(model, examples, { signal: early })))).toBe(reason);
    const controller = new AbortController();
    const run = { signal: controller.signal, batchSize: 4, onProgress: () => controller.abort(reason) };
    expect(await expectTensors(0, () => errorOf(() => call(model, examples, run)))).toBe(reason);
  });

  it('ends as callback-failed when onProgress throws, and leaks nothing', async () => {
    const onProgress = (): never => {
      throw new Error('no screen');
    };
    const error = await expectTensors(0, () => errorOf(() => call(model, examples, { onProgress, batchSize: 8 })));
    expect(error.code).toBe('callback-failed');
    // The model is free again.
    disposeResult(await call(model, examples, {}));
  });

  it.each<[string, object, string]>([
    ['a batch size of 0', { batchSize: 0 }, 'invalid-option'],
    ['a batch size as text', { batchSize: '8' }, 'invalid-option'],
    ['an option that does not exist', { batchsize: 8 }, 'invalid-option'],
    ['a negative seed', { seed: -1 }, 'invalid-option'],
    ['something else than a signal', { signal: true }, 'invalid-option'],
  ])('refuses %s', async (_name, run, code) => {
    expect((await expectTensors(0, () => errorOf(() => call(model, examples, run)))).code).toBe(code);
  });

  it('refuses what is no model, and data that does not fit', async () => {
    const cases: [unknown, unknown, string][] = [
      [{}, examples, 'unsupported-model'],
      [model, { xs: examples.xs }, 'invalid-inputs'],
      [model, { xs: tf.zeros([2, 3]), ys: tf.zeros([2]) }, 'invalid-inputs'],
      [model, { xs: tf.zeros([2, 16], 'int32'), ys: tf.zeros([2]) }, 'invalid-inputs'],
      [model, { xs: tf.fill([2, 16], 2), ys: tf.zeros([2]) }, 'out-of-bounds'],
      [model, { xs: tf.fill([2, 16], NaN), ys: tf.zeros([2]) }, 'invalid-inputs'],
      [model, { xs: tf.zeros([2, 16]), ys: tf.fill([2], 5) }, 'invalid-labels'],
      [model, { xs: tf.zeros([2, 16]), ys: tf.zeros([3]) }, 'size-mismatch'],
    ];
    for (const [badModel, badExamples, code] of cases) {
      const refused = (): Promise<Result> => call(badModel as LayersModel, badExamples as Examples, {});
      expect((await expectTensors(0, () => errorOf(refused))).code).toBe(code);
    }
  });
}

/** The contract of an attack, within a radius at which it finds some of the golden MLP's examples but not all. */
export function attackContract(name: string, make: () => Attack, epsilon: number): void {
  describe(name, () => {
    const perturb: Call = (model, examples, run) => make().perturb(model, examples, { epsilon, ...run });
    sharedContract(perturb);

    const attack = async (run: Partial<AttackRun>) => {
      const [model, examples] = [goldenMlp(), mlpExamples()];
      const result = await make().perturb(model, examples, { epsilon, ...run });
      const distances = lengths(result.xs, examples.xs, make().norm);
      const found = Array.from(result.found);
      tf.dispose([result.xs, result.ys, examples.xs, examples.ys]);
      model.dispose();
      return { distances, found, stuck: Array.from(result.stuck) };
    };

    it('keeps within one radius for all, and within a radius for each', async () => {
      const { distances, found, stuck } = await attack({});
      expect(Math.max(...distances)).toBeLessThanOrEqual(epsilon * (1 + 1e-5));
      expect(found).toContain(0);
      expect(stuck).not.toContain(1);
      const radii = Float32Array.from({ length: 24 }, (_, i) => 0.01 * (i + 1));
      const each = await attack({ epsilon: radii });
      each.distances.forEach((distance, i) => expect(distance).toBeLessThanOrEqual(radii[i] * (1 + 1e-5)));
      expect(each.distances.some((distance) => distance > 0.02)).toBe(true);
    });

    it('starts where it is told, and leaves the start to the caller', async () => {
      const examples = mlpExamples();
      const start = tf.tidy(() => tf.clipByValue(tf.add(examples.xs, 1e-3), 0, 1));
      const model = goldenMlp();
      const result = await make().perturb(model, examples, { epsilon: 1e-30, start });
      expect(start.isDisposed).toBe(false);
      // With no radius to speak of, it is pulled back to the examples, unless it stopped before its first step.
      const moved = lengths(result.xs, examples.xs, make().norm).filter((_, i) => result.found[i] === 0);
      expect(moved.length).toBeGreaterThan(12);
      expect(Math.max(...moved)).toBeLessThan(1e-6);
      tf.dispose([start, examples.xs, examples.ys, result.xs, result.ys]);
      model.dispose();
    });

    it.each<[string, object, string]>([
      ['no radius', { epsilon: undefined }, 'invalid-option'],
      ['a radius of 0', { epsilon: 0 }, 'invalid-option'],
      ['a negative radius', { epsilon: -1 }, 'invalid-option'],
      ['an infinite radius', { epsilon: Infinity }, 'invalid-option'],
      ['NaN as radius', { epsilon: NaN }, 'invalid-option'],
      ['a radius as text', { epsilon: '0.1' }, 'invalid-option'],
      ['radii in an array', { epsilon: [0.1] }, 'invalid-option'],
      ['too few radii', { epsilon: Float32Array.of(0.1) }, 'size-mismatch'],
      ['radii with a NaN', { epsilon: new Float32Array(24).fill(NaN) }, 'invalid-option'],
      ['a start that is no tensor', { start: [0] }, 'invalid-option'],
      ['a start of another shape', { start: () => tf.zeros([24, 4]) }, 'invalid-option'],
      ['a start of whole numbers', { start: () => tf.zeros([24, 16], 'int32') }, 'invalid-option'],
    ])('refuses %s', async (_what, run, code) => {
      const made = 'start' in run && typeof run.start === 'function' ? { start: run.start() as tf.Tensor } : run;
      expect((await errorOf(() => attack(made))).code).toBe(code);
    });
  });
}

/** The contract of a search. */
export function searchContract(name: string, make: () => AdversarialSearch, norm: 'l2' | 'linf'): void {
  describe(name, () => {
    sharedContract((model, examples, run) => make().find(model, examples, run));

    it('measures distances, keeps them within the radii, and finds a neighbour for every example', async () => {
      const [model, examples] = [goldenMlp(), mlpExamples()];
      const set = await make().find(model, examples);
      expect(Array.from(set.found)).toEqual(new Array(24).fill(1));
      const measured = lengths(set.xs, examples.xs, norm);
      set.distances.forEach((distance, i) => {
        expect(distance).toBeCloseTo(measured[i], 6);
        expect(distance).toBeLessThanOrEqual(set.epsilons[i] * (1 + 1e-5));
      });
      set.dispose();
      set.dispose();
      expect(set.xs.isDisposed && set.ys.isDisposed).toBe(true);
      disposeExamples(examples);
      model.dispose();
    });

    it('takes a source as well as tensors', async () => {
      const [model, examples] = [goldenMlp(), mlpExamples()];
      const source = {
        size: 24,
        inputShape: [16],
        classCount: 5,
        gather: async (indices: Int32Array) =>
          tf.tidy(() => {
            const rows = tf.tensor1d(indices, 'int32');
            return { xs: tf.gather(examples.xs, rows), ys: tf.gather(examples.ys, rows) };
          }),
      };
      const [a, b] = [await make().find(model, examples), await expectTensors(2, () => make().find(model, source))];
      expect(b.xs.dataSync()).toEqual(a.xs.dataSync());
      expect(b.ys.dataSync()).toEqual(a.ys.dataSync());
      const inOrder = { ...source, sequential: true };
      expect((await errorOf(() => make().find(model, inOrder))).code).toBe('invalid-inputs');
      a.dispose();
      b.dispose();
      disposeExamples(examples);
      model.dispose();
    });
  });
}
