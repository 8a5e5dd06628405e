/**
 * Runs one computation on the cpu backend and on wasm and compares them.
 *
 * Tolerance: each output is a sum of products; in float32 its error grows with the sum of the products' magnitudes, which
 * is the same computation on absolute values. 16 units of ε = 2⁻²⁴ of the largest such sum cover every order of summation that
 * random rounding makes likely, and Winograd's; an omitted or doubled term is some 10⁴ times larger.
 */
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { expect } from 'vitest';
import { randomStream } from '../../src/core/random';

const UNITS = 16 * 2 ** -24;

/** Shape of a random input, or a fixed integer tensor. */
export type InputSpec = number[] | { shape: number[]; values: Int32Array };

type Body = (...inputs: tf.Tensor[]) => tf.Tensor | tf.Tensor[];

function makeInputs(specs: InputSpec[], seed: number, magnitude: boolean): tf.Tensor[] {
  return specs.map((spec, i) => {
    if (!Array.isArray(spec)) return tf.tensor(spec.values, spec.shape, 'int32');
    const random = randomStream(seed, 'input', i);
    const values = Float32Array.from({ length: tf.util.sizeFromShape(spec) }, () => random.normal());
    return tf.tensor(magnitude ? values.map(Math.abs) : values, spec, 'float32');
  });
}

async function runOn(backend: string, specs: InputSpec[], seed: number, body: Body, magnitude = false) {
  await tf.setBackend(backend);
  const before = tf.memory().numTensors;
  const inputs = makeInputs(specs, seed, magnitude);
  const outputs = [tf.tidy(() => body(...inputs))].flat();
  const results = outputs.map((tensor) => ({ shape: tensor.shape, values: Array.from(tensor.dataSync()) }));
  tf.dispose([inputs, outputs]);
  expect(tf.memory().numTensors).toBe(before);
  return results;
}

/** Expects the same outputs from both backends; leaves wasm current. */
export async function expectSameAsCpu(specs: InputSpec[], body: Body, seed = 1): Promise<void> {
  const expected = await runOn('cpu', specs, seed, body);
  const bounds = await runOn('cpu', specs, seed, body, true);
  const actual = await runOn('wasm', specs, seed, body);
  for (const [i, { shape, values }] of expected.entries()) {
    expect(actual[i].shape).toEqual(shape);
    const bound = UNITS * bounds[i].values.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
    const worst = values.reduce((max, value, j) => Math.max(max, Math.abs(value - actual[i].values[j])), 0);
    expect(worst, `output ${i} of shape [${shape.join()}], seed ${seed}`).toBeLessThanOrEqual(bound);
  }
}

/** y and the gradients of Σ dy·f(x…) by each x, where dy is the last input. */
export function withGradients(f: (...x: tf.Tensor[]) => tf.Tensor): Body {
  return (...inputs) => {
    const x = inputs.slice(0, -1);
    return [f(...x), ...tf.grads(f)(x, inputs[inputs.length - 1])];
  };
}
