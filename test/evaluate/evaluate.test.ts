import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { claimModel } from '../../src/core/locks';
import { RunControl, type Progress } from '../../src/core/run';
import type { Examples } from '../../src/data/examples';
import { openData } from '../../src/data/open';
import { evaluate } from '../../src/evaluate/evaluate';
import { evaluateLogits } from '../../src/evaluate/evaluate-logits';
import { rmia } from '../../src/evaluate/rmia';
import { svcMia } from '../../src/evaluate/svc-mia';
import { thresholdMia } from '../../src/evaluate/threshold-mia';
import { trainReferences } from '../../src/evaluate/train-references';
import type { EvaluateOptions, Evaluation } from '../../src/evaluate/types';
import { classifier, asClassifier } from '../../src/model/classifier';
import { fit } from '../../src/model/fit';
import { useWasm } from '../../src/wasm/use-wasm';
import { clouds, disposeExamples, FEATURES, network, rejection } from './support';

/** Trains on these sets until they are memorised. */
async function trained(...sets: Examples[]): Promise<tfl.LayersModel> {
  const model = network(1, 64);
  const xs = tf.concat(sets.map((set) => set.xs));
  const ys = tf.concat(sets.map((set) => set.ys));
  const data = await openData('test', { xs, ys }, { inputShape: [FEATURES], classCount: 3 });
  const options = { epochs: 25, batchSize: 16, learningRate: () => 0.2, momentum: 0.9, weightDecay: 0, seed: 1 };
  await fit('test', asClassifier('test', model), data, new RunControl(undefined, 'fit', 'batches', 1), options);
  tf.dispose([xs, ys]);
  return model;
}

const split = { forget: clouds(40, 1), retain: clouds(80, 2), test: clouds(80, 3) };
let original: tfl.LayersModel;
let retrained: tfl.LayersModel;

beforeAll(async () => {
  await tf.setBackend('cpu');
  original = await trained(split.forget, split.retain);
  retrained = await trained(split.retain);
});
afterAll(() => {
  disposeExamples(split.forget, split.retain, split.test);
  tf.dispose([original, retrained].flatMap((model) => model.weights.map((weight) => weight.read())));
});

const ATTACKS = [svcMia(), thresholdMia()];

/** Logits as the test computes them: logarithms of the softmax head. */
function logitSet(model: tfl.LayersModel, { xs, ys }: Examples) {
  const logits = tf.tidy(() => tf.log(model.predict(xs) as tf.Tensor).dataSync());
  return { logits, labels: ys.dataSync(), classCount: 3 };
}

describe('a trained model', () => {
  it('is evaluated as its own logits are, on cpu and wasm', async () => {
    const options = { attacks: ATTACKS, seed: 3 };
    const sets = {
      forget: logitSet(original, split.forget),
      retain: logitSet(original, split.retain),
      test: logitSet(original, split.test),
    };
    const byLogits = await evaluateLogits(sets, options);
    const onCpu = await evaluate(original, split, options);
    await useWasm();
    const onWasm = await evaluate(original, split, options);
    await tf.setBackend('cpu');
    for (const evaluation of [onCpu, onWasm]) {
      expect(evaluation.forgetAccuracy).toBe(byLogits.forgetAccuracy);
      expect(evaluation.testAccuracy).toBe(byLogits.testAccuracy);
      const auc = ({ membership }: Evaluation) => membership['threshold-confidence'].forgetVsTest!.auc;
      expect(Math.abs(auc(evaluation) - auc(byLogits))).toBeLessThan(2e-3);
      expect(Math.abs(evaluation.confidence.ksForgetTest - byLogits.confidence.ksForgetTest)).toBeLessThan(0.02);
    }
  });

  it('that was trained on the forget set shows it, against a retrained one', async () => {
    const build = (seed: number) => network(seed, 64);
    const training = { count: 4, epochs: 25, batchSize: 16, learningRate: 0.2, weightDecay: 0 };
    const references = await trainReferences(build, split, training);
    const attacks = [...ATTACKS, rmia({ references, signal: 'softmax', temperature: 1, samples: 'all' })];
    const before = tf.memory().numTensors;
    const options: EvaluateOptions = { attacks, reference: retrained };
    const evaluation = await evaluate(original, split, options);
    expect(tf.memory().numTensors).toBe(before);
    expect(evaluation.forgetAccuracy).toBeGreaterThan(evaluation.testAccuracy + 0.1);
    const { rmia: attack } = evaluation.membership;
    expect(attack.forgetVsTest!.aucInterval.low).toBeGreaterThan(0.5);
    expect(evaluation.gaps!.forgetAccuracy).toBeGreaterThan(0.1);
    expect(evaluation.gaps!.rmiaAuc).toBeGreaterThan(0.1);
    expect(evaluation.averageGap).toBeGreaterThan(0.05);
    expect(evaluation.summary.join('\n')).toContain('still recognised');
    const offline = await evaluate(original, split, {
      attacks: [rmia({ references, mode: 'offline', signal: 'softmax', temperature: 1, gamma: 1 })],
    });
    expect(offline.membership['rmia'].forgetVsTest!.aucInterval.low).toBeGreaterThan(0.5);
    const same = await evaluate(original, split, {
      ...options,
      reference: await evaluate(retrained, split, { attacks }),
    });
    expect({ ...same, durationMs: 0 }).toEqual({ ...evaluation, durationMs: 0 });
    expect(JSON.parse(JSON.stringify(evaluation))).toStrictEqual(evaluation);
    const own = await evaluate(retrained, split, { attacks, reference: retrained });
    expect(own.averageGap).toBe(0);
    expect(own.averageGapSvc).toBe(0);
  });

  it('reports progress over both models, and leaves the weights alone', async () => {
    const weights = original.getWeights().map((weight) => Array.from(weight.dataSync()));
    const reports: Progress[] = [];
    await evaluate(original, split, {
      attacks: [],
      reference: retrained,
      onProgress: (report) => reports.push(report),
    });
    expect(reports.at(-1)).toMatchObject({ phase: 'evaluate', unit: 'examples', done: 400, total: 400 });
    expect(original.getWeights().map((weight) => Array.from(weight.dataSync()))).toEqual(weights);
  });

  it('may be read in order from a source', async () => {
    const { xs, ys } = split.test;
    let next = 0;
    const sequential = {
      size: 80,
      inputShape: [FEATURES],
      classCount: 3,
      sequential: true,
      reader: () => {
        next = 0;
        return sequential;
      },
      gather: async (indices: Int32Array) => {
        const rows = { xs: tf.slice(xs, next, indices.length), ys: tf.slice(ys, next, indices.length) };
        next += indices.length;
        return rows;
      },
    };
    const before = tf.memory().numTensors;
    const read = await evaluate(original, { ...split, test: sequential }, { attacks: ATTACKS });
    expect(tf.memory().numTensors).toBe(before);
    const held = await evaluate(original, split, { attacks: ATTACKS });
    expect({ ...read, durationMs: 0 }).toEqual({ ...held, durationMs: 0 });
  });
});

it('warns of examples that lie in two sets', async () => {
  const forget = { xs: tf.slice(split.retain.xs, 0, 5), ys: tf.slice(split.retain.ys, 0, 5) };
  const { warnings } = await evaluate(original, { ...split, forget }, { attacks: [] });
  expect(warnings.join('\n')).toContain('5 of 5 forget examples lie in the retain set too');
  expect(warnings.join('\n')).not.toContain('test set too');
  disposeExamples(forget);
});

describe('ends early without leaks', () => {
  const run = (options: object, data: object = split, model: unknown = original): Promise<string> =>
    rejection(evaluate(model as tfl.LayersModel, data as typeof split, { attacks: [], ...options }));

  it('on abort', async () => {
    const before = tf.memory().numTensors;
    const reason = new Error('enough');
    const early = evaluate(original, split, { signal: AbortSignal.abort(reason) });
    await expect(early).rejects.toBe(reason);
    const controller = new AbortController();
    const onProgress = (): void => controller.abort(reason);
    await expect(evaluate(original, split, { signal: controller.signal, onProgress })).rejects.toBe(reason);
    expect(tf.memory().numTensors).toBe(before);
    expect(await run({})).toBe('nothing thrown');
  });

  it('on bad input', async () => {
    const before = tf.memory().numTensors;
    const { forget, retain, test } = split;
    expect(await run({}, { forget, test })).toBe('missing-retain');
    expect(await run({}, { forget, retain })).toBe('missing-test');
    expect(await run({}, {})).toBe('invalid-inputs');
    expect(await run({}, null as unknown as object)).toBe('invalid-inputs');
    expect(await run({ attacks: {} })).toBe('invalid-option');
    expect(await run({ refrence: retrained })).toBe('invalid-option');
    expect(await run({ reference: {} })).toBe('unsupported-model');
    expect(await run({}, split, {})).toBe('unsupported-model');
    const other = await evaluate(retrained, { ...split, test: split.forget }, { attacks: [] });
    expect(await run({ reference: other })).toBe('size-mismatch');
    const labels = { xs: forget.xs, ys: tf.fill([40], 3, 'int32') };
    expect(await run({}, { ...split, forget: labels })).toBe('invalid-labels');
    const wide = { xs: tf.mul(forget.xs, 255), ys: forget.ys };
    expect(await run({}, { ...split, forget: wide })).toBe('out-of-bounds');
    expect(await run({}, { ...split, forget: wide }, classifier(original, { bounds: [0, 255] }))).toBe(
      'nothing thrown',
    );
    tf.dispose([labels.ys, wide.xs]);
    expect(await run({}, { ...split, forget: wide })).toBe('disposed');
    const failing = { name: 'failing', run: () => Promise.reject(new Error('no')) };
    expect(await run({ attacks: [failing] })).toBe('not an AmunError: Error: no');
    expect(await run({ onProgress: () => expect.fail() })).toBe('callback-failed');
    expect(tf.memory().numTensors).toBe(before);
  });

  it('on a model in use, or one that diverged', async () => {
    const release = claimModel(original, 'write', 'test');
    expect(await run({})).toBe('model-busy');
    expect(await run({ reference: original }, split, retrained)).toBe('model-busy');
    release();
    expect(await run({})).toBe('nothing thrown');
    const broken = network(1);
    broken.setWeights(broken.getWeights().map((weight) => tf.tidy(() => tf.fill(weight.shape, 1e30))));
    expect(await run({}, split, broken)).toBe('invalid-weights');
    broken.dispose();
  });
});
