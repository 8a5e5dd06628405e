/** The contract's second half: how a run may end - aborted, diverged, thrown out of, interrupted and resumed. */
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import type { Progress } from '../../src/core/run';
import type { Unlearner } from '../../src/unlearn/unlearner';
import { errorOf, expectTensors, weightsOf } from '../model/support';
import { OPTIONS, run, type UnlearnerCase, useBench, type Weights } from './contract-bench';
import { examples, MemoryStore } from './fixtures';

/** Aborts at the `count`-th report of a phase. */
function abortAt(count: number, phase = 'train'): { signal: AbortSignal; onProgress: (progress: Progress) => void } {
  const controller = new AbortController();
  let seen = 0;
  return {
    signal: controller.signal,
    onProgress: (progress) => {
      if (progress.phase === phase) seen += 1;
      if (seen === count) controller.abort(new Error('enough'));
    },
  };
}

/** Aborts, divergence, callbacks and checkpoints. */
export function describeEndings(test: UnlearnerCase): void {
  describe('abort', () => describeAborts(test));
  describe('divergence and callbacks', () => describeFailures(test));
  describe('checkpoints', () => describeCheckpoints(test));
}

function describeAborts({ make, phases = [] }: UnlearnerCase): void {
  const bench = useBench();

  it('before the start: rejects with the reason', async () => {
    const reason = new Error('not now');
    const error = await expectTensors(0, () =>
      errorOf(() => make(OPTIONS).unlearn(bench.model, bench.sets, { signal: AbortSignal.abort(reason) })),
    );
    expect(error).toBe(reason);
    expect(weightsOf(bench.model)).toEqual(bench.before);
  });

  it.each([1, 4, 8])('after step %i: resolves with the weights after it', async (count) => {
    // The same run in place shows the weights after each step.
    const steps: Weights[] = [];
    await run(bench, make(OPTIONS), {
      seed: 1,
      inPlace: true,
      onProgress: ({ phase }) => {
        if (phase === 'train') steps.push(weightsOf(bench.model));
      },
    });
    restore(bench);
    const result = await expectTensors(0, () => run(bench, make(OPTIONS), { seed: 1, ...abortAt(count) }));
    expect(result.state).toBe('aborted');
    expect(result.weights).toEqual(steps[count - 1]);
    expect(weightsOf(bench.model)).toEqual(bench.before);
  });

  it('with inPlace: puts the weights back', async () => {
    const result = await expectTensors(0, () => run(bench, make(OPTIONS), { inPlace: true, ...abortAt(3) }));
    expect(result.state).toBe('aborted');
    expect(result.model).toBe(bench.model);
    expect(result.weights).toEqual(bench.before);
  });

  it.each(phases)('in the phase %s: resolves with the weights as they were', async (phase) => {
    const result = await expectTensors(0, () => run(bench, make(OPTIONS), { seed: 1, ...abortAt(1, phase) }));
    expect(result.state).toBe('aborted');
    expect(result.history).toEqual([]);
    expect(result.weights).toEqual(bench.before);
  });
}

function restore({ model, before }: ReturnType<typeof useBench>): void {
  for (const weight of model.weights) {
    const key = weight.originalName;
    const variable = weight.read() as unknown as { assign(value: unknown): void; shape: number[] };
    const value = tf.tensor(before[key], variable.shape);
    variable.assign(value);
    value.dispose();
  }
}

function describeFailures({ make }: UnlearnerCase): void {
  const bench = useBench();

  it('a learning rate that explodes ends as diverged, with the last good weights', async () => {
    const result = await expectTensors(0, () => run(bench, make({ ...OPTIONS, learningRate: 1e6, epochs: 4 })));
    expect(result.state).toBe('diverged');
    expect(result.history.length).toBeLessThan(4);
    expect(Object.values(result.weights).flat().every(Number.isFinite)).toBe(true);
    expect(Math.max(...Object.values(result.weights).flat().map(Math.abs))).toBeLessThan(1e3);
    expect(result.warnings.join()).toMatch(/diverged in epoch \d; lower the learning rate/);
    expect(weightsOf(bench.model)).toEqual(bench.before);
  });

  it('an explosion in the very last step is one too', async () => {
    const options = { ...OPTIONS, learningRate: 1e7, epochs: 1, batchSize: 100 };
    const result = await run(bench, make(options));
    expect(result.state).toBe('diverged');
    expect(result.history).toEqual([]);
    expect(Math.max(...Object.values(result.weights).flat().map(Math.abs))).toBeLessThan(1e3);
  });

  it('divergence with inPlace puts the weights back', async () => {
    const options = { ...OPTIONS, learningRate: 1e6, epochs: 4 };
    const result = await expectTensors(0, () => run(bench, make(options), { inPlace: true }));
    expect(result.state).toBe('diverged');
    expect(result.weights).toEqual(bench.before);
  });

  it.each(['onProgress', 'onEpochEnd', 'onEpochEnd, later'])('what %s throws ends the run', async (name) => {
    const cause = new Error('caller trouble');
    const fail = (): never => {
      throw cause;
    };
    const callbacks = {
      onProgress: { onProgress: fail },
      onEpochEnd: { onEpochEnd: fail },
      'onEpochEnd, later': { onEpochEnd: () => Promise.reject(cause) },
    }[name];
    const error = await expectTensors(0, () =>
      errorOf(() => make(OPTIONS).unlearn(bench.model, bench.sets, { ...callbacks, inPlace: true })),
    );
    expect(error.code).toBe('callback-failed');
    expect(error.cause).toBe(cause);
    expect(error.message).toMatch(/^on\w+ threw, which ends the run: caller trouble/);
    expect(weightsOf(bench.model)).toEqual(bench.before);
    // The model is free again.
    expect((await run(bench, make(OPTIONS))).state).toBe('completed');
  });
}

function describeCheckpoints({ make, phases = [] }: UnlearnerCase): void {
  const bench = useBench();

  const resumed = async (method: () => Unlearner, store: MemoryStore, stop: ReturnType<typeof abortAt>) => {
    const stopped = await run(bench, method(), { seed: 3, checkpoint: store, ...stop });
    expect(stopped.state).toBe('aborted');
    const phasesAgain = new Set<string>();
    const result = await run(bench, method(), {
      seed: 3,
      checkpoint: store,
      onProgress: ({ phase }) => phasesAgain.add(phase),
    });
    return { ...result, phases: [...phasesAgain] };
  };

  it.each([1, 6, 9, 11])('aborted after step %i, it goes on to the same bits', async (count) => {
    const whole = await run(bench, make(OPTIONS), { seed: 3 });
    const store = new MemoryStore();
    const result = await expectTensors(0, () => resumed(() => make(OPTIONS), store, abortAt(count)));
    expect(result.state).toBe('completed');
    expect(result.weights).toEqual(whole.weights);
    const figures = (history: typeof result.history): unknown => history.map((epoch) => ({ ...epoch, durationMs: 0 }));
    expect(figures(result.history)).toEqual(figures(whole.history));
    expect(result.search).toEqual(
      whole.search === undefined ? undefined : { ...whole.search, durationMs: expect.any(Number) as number },
    );
    // What came before training is not done again, and nothing is left of the checkpoint.
    expect(result.phases).toEqual(['train']);
    expect(store.bytes).toBeUndefined();
  });

  it.each(phases)('aborted in the phase %s, it begins again', async (phase) => {
    const whole = await run(bench, make(OPTIONS), { seed: 3 });
    const store = new MemoryStore();
    const result = await resumed(() => make(OPTIONS), store, abortAt(1, phase));
    expect(result.weights).toEqual(whole.weights);
  });

  it('goes on in place after an interruption that put the weights back', async () => {
    const whole = await run(bench, make(OPTIONS), { seed: 3 });
    const store = new MemoryStore();
    await run(bench, make(OPTIONS), { seed: 3, checkpoint: store, inPlace: true, ...abortAt(9) });
    expect(weightsOf(bench.model)).toEqual(bench.before);
    const result = await run(bench, make(OPTIONS), { seed: 3, checkpoint: store, inPlace: true });
    expect(result.weights).toEqual(whole.weights);
  });

  it.each<[string, { seed?: number; epochs?: number; data?: number }]>([
    ['another seed', { seed: 4 }],
    ['other options', { epochs: 5 }],
    ['other inputs with the same labels', { data: 7 }],
  ])('refuses the checkpoint of another run: %s', async (_name, { seed = 3, epochs = 3, data }) => {
    const store = new MemoryStore();
    await run(bench, make(OPTIONS), { seed: 3, checkpoint: store, ...abortAt(9) });
    const forget = data === undefined ? bench.sets.forget : examples(8, data);
    const other = { ...bench, sets: { ...bench.sets, forget } };
    const error = await expectTensors(0, () =>
      errorOf(() => run(other, make({ ...OPTIONS, epochs }), { seed, checkpoint: store })),
    );
    expect(error.code).toBe('checkpoint-mismatch');
    expect(error.message).toMatch(/belongs to another run.*clear it/);
    expect(store.bytes).toBeDefined();
    if (data !== undefined) tf.dispose([forget.xs, forget.ys]);
  });

  it.each<[string, (bytes: Uint8Array) => Uint8Array]>([
    ['nothing', () => new Uint8Array(0)],
    ['something else', () => new TextEncoder().encode('{"not": "a checkpoint"}')],
    ['cut short', (bytes) => bytes.slice(0, bytes.length - 40)],
    ['a damaged header', (bytes) => bytes.fill(255, 12, 40)],
    ['one bit', (bytes) => bytes.fill(bytes[bytes.length - 100] ^ 1, bytes.length - 100, bytes.length - 99)],
    ['another version', (bytes) => bytes.fill(9, 4, 5)],
  ])('refuses damaged bytes: %s', async (_name, damage) => {
    const store = new MemoryStore();
    await run(bench, make(OPTIONS), { seed: 3, checkpoint: store, ...abortAt(9) });
    store.bytes = damage(store.bytes!);
    const error = await expectTensors(0, () =>
      errorOf(() => run(bench, make(OPTIONS), { seed: 3, checkpoint: store, inPlace: true })),
    );
    expect(error.code).toBe('checkpoint-mismatch');
    expect(weightsOf(bench.model)).toEqual(bench.before);
  });
}
