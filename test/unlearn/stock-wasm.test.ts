/** tfjs' own wasm backend, without useWasm(): said before the work begins. A file of its own, since kernels are global. */
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { evaluate } from '../../src/evaluate/evaluate';
import { IncreasingEpsilonSearch } from '../../src/search/increasing-epsilon';
import { FineTune } from '../../src/unlearn/fine-tune';
import { SalUn } from '../../src/unlearn/salun';
import { useWasm } from '../../src/wasm/use-wasm';

let model: LayersModel;
let set: { xs: tf.Tensor; ys: tf.Tensor };

beforeAll(async () => {
  await tf.setBackend('wasm');
  await tf.ready();
  const { conv2d, flatten, dense } = tfl.layers;
  model = tfl.sequential({
    layers: [
      conv2d({ filters: 2, kernelSize: 3, activation: 'relu', inputShape: [6, 6, 1] }),
      flatten(),
      dense({ units: 3, activation: 'softmax' }),
    ],
  });
  set = { xs: tf.fill([4, 6, 6, 1], 0.5), ys: tf.tensor1d([0, 1, 2, 0], 'int32') };
});

afterAll(() => {
  tf.dispose(set);
  model.dispose();
});

const split = () => ({ forget: set, retain: set, test: set });

async function refusal(call: () => Promise<unknown>): Promise<Error & { code?: string }> {
  const before = tf.memory().numTensors;
  const weights = model.getWeights().map((weight) => Array.from(weight.dataSync()));
  const error = await call().then(
    () => new Error('not refused'),
    (thrown: Error) => thrown,
  );
  expect(tf.memory().numTensors).toBe(before);
  expect(model.getWeights().map((weight) => Array.from(weight.dataSync()))).toEqual(weights);
  return error;
}

describe('stock wasm', () => {
  it.each<[string, () => Promise<unknown>]>([
    ['FineTune', () => new FineTune().unlearn(model, split())],
    ['FineTune in place', () => new FineTune().unlearn(model, split(), { inPlace: true })],
    ['SalUn', () => new SalUn().unlearn(model, split())],
  ])('%s names the kernel that training a convolution lacks, and the remedy', async (_name, call) => {
    const progress: unknown[] = [];
    const error = await refusal(call);
    expect(error.code).toBe('kernel-missing');
    expect(error.message).toMatch(
      /backend 'wasm' lacks the kernel 'Conv2DBackpropFilter'.*useWasm\(\) from 'amun-ts\/wasm'/,
    );
    expect(progress).toEqual([]);
  });

  it('runs what needs no such kernel: evaluation, and the search, which wants no filter gradients', async () => {
    const evaluation = await evaluate(model, split(), { attacks: [] });
    expect(evaluation.forgetAccuracy).toBeGreaterThanOrEqual(0);
    const found = await new IncreasingEpsilonSearch({ maxEpsilon: 0.05 }).find(model, set);
    found.dispose();
  });

  it('trains after useWasm()', async () => {
    await useWasm();
    const result = await new FineTune({ epochs: 1 }).unlearn(model, split());
    expect(result.state).toBe('completed');
    result.model.dispose();
  });
});
