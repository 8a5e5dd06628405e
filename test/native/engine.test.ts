/** How the engine keeps what it compiled. */
import { setTimeout } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Step } from '../../src/core/engine';
import { randomStream } from '../../src/core/random';
import { logitsOf } from '../../src/model/logits';
import { scramble } from '../model/support';
import { values, take, doubling, model, viewOf, batch, train } from './steps';
import { openEngine, type TestEngine, underEngine } from './support';

let bench: TestEngine;

beforeEach(async () => {
  bench = await openEngine({ maxCompiled: 3 });
});

afterEach(() => bench.engine.dispose());

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
