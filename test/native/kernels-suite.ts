/**
 * Each case as a step, compiled and op by op on cpu: outputs, and gradients of Σ (y² / 2 + y) by inputs and weights. Nothing may fall back.
 *
 * Tolerance: 128 units of 2⁻²⁴ of an output's largest number, for sums in another order; a wrong or missing term is some thousand
 * times larger.
 */
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runEagerly, type Step } from '../../src/core/engine';
import { randomStream } from '../../src/core/random';
import type { InputSpec, KernelCase } from './kernel-cases';
import { expectClose, openEngine, type TestEngine, underEngine } from './support';

function tensorOf({ shape, kind = 'real', below = 1 }: InputSpec, rows: number | undefined, name: string): tf.Tensor {
  const random = randomStream(11, name);
  const whole = rows === undefined ? [...shape] : [rows, ...shape];
  const numbers = Array.from({ length: tf.util.sizeFromShape(whole) }, () => {
    if (kind === 'integers') return random.int(below);
    if (kind === 'halves') return Math.round(4 * random.float() - 2) / 2;
    return kind === 'positive' ? random.float() + 0.5 : 2 * random.float() - 1;
  });
  return tf.tensor(numbers, whole, 'float32');
}

/** Kept, so that what they own is not freed while it is counted. */
const owners: object[] = [];

/** A case on the present backend, with weights of its own. */
class Run {
  readonly variables: tf.Variable[] = [];
  private readonly labels: string[] = [];
  private readonly owner = {};

  constructor(
    private readonly test: KernelCase,
    private readonly weights: Step['weights'],
  ) {
    owners.push(this.owner);
    for (const [name, { w = [] }] of Object.entries(test.functions)) {
      for (const [i, spec] of w.entries()) {
        const initial = tensorOf(spec, undefined, `${name} ${i}`);
        this.variables.push(tf.variable(initial));
        initial.dispose();
      }
    }
  }

  private compute(x: readonly tf.Tensor[]): tf.Tensor[] {
    const results: tf.Tensor[] = [];
    const fixed = this.weights === 'fixed';
    this.labels.length = 0;
    let next = 0;
    for (const [name, { w = [], f, forwardOnly }] of Object.entries(this.test.functions)) {
      const own = this.variables.slice(next, next + w.length);
      next += w.length;
      results.push(f([...x], own));
      this.labels.push(name);
      if (forwardOnly === true) continue;
      const differentiable = x.filter((_, i) => this.test.x[i].kind !== 'integers');
      if (fixed && differentiable.length === 0) continue;
      const by = fixed ? differentiable : [...differentiable, ...own];
      const loss = (...values: tf.Tensor[]): tf.Tensor => {
        const inputs = [...x];
        let taken = 0;
        x.forEach((_, i) => {
          if (this.test.x[i].kind !== 'integers') inputs[i] = values[taken++];
        });
        const y = f(inputs, fixed ? own : values.slice(taken));
        return tf.sum(tf.add(tf.mul(tf.square(y), 0.5), y));
      };
      tf.grads(loss)(by).forEach((gradient, i) => {
        results.push(gradient);
        this.labels.push(`${name}, gradient ${i}`);
      });
    }
    return results;
  }

  async values(rows: number, run: (step: Step) => Promise<tf.Tensor[]>): Promise<Record<string, number[]>> {
    const inputs = this.test.x.map((spec, i) => tensorOf(spec, rows, `x${i}`));
    const { variables, weights } = this;
    const step: Step = {
      key: this.test.name,
      owner: this.owner,
      inputs,
      variables,
      weights,
      compute: (x) => this.compute(x),
    };
    const outputs = await run(step);
    const entries = outputs.map((tensor, i) => [this.labels[i], Array.from(tensor.dataSync())] as const);
    tf.dispose([outputs, inputs]);
    return Object.fromEntries(entries);
  }

  dispose(): void {
    tf.dispose(this.variables);
  }
}

async function expectCompiled(test: KernelCase, { engine, fallbacks }: TestEngine): Promise<void> {
  const kinds = test.wholeBatch === true ? (['changing'] as const) : (['fixed', 'changing'] as const);
  for (const weights of kinds) {
    const batches = weights === 'fixed' ? [2, 1, 5] : [3];
    const expected = await underEngine(
      undefined,
      async () => {
        const run = new Run(test, weights);
        const all = [];
        for (const rows of batches) all.push(await run.values(rows, (step) => Promise.resolve(runEagerly(step))));
        run.dispose();
        return all;
      },
      test.reference ?? 'cpu',
    );
    await underEngine(undefined, async () => {
      const run = new Run(test, weights);
      const before = engine.compiledCount;
      if (weights === 'changing') await run.values(3, (step) => engine.run(step));
      for (const [i, rows] of batches.entries()) {
        const got = await run.values(rows, (step) => engine.run(step));
        expect(fallbacks.splice(0)).toEqual([]);
        for (const [label, values] of Object.entries(expected[i])) {
          expectClose(got[label], values, `${weights}, ${rows} examples, ${label}`);
        }
      }
      expect(engine.compiledCount).toBe(before + 1);
      run.dispose();
    });
  }
}

/** Declares the tests of these cases, with blocks and without. */
export function testKernels(cases: readonly KernelCase[]): void {
  describe.each([
    ['in blocks', undefined],
    ['without blocks', 0],
  ] as const)('%s', (_, block) => {
    let bench: TestEngine;
    beforeAll(async () => {
      bench = await openEngine(block === undefined ? {} : { block });
    });
    afterAll(() => bench.engine.dispose());
    // Only images come in blocks.
    const tested = cases.filter(
      ({ x, blocksOnly }) => block === undefined || (x.some(({ shape }) => shape.length === 3) && blocksOnly !== true),
    );
    it.each(tested.map((test) => [test.name, test] as const))('%s', async (_, test) => {
      await expectCompiled(test, bench);
    });
  });
}
