/** When the engine does without a compiled form. */
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runEagerly, type Step } from '../../src/core/engine';
import { randomStream } from '../../src/core/random';
import { logitsOf } from '../../src/model/logits';
import { CompiledStep } from '../../src/native/compiled';
import { take, doubling, model, viewOf, batch, train } from './steps';
import { openEngine, type TestEngine, underEngine } from './support';

let bench: TestEngine;

beforeEach(async () => {
  bench = await openEngine({ maxCompiled: 3 });
});

afterEach(() => bench.engine.dispose());

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
