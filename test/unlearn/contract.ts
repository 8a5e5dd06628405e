/** What every unlearning method must keep: one suite, run over each of them. */
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import type { Progress } from '../../src/core/run';
import { asClassifier } from '../../src/model/classifier';
import { disposeModel, modelVariables } from '../../src/model/variables';
import type { Unlearner } from '../../src/unlearn/unlearner';
import { errorOf, expectTensors, weightsOf } from '../model/support';
import { type Bench, OPTIONS, run, type UnlearnerCase, useBench, type Weights } from './contract-bench';
import { describeEndings } from './contract-endings';
import { MemoryStore, source, trainableKeys } from './fixtures';

/** The whole contract. */
export function describeUnlearner(test: UnlearnerCase): void {
  describe(`${test.name}: contract`, () => {
    describeResults(test);
    describeWeights(test);
    describeData(test);
    describeEndings(test);
  });
}

function describeResults({ make, phases = [], name }: UnlearnerCase): void {
  const bench = useBench();

  it('completes, leaves the original as it was, and says what it did', async () => {
    const result = await expectTensors(0, () => run(bench, make(OPTIONS), { seed: 5 }));
    expect(weightsOf(bench.model)).toEqual(bench.before);
    expect(result.weights).not.toEqual(bench.before);
    expect(result.state).toBe('completed');
    expect(result.method).toBe(name);
    expect(result.seed).toBe(5);
    expect(result.deterministic).toBe(true);
    expect(result.warnings).toEqual([expect.stringMatching(/^Only \d+ steps in all/)]);
    expect(result.durationMs).toBeGreaterThan(0);
    expect(result.history.map(({ epoch }) => epoch)).toEqual([1, 2, 3]);
    const rates = result.history.map(({ learningRate }) => learningRate);
    [0.05, 0.05, 0.005].forEach((rate, i) => expect(rates[i]).toBeCloseTo(rate, 12));
    for (const { losses, durationMs } of result.history) {
      expect(Object.values(losses).every(Number.isFinite)).toBe(true);
      expect(Object.keys(losses).length).toBeGreaterThan(0);
      expect(durationMs).toBeGreaterThan(0);
    }
  });

  it('echoes its options as plain JSON', async () => {
    const { options } = await run(bench, make(OPTIONS));
    expect(JSON.parse(JSON.stringify(options))).toEqual(options);
    expect(options).toMatchObject({
      ...OPTIONS,
      schedule: { every: 2, factor: 0.1 },
      momentum: 0.9,
      weightDecay: 5e-4,
      batchNorm: 'train',
    });
  });

  it('reports progress that only grows, with the time left', async () => {
    const reports: Progress[] = [];
    await run(bench, make(OPTIONS), { onProgress: (progress) => reports.push({ ...progress }) });
    const seen = [...new Set(reports.map(({ phase }) => phase))];
    expect(seen).toEqual([...phases, 'train']);
    for (const phase of seen) {
      const own = reports.filter((report) => report.phase === phase);
      own.slice(1).forEach((report, i) => {
        expect(report.done).toBeGreaterThanOrEqual(own[i].done);
        expect(report.elapsedMs).toBeGreaterThanOrEqual(own[i].elapsedMs);
      });
      expect(own.at(-1)!.done).toBe(own.at(-1)!.total);
      expect(own.every(({ total }) => total === own[0].total)).toBe(true);
      expect(own.every(({ done, remainingMs }) => done === 0 || remainingMs! >= 0)).toBe(true);
      expect(own.at(-1)!.remainingMs).toBe(0);
    }
    const training = reports.filter(({ phase }) => phase === 'train');
    expect(training.every(({ unit, loss }) => unit === 'batches' && Number.isFinite(loss))).toBe(true);
    expect([...new Set(training.map(({ epoch }) => epoch))]).toEqual([1, 2, 3]);
  });

  it('calls onEpochEnd with the working model after each epoch, and waits for it', async () => {
    const seen: [number, Weights][] = [];
    let waiting = 0;
    const { weights } = await run(bench, make(OPTIONS), {
      onEpochEnd: async (model, epoch) => {
        expect(waiting).toBe(0);
        waiting += 1;
        await new Promise((resolve) => setTimeout(resolve, 2));
        waiting -= 1;
        seen.push([epoch, weightsOf(model)]);
      },
    });
    expect(seen.map(([epoch]) => epoch)).toEqual([1, 2, 3]);
    expect(seen[2][1]).toEqual(weights);
    expect(seen[0][1]).not.toEqual(seen[1][1]);
  });

  it('lets timers run', async () => {
    let ticks = 0;
    const timer = setInterval(() => {
      ticks += 1;
    }, 1);
    await run(bench, make({ ...OPTIONS, epochs: 20 }));
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(2);
  });
}

function describeWeights({ make }: UnlearnerCase): void {
  const bench = useBench();

  it('is the same to the bit for the same seed, and another for another', async () => {
    const first = await run(bench, make(OPTIONS), { seed: 1 });
    const again = await run(bench, make(OPTIONS), { seed: 1 });
    const other = await run(bench, make(OPTIONS), { seed: 2 });
    expect(again.weights).toEqual(first.weights);
    expect(again.history.map(({ losses }) => losses)).toEqual(first.history.map(({ losses }) => losses));
    expect(other.weights).not.toEqual(first.weights);
  });

  it('inPlace: changes the given model, to the same weights', async () => {
    const copied = await run(bench, make(OPTIONS), { seed: 1 });
    const result = await expectTensors(0, () => run(bench, make(OPTIONS), { seed: 1, inPlace: true }));
    expect(result.model).toBe(bench.model);
    expect(result.weights).toEqual(copied.weights);
  });

  it('keeps masked weights bit-identical under decay and momentum', async () => {
    const mask = new Map(
      modelVariables(bench.model).map(({ key, variable }) => [
        key,
        Uint8Array.from({ length: variable.size }, (_, i) => i % 2),
      ]),
    );
    const start = await startWeights(bench, make({ ...OPTIONS, mask }));
    const { weights } = await run(bench, make({ ...OPTIONS, mask, weightDecay: 0.1 }), { seed: 1 });
    for (const key of trainableKeys(bench.model)) {
      const kept = (values: number[]): number[] => values.filter((_, i) => i % 2 === 0);
      expect(kept(weights[key]), key).toEqual(kept(start[key]));
    }
    expect(weights['last/kernel']).not.toEqual(start['last/kernel']);
  });

  it('leaves frozen layers alone, decay included', async () => {
    bench.model.layers[0].trainable = false;
    const start = await startWeights(bench, make(OPTIONS));
    const { weights } = await run(bench, make({ ...OPTIONS, weightDecay: 0.1 }), { seed: 1 });
    bench.model.layers[0].trainable = true;
    expect(weights['first/kernel']).toEqual(start['first/kernel']);
    expect(weights['first/bias']).toEqual(start['first/bias']);
    expect(weights['last/kernel']).not.toEqual(start['last/kernel']);
  });

  it('batchNorm: frozen keeps moving statistics, train moves them', async () => {
    const start = await startWeights(bench, make(OPTIONS));
    const frozen = await run(bench, make({ ...OPTIONS, batchNorm: 'frozen' }), { seed: 1 });
    const trained = await run(bench, make(OPTIONS), { seed: 1 });
    for (const key of ['norm/moving_mean', 'norm/moving_variance']) {
      expect(frozen.weights[key]).toEqual(start[key]);
      expect(trained.weights[key]).not.toEqual(start[key]);
    }
    expect(frozen.weights['norm/gamma']).not.toEqual(start['norm/gamma']);
  });
}

/** The weights that training starts from under seed 1. */
async function startWeights(bench: Bench, method: Unlearner): Promise<Weights> {
  const working = await method.workingView('test', asClassifier('test', bench.model), { seed: 1 });
  const weights = weightsOf(working.model);
  disposeModel(working.model);
  return weights;
}

function describeData({ make }: UnlearnerCase): void {
  const bench = useBench();

  it('takes sources for both sets, with the same result', async () => {
    const fromTensors = await run(bench, make(OPTIONS), { seed: 1 });
    const sources = { forget: source(8, 1), retain: source(17, 2) };
    const result = await expectTensors(0, async () => {
      const { model, state } = await make(OPTIONS).unlearn(bench.model, sources, { seed: 1 });
      const weights = weightsOf(model);
      model.dispose();
      return { weights, state };
    });
    expect(result).toEqual({ weights: fromTensors.weights, state: 'completed' });
  });

  it('warns of examples that stand in both sets', async () => {
    const sets = { forget: bench.sets.forget, retain: bench.sets.forget };
    const { model, warnings } = await make(OPTIONS).unlearn(bench.model, sets);
    model.dispose();
    expect(warnings.join()).toMatch(/8 examples of the forget set also stand in the retain set/);
  });

  it('augments original images from the seed', async () => {
    let calls = 0;
    const augment = (xs: tf.Tensor): tf.Tensor => {
      calls += 1;
      return tf.clone(xs);
    };
    const plain = await run(bench, make(OPTIONS), { seed: 1 });
    const same = await run(bench, make({ ...OPTIONS, augment }), { seed: 1 });
    expect(calls).toBeGreaterThan(0);
    expect(same.weights).toEqual(plain.weights);
    expect(same.options['augment']).toBe('augment');
  });

  it('ends with callback-failed when a source fails midway, the model as it was', async () => {
    const retain = source(17, 2);
    let calls = 0;
    const failing = {
      ...retain,
      gather: (indices: Int32Array) => {
        calls += 1;
        return calls === 3 ? Promise.reject(new Error('disk gone')) : retain.gather(indices);
      },
    };
    const sets = { forget: source(8, 1), retain: failing };
    const error = await expectTensors(0, () =>
      errorOf(() => make(OPTIONS).unlearn(bench.model, sets, { inPlace: true })),
    );
    expect(error.code).toBe('callback-failed');
    expect(error.message).toMatch(/retain.*gather\(\) failed: disk gone/);
    expect(weightsOf(bench.model)).toEqual(bench.before);
  });

  it('resumes from sources too', async () => {
    const sets = { forget: source(8, 1), retain: source(17, 2) };
    const store = new MemoryStore();
    const abort = new AbortController();
    const whole = await make(OPTIONS).unlearn(bench.model, sets, { seed: 1 });
    const stopped = await make(OPTIONS).unlearn(bench.model, sets, {
      seed: 1,
      checkpoint: store,
      signal: abort.signal,
      onEpochEnd: () => abort.abort(),
    });
    expect(stopped.state).toBe('aborted');
    const resumed = await make(OPTIONS).unlearn(bench.model, sets, { seed: 1, checkpoint: store });
    expect(weightsOf(resumed.model)).toEqual(weightsOf(whole.model));
    [whole, stopped, resumed].forEach(({ model }) => model.dispose());
  });
}
