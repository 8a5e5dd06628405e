/**
 * Whole models through the engine: logits, a step of PGD and three steps of training, against the same steps op by op on wasm. Nothing may
 * fall back.
 *
 * Tolerance: 1024 units of 2⁻²⁴ (6e-5) of the largest number: a model is some hundred operations deep, and trains on its own rounding.
 */
import '@tensorflow/tfjs-layers';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { randomStream } from '../../src/core/random';
import { type ClassifierOptions, classifier, type ClassifierView } from '../../src/model/classifier';
import { oneHotLabels } from '../../src/model/losses';
import { logitsOf } from '../../src/model/logits';
import { Sgd } from '../../src/model/sgd';
import { type TrainMode, trainStep } from '../../src/model/train-step';
import { runPgdStep } from '../../src/search/attacks/step';
import { normOf } from '../../src/search/norms';
import { buildModel } from '../../examples/fashion-mnist/models';
import { scramble } from '../model/support';
import { NETS, registerCustom } from '../model/nets';
import { LAYER_NETS } from './nets';
import { expectClose, numbers, openEngine, type TestEngine, underEngine } from './support';

interface Model {
  readonly name: string;
  readonly build: () => Parameters<typeof classifier>[0];
  readonly options?: ClassifierOptions;
  readonly inputs: () => tf.Tensor;
  readonly continuous: boolean;
  readonly isImage: boolean;
}

const UNITS = 1024;

const fromShape = (shape: number[], below: number | undefined): tf.Tensor => {
  const values = numbers('x', 4 * tf.util.sizeFromShape(shape));
  const integers = below === undefined ? values : values.map((value) => Math.floor(((value + 1) / 2) * below));
  return tf.tensor(integers, [4, ...shape]);
};

const MODELS: readonly Model[] = [
  ...LAYER_NETS.map(({ name, build, shape, integersBelow }) => ({
    name,
    build,
    inputs: () => fromShape(shape, integersBelow),
    continuous: integersBelow === undefined,
    isImage: shape.length > 2,
  })),
  ...NETS.map(({ name, build, options, inputs, continuous = true }) => ({
    name,
    build,
    options,
    inputs,
    continuous,
    isImage: /image|Mobile|channel/.test(name),
  })),
  ...(['small-cnn', 'resnet8'] as const).map((name) => ({
    name,
    build: () => scramble(buildModel(name, 1), 1, 0.2),
    inputs: () => fromShape([28, 28, 1], undefined),
    continuous: true,
    isImage: true,
  })),
];

type Results = Record<string, Float32Array>;

const valuesOf = (tensor: tf.Tensor): Float32Array => Float32Array.from(tensor.dataSync());

async function attack(view: ClassifierView, x: tf.Tensor, oneHot: tf.Tensor2D, results: Results): Promise<void> {
  const epsilon = tf.fill([x.shape[0], ...new Array<number>(x.rank - 1).fill(1)], 0.5);
  const x0 = tf.mul(x, 0.75);
  const { next, report } = await runPgdStep(view, { x, x0, oneHot, epsilon }, normOf('l2'), 0.25);
  results['next points'] = valuesOf(next);
  results['report'] = valuesOf(report);
  tf.dispose([epsilon, x0, next, report]);
}

async function train(view: ClassifierView, x: tf.Tensor, labels: Int32Array, results: Results): Promise<void> {
  const optimizer = new Sgd(view.variables, { momentum: 0.9, weightDecay: 1e-3 });
  const mode: TrainMode = { kind: 'training', batchNorm: 'train', random: randomStream(1, 'masks') };
  for (let step = 0; step < 3; step += 1) {
    const loss = await trainStep(view, { xs: tf.clone(x), labels }, { optimizer, mode, learningRate: 0.01 });
    results[`loss of step ${step}`] = Float32Array.of(loss);
  }
  // Layers are numbered on and on, so that names differ from model to model.
  view.variables.forEach(({ variable }, index) => {
    results[`weight ${index}`] = valuesOf(variable);
  });
  optimizer.dispose();
}

async function steps({ build, options, inputs, continuous }: Model): Promise<Results> {
  const results: Results = {};
  const model = build();
  const view = classifier(model, { bounds: [-2, 6], ...options }) as ClassifierView;
  const x = inputs();
  const labels = Int32Array.from({ length: x.shape[0] }, (_, row) => row % view.classCount);
  const oneHot = oneHotLabels(labels, view.classCount);
  const logits = await logitsOf(view, x);
  results['logits'] = valuesOf(logits);
  if (continuous) await attack(view, x, oneHot, results);
  await train(view, x, labels, results);
  tf.dispose([x, oneHot, logits]);
  model.dispose();
  // Models do not free those within them.
  for (const { variable } of view.variables) variable.dispose();
  return results;
}

describe.each([
  ['in blocks', undefined],
  ['without blocks', 0],
] as const)('%s', (_, block) => {
  let bench: TestEngine;
  beforeAll(async () => {
    registerCustom();
    bench = await openEngine(block === undefined ? {} : { block });
  });
  afterAll(() => bench.engine.dispose());

  // Only images come in blocks.
  const models = block === undefined ? MODELS : MODELS.filter(({ isImage }) => isImage);
  it.each(models.map((model) => [model.name, model] as const))('%s', async (__, model) => {
    const expected = await underEngine(undefined, () => steps(model));
    const before = tf.memory().numTensors;
    const got = await underEngine(bench.engine, () => steps(model));
    expect(bench.fallbacks.splice(0)).toEqual([]);
    expect(tf.memory().numTensors).toBe(before);
    expect(Object.keys(got)).toEqual(Object.keys(expected));
    for (const [name, values] of Object.entries(expected)) expectClose(got[name], values, name, UNITS);
  });
});
