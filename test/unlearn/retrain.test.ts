/** Retraining: where the new weights come from, and that the old ones have no say. */
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { reinitializedModel } from '../../src/model/clone';
import { disposeModel } from '../../src/model/variables';
import type { TrainingOptions } from '../../src/unlearn/options';
import { Retrain } from '../../src/unlearn/retrain';
import { errorOf, expectTensors, scramble, useBackend, weightsOf } from '../model/support';
import { build, CLASSES, disposeSplit, forgetTraining, split, trainedModel } from './fixtures';

const OPTIONS: TrainingOptions = { epochs: 2, batchSize: 4, learningRate: 0.1 };
/** A step that is zero in float32: weights stay as they were drawn. */
const STILL: TrainingOptions = { epochs: 1, batchSize: 100, learningRate: 1e-50, weightDecay: 0, batchNorm: 'frozen' };

let model: LayersModel;
let sets: ReturnType<typeof split>;
let tensors = 0;

beforeAll(() => useBackend('cpu'));
afterAll(forgetTraining);
beforeEach(async () => {
  (await trainedModel()).dispose();
  tensors = tf.memory().numTensors;
  model = await trainedModel();
  sets = split();
});
afterEach(() => {
  disposeSplit(sets);
  disposeModel(model);
  expect(tf.memory().numTensors).toBe(tensors);
});

async function retrained(method: Retrain, of = model, seed = 1): Promise<Record<string, number[]>> {
  const result = await method.unlearn(of, sets, { seed });
  const weights = weightsOf(result.model);
  result.model.dispose();
  return weights;
}

/** A build function whose seed reaches the initializers. */
const seeded = (seed: number): LayersModel =>
  tfl.sequential({
    layers: [
      tfl.layers.dense({
        units: CLASSES,
        activation: 'softmax',
        inputShape: [4],
        kernelInitializer: tfl.initializers.glorotNormal({ seed }),
      }),
    ],
  });

describe('Retrain', () => {
  it('ends the same whatever the original weights were', async () => {
    const other = scramble(build(), 7);
    expect(await retrained(new Retrain(OPTIONS), other)).toEqual(await retrained(new Retrain(OPTIONS)));
    disposeModel(other);
  });

  it('draws the architecture anew from the seed, without build', async () => {
    const expected = await reinitializedModel('test', model, 1);
    expect(await retrained(new Retrain(STILL))).toEqual(weightsOf(expected));
    disposeModel(expected);
  });

  it('uses the weights of build(seed) as they are', async () => {
    const seeds: number[] = [];
    const method = new Retrain({
      ...STILL,
      build: (seed) => {
        seeds.push(seed);
        return seeded(seed);
      },
    });
    const expected = seeded(1);
    expect(Object.values(await retrained(method))).toEqual(Object.values(weightsOf(expected)));
    expect(seeds).toEqual([1]);
    disposeModel(expected);
  });

  it('draws weights from the seed where build() takes none', async () => {
    // What build() leaves in the model is not used.
    const method = (): Retrain => new Retrain({ ...STILL, build: () => scramble(build(), 9) });
    const expected = await reinitializedModel('test', model, 1);
    expect(await retrained(method())).toEqual(weightsOf(expected));
    expect(await retrained(method(), model, 2)).not.toEqual(weightsOf(expected));
    disposeModel(expected);
  });

  it('waits for an asynchronous build', async () => {
    const method = new Retrain({ ...STILL, build: (seed) => Promise.resolve(seeded(seed)) });
    const expected = seeded(1);
    expect(Object.values(await retrained(method))).toEqual(Object.values(weightsOf(expected)));
    disposeModel(expected);
  });

  it('in place: overwrites the weights of the given model', async () => {
    const copied = await retrained(new Retrain(OPTIONS));
    const result = await new Retrain(OPTIONS).unlearn(model, sets, { seed: 1, inPlace: true });
    expect(result.model).toBe(model);
    expect(weightsOf(model)).toEqual(copied);
  });

  it.each<[string, string, RegExp, Retrain]>([
    ['other classes', 'class-count-mismatch', /2 classes, expected 3/, new Retrain({ build: () => narrow(4, 2) })],
    ['other inputs', 'invalid-option', /shape \[5\], expected \[4\]/, new Retrain({ build: () => narrow(5, 3) })],
    ['no model', 'unsupported-model', /build\(\).*LayersModel.*got 3/, new Retrain({ build: () => 3 as never })],
    [
      'a build that throws',
      'callback-failed',
      /build\(\) threw.*no memory/,
      new Retrain({
        build: () => {
          throw new Error('no memory');
        },
      }),
    ],
  ])('refuses %s, and disposes what it got', async (_name, code, message, method) => {
    const before = weightsOf(model);
    for (const inPlace of [false, true]) {
      const error = await expectTensors(0, () => errorOf(() => method.unlearn(model, sets, { inPlace })));
      expect(error.code).toBe(code);
      expect(error.message).toMatch(message);
      expect(weightsOf(model)).toEqual(before);
    }
  });

  it.each([
    ['without a seed', () => () => model],
    ['with one', () => (seed: number) => (seed < 0 ? build() : model)],
  ])('refuses the very model to be retrained, built %s, and leaves it whole', async (_name, make) => {
    const before = weightsOf(model);
    const error = await expectTensors(0, () =>
      errorOf(() => new Retrain({ ...OPTIONS, build: make() }).unlearn(model, sets)),
    );
    expect(error.code).toBe('invalid-option');
    expect(error.message).toMatch(/returned the model to be retrained; return a new one/);
    expect(weightsOf(model)).toEqual(before);
  });
});

const narrow = (inputs: number, classes: number): LayersModel =>
  tfl.sequential({ layers: [tfl.layers.dense({ units: classes, activation: 'softmax', inputShape: [inputs] })] });
