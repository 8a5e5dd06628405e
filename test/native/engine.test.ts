/** How the engine keeps what it compiled, and when it does without. */
import { setTimeout } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runEagerly, type Step } from '../../src/core/engine';
import { randomStream } from '../../src/core/random';
import { classifier, type ClassifierView } from '../../src/model/classifier';
import { logitsOf } from '../../src/model/logits';
import { Sgd } from '../../src/model/sgd';
import { trainStep } from '../../src/model/train-step';
import { CompiledStep } from '../../src/native/compiled';
import { scramble } from '../model/support';
import { numbers, openEngine, type TestEngine, underEngine } from './support';

let bench: TestEngine;

beforeEach(async () => {
  bench = await openEngine({ maxCompiled: 3 });
});

afterEach(() => bench.engine.dispose());

const values = (tensor: tf.Tensor): number[] => Array.from(tensor.dataSync());

function take(tensors: tf.Tensor[]): number[][] {
  const all = tensors.map(values);
  tf.dispose(tensors);
  return all;
}

/** A step that doubles its input. */
function doubling(changes: Partial<Step> = {}): Step {
  return {
    key: 'double',
    owner: {},
    inputs: [],
    variables: [],
    weights: 'fixed',
    compute: ([x]) => [tf.mul(x, 2)],
    ...changes,
  };
}

/** Sums of products: rounding shows the order. */
function model(...middle: tfl.layers.Layer[]): tfl.LayersModel {
  const layers = [tfl.layers.dense({ units: 7, activation: 'tanh', inputShape: [5] }), ...middle];
  return scramble(tfl.sequential({ layers: [...layers, tfl.layers.dense({ units: 3 })] }));
}

const viewOf = (made: tfl.LayersModel): ClassifierView => classifier(made) as ClassifierView;
const batch = (rows = 6): tf.Tensor => tf.tensor(numbers('batch', rows * 5), [rows, 5]);

/** Losses of some steps of training, and the weights after them. */
async function train(made: tfl.LayersModel, steps: number, seed = 1): Promise<number[][]> {
  const view = viewOf(made);
  const optimizer = new Sgd(view.variables, { momentum: 0.9, weightDecay: 1e-3 });
  const random = randomStream(seed, 'masks');
  const labels = Int32Array.from([0, 1, 2, 0, 1, 2]);
  const losses: number[] = [];
  for (let step = 0; step < steps; step += 1) {
    const mode = { kind: 'training', batchNorm: 'train', random } as const;
    losses.push(await trainStep(view, { xs: batch(), labels }, { optimizer, mode, learningRate: 0.1 }));
  }
  optimizer.dispose();
  return [losses, ...view.variables.map(({ variable }) => values(variable))];
}

describe('random draws', () => {
  const dropout = (): tfl.LayersModel => model(tfl.layers.dropout({ rate: 0.5 }));

  it('are those of the backend, and others in each step', async () => {
    const expected = await underEngine(undefined, () => train(dropout(), 4));
    const got = await underEngine(bench.engine, () => train(dropout(), 4));
    expect(bench.fallbacks).toEqual([]);
    // Other masks would change the losses by tenths.
    got[0].forEach((loss, step) => {
      expect(loss).toBeCloseTo(expected[0][step], 5);
    });
    const still = doubling({ random: randomStream(1, 'still'), weights: 'changing' });
    const x = batch(2);
    const compute: Step['compute'] = ([input], draw) => [
      tf.add(
        tf.mul(input, 0),
        draw((random) => tf.scalar(random.float())),
      ),
    ];
    const drawn = [];
    for (let call = 0; call < 4; call += 1)
      drawn.push(take(await bench.engine.run({ ...still, inputs: [x], compute }))[0][0]);
    const random = randomStream(1, 'still');
    expect(drawn).toEqual(Array.from({ length: 4 }, () => Math.fround(random.float())));
    x.dispose();
  });
});

describe('weights that are built in', () => {
  it('are built in anew when they changed', async () => {
    const made = model();
    const view = viewOf(made);
    const x = batch();
    const both = async (): Promise<void> => {
      const [got] = take([await underEngine(bench.engine, () => logitsOf(view, x))]);
      const [expected] = take([await underEngine(undefined, () => logitsOf(view, x))]);
      got.forEach((value, i) => {
        expect(value).toBeCloseTo(expected[i], 5);
      });
    };
    await both();
    scramble(made, 2);
    await both();
    const changed = made.layers[1].getWeights().map((weight) => tf.mul(weight, -3));
    made.layers[1].setWeights(changed);
    await both();
    await underEngine(bench.engine, () => train(made, 2));
    await both();
    expect(bench.fallbacks).toEqual([]);
    tf.dispose([x, changed]);
  });

  it('take batches of any size in one form', async () => {
    const view = viewOf(model());
    for (const rows of [1, 2, 3, 17]) {
      const x = batch(rows);
      tf.dispose([await underEngine(bench.engine, () => logitsOf(view, x)), x]);
    }
    expect(bench.engine.compiledCount).toBe(1);
  });
});

describe('variables', () => {
  it('that share their values are told apart', async () => {
    const [x, start] = [batch(1), tf.scalar(2)];
    const [a, b] = [tf.variable(start), tf.variable(start)];
    const step = doubling({
      inputs: [x],
      variables: [a, b],
      weights: 'changing',
      compute: () => {
        a.assign(tf.add(a as tf.Tensor, 1));
        b.assign(tf.mul(b as tf.Tensor, 10));
        return [tf.sub(b as tf.Tensor, a as tf.Tensor)];
      },
    });
    const got = [];
    for (let call = 0; call < 3; call += 1) got.push(take(await bench.engine.run(step))[0]);
    // a = 3, 4, 5; b = 20, 200, 2000.
    expect(got).toEqual([[17], [196], [1995]]);
    expect([values(a), values(b)]).toEqual([[5], [2000]]);
    expect(bench.fallbacks).toEqual([]);
    tf.dispose([x, start, a, b]);
  });

  it('go back when the step fails while it is recorded', async () => {
    const [x, a] = [batch(1), tf.variable(tf.scalar(2))];
    const compute = (): never => {
      a.assign(tf.scalar(5));
      throw new RangeError('no');
    };
    const step = doubling({ inputs: [x], variables: [a], weights: 'changing', compute });
    await expect(bench.engine.run(step)).rejects.toThrow(RangeError);
    expect(values(a)).toEqual([2]);
    tf.dispose([x, a]);
  });
});

describe('compiled forms', () => {
  it('are at most as many as asked for', async () => {
    const owner = {};
    const x = batch(2);
    const steps = [1, 2, 3, 4, 5].map((factor) =>
      doubling({ owner, key: `by ${factor}`, inputs: [x], compute: ([input]) => [tf.mul(input, factor)] }),
    );
    for (const step of steps) tf.dispose(await bench.engine.run(step));
    expect(bench.engine.compiledCount).toBe(3);
    const [again] = take(await bench.engine.run(steps[0]));
    expect(again).toEqual(values(x));
    expect(bench.engine.compiledCount).toBe(3);
    x.dispose();
  });

  it('go when they are stopped, and come again', async () => {
    const x = batch(2);
    const step = doubling({ inputs: [x] });
    tf.dispose(await bench.engine.run(step));
    await bench.engine.dispose();
    expect(bench.engine.compiledCount).toBe(0);
    tf.dispose(await bench.engine.run(step));
    expect(bench.engine.compiledCount).toBe(1);
    x.dispose();
  });

  it('go with what they belong to', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const made = model(tfl.layers.dropout({ rate: 0.5 }));
    // Each run has an optimizer of its own, to which its steps belong.
    await underEngine(bench.engine, () => train(made, 3));
    expect(bench.engine.compiledCount).toBe(1);
    for (let turn = 0; turn < 50 && bench.engine.compiledCount > 0; turn += 1) {
      collect();
      await setTimeout(10);
    }
    expect(bench.engine.compiledCount).toBe(0);
  });

  it('are not used on another backend', async () => {
    const x = batch(2);
    await tf.setBackend('cpu');
    tf.dispose(await bench.engine.run(doubling({ inputs: [x] })));
    expect(bench.engine.compiledCount).toBe(0);
    await tf.setBackend('wasm');
    x.dispose();
  });

  it('give the same bits from run to run', async () => {
    const runs = [];
    for (let run = 0; run < 2; run += 1) {
      const { engine } = await openEngine();
      runs.push(await underEngine(engine, () => train(model(tfl.layers.dropout({ rate: 0.3 })), 5)));
      await engine.dispose();
    }
    expect(runs[0]).toEqual(runs[1]);
  });

  it('leave no tensors behind, and no memory', async () => {
    const made = model(tfl.layers.batchNormalization({}));
    const view = viewOf(made);
    await underEngine(bench.engine, () => train(made, 2));
    const x = batch();
    const one = async (): Promise<void> => tf.dispose(await underEngine(bench.engine, () => logitsOf(view, x)));
    await one();
    const before = tf.memory().numTensors;
    await underEngine(bench.engine, () => train(made, 100));
    for (let call = 0; call < 100; call += 1) await one();
    const used = process.memoryUsage().rss;
    for (let call = 0; call < 400; call += 1) await one();
    await underEngine(bench.engine, () => train(made, 400));
    expect(tf.memory().numTensors).toBe(before);
    // 800 steps: a leak of one batch of activations each would be some hundred kB; a session, tens of MB.
    expect(process.memoryUsage().rss - used).toBeLessThan(64e6);
    expect(bench.engine.compiledCount).toBeLessThanOrEqual(3);
    x.dispose();
  });
});

describe('what can not be compiled', () => {
  const told = (): string => bench.fallbacks.splice(0).join('\n');

  async function expectEager(step: Step, reason: RegExp): Promise<void> {
    for (let call = 0; call < 2; call += 1) tf.dispose(await bench.engine.run(step));
    expect(bench.fallbacks).toHaveLength(1);
    expect(told()).toMatch(reason);
    expect(bench.engine.compiledCount).toBe(0);
  }

  it('runs op by op, with the right results, and is told once', async () => {
    const x = tf.tensor2d([[3, 1, 2]]);
    const compute: Step['compute'] = ([input]) => [tf.topk(input, 2).values];
    const step = doubling({ key: 'largest two', inputs: [x], compute });
    expect(take(await bench.engine.run(step))).toEqual([[3, 2]]);
    expect(take(await bench.engine.run({ ...step, owner: {} }))).toEqual([[3, 2]]);
    expect(bench.fallbacks).toEqual([
      "amun-ts/native: 'largest' runs op by op on the backend 'wasm', because the kernel TopK has no translation.",
    ]);
    x.dispose();
  });

  it.each(['fixed', 'changing'] as const)('are random numbers that do not come from the step, %s', async (weights) => {
    const x = batch(2);
    const compute: Step['compute'] = ([input]) => [tf.mul(input, tf.randomNormal(input.shape))];
    await expectEager(doubling({ inputs: [x], compute, weights }), /numbers that differ from call to call/);
    x.dispose();
  });

  it('are noise layers of a kind of their own', async () => {
    class Jitter extends tfl.layers.Layer {
      static className = 'TestJitter';
      override call(inputs: tf.Tensor | tf.Tensor[], kwargs: Record<string, unknown>): tf.Tensor {
        const x = Array.isArray(inputs) ? inputs[0] : inputs;
        return kwargs['training'] === true ? tf.mul(x, tf.randomUniform(x.shape, 0.5, 1.5)) : x;
      }
    }
    const made = model(new Jitter({}));
    const [losses] = await underEngine(bench.engine, () => train(made, 3));
    expect(told()).toMatch(/numbers that differ/);
    expect(losses.every(Number.isFinite)).toBe(true);
    const x = batch();
    tf.dispose([await underEngine(bench.engine, () => logitsOf(viewOf(made), x)), x]);
    expect(bench.engine.compiledCount).toBe(1);
  });

  it('are values that were read on the host', async () => {
    const x = batch(2);
    const compute: Step['compute'] = ([input]) => [tf.mul(input, tf.max(input).dataSync()[0])];
    await expectEager(doubling({ inputs: [x], compute, weights: 'changing' }), /reads .* on the host/);
    x.dispose();
  });

  it('are steps that count their calls', async () => {
    const x = batch(2);
    let calls = 0;
    const compute: Step['compute'] = ([input]) => [tf.mul(input, (calls += 1))];
    await expectEager(doubling({ inputs: [x], compute, weights: 'changing' }), /differ from call to call/);
    x.dispose();
  });

  it('are fixed steps that assign variables, or draw', async () => {
    const [x, a] = [batch(2), tf.variable(tf.scalar(1))];
    const assigning: Step['compute'] = ([input]) => {
      a.assign(tf.add(a as tf.Tensor, 1));
      return [tf.mul(input, a as tf.Tensor)];
    };
    await expectEager(doubling({ inputs: [x], variables: [a], compute: assigning }), /assigns variables/);
    const drawing: Step['compute'] = ([input], draw) => [
      tf.mul(
        input,
        draw((random) => tf.scalar(random.float())),
      ),
    ];
    await expectEager(
      doubling({ inputs: [x], random: randomStream(1, 'a'), compute: drawing }),
      /draws random numbers/,
    );
    tf.dispose([x, a]);
  });

  it('is what fails as it runs: the step is taken by the backend, with the same draws', async () => {
    const expected = await underEngine(undefined, () => train(model(tfl.layers.dropout({ rate: 0.5 })), 5));
    const run = Reflect.get(CompiledStep.prototype, 'run') as CompiledStep['run'];
    let calls = 0;
    // The first call is the check at compilation, the second a step; then it fails.
    CompiledStep.prototype.run = function (feeds) {
      calls += 1;
      return calls > 2 ? Promise.reject(new Error('out of memory')) : run.call(this, feeds);
    };
    try {
      const got = await underEngine(bench.engine, () => train(model(tfl.layers.dropout({ rate: 0.5 })), 5));
      expect(told()).toMatch(/out of memory/);
      expect(calls).toBe(3);
      got.forEach((numbersGot, i) => {
        numbersGot.forEach((value, j) => {
          expect(value).toBeCloseTo(expected[i][j], 5);
        });
      });
    } finally {
      CompiledStep.prototype.run = run;
    }
  });

  it('leaves the same number of tensors as the backend does', async () => {
    const x = batch(2);
    const steps = [
      doubling({ inputs: [x], compute: ([input]) => [tf.mul(input, tf.randomNormal(input.shape))] }),
      doubling({ inputs: [x], weights: 'changing', compute: ([input]) => [tf.topk(input, 1).values] }),
    ];
    for (const step of steps) {
      const before = tf.memory().numTensors;
      for (let call = 0; call < 3; call += 1) {
        tf.dispose(await bench.engine.run(step));
        tf.dispose(runEagerly(step));
        expect(tf.memory().numTensors).toBe(before);
      }
    }
    x.dispose();
  });
});
