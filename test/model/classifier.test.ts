/** What a classifier says of a model, and the options that change it. Refusals are in test/unlearn/bad-input. */
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { asClassifier, classifier, type ClassifierView } from '../../src/model/classifier';
import { findHead } from '../../src/model/head';
import { probeModel } from '../../src/model/prepare';
import { disposeModel } from '../../src/model/variables';
import { Custom, NETS } from './nets';
import { expectTensors, scramble, take, uniform, useBackend, worst } from './support';

const { dense } = tfl.layers;

beforeAll(() => useBackend('cpu'));

const oneUnit = (activation: 'linear' | 'sigmoid'): LayersModel =>
  scramble(tfl.sequential({ layers: [dense({ units: 1, activation, inputShape: [4] })] }));

describe('classifier', () => {
  it('knows shape, class count and bounds without running the model', async () => {
    const model = NETS.find(({ name }) => name === 'any image size')!.build();
    const view = await expectTensors(0, () => classifier(model));
    expect(view.inputShape).toEqual([null, null, 2]);
    expect(view.classCount).toBe(3);
    expect(view.bounds).toEqual([0, 1]);
    expect(view.model).toBe(model);
    disposeModel(model);
  });

  it('is taken wherever a model is, options kept', () => {
    const model = oneUnit('sigmoid');
    const given = classifier(model, { bounds: [-1, 1] });
    expect(asClassifier('test', given)).toBe(given);
    expect(given.classCount).toBe(2);
    disposeModel(model);
  });

  it('reads one unit as the logit of class 1 against 0', () => {
    const xs = uniform([3, 4], 1);
    const linear = oneUnit('linear');
    const expected = take(linear.predict(xs) as tf.Tensor);
    const logits = take(classifier(linear, { outputs: 'logits' }).logits(xs));
    expect(Array.from(logits)).toEqual(Array.from(expected).flatMap((z) => [0, z]));

    // The same weights under a sigmoid: its logit is seen, not recomputed from a rounded probability.
    const sigmoid = oneUnit('sigmoid');
    expect(take(classifier(sigmoid).logits(xs))).toEqual(logits);
    expect(take(classifier(sigmoid, { outputs: 'probabilities' }).logits(xs))).toEqual(logits);
    tf.dispose(xs);
    [linear, sigmoid].forEach(disposeModel);
  });

  it('reads one declared probability p as log p − log(1 − p)', () => {
    const input = tfl.input({ shape: [1] });
    const doubled = new Custom({ kind: 'double' }).apply(input) as tfl.SymbolicTensor;
    const halves = tfl.model({ inputs: input, outputs: doubled });
    // The layer doubles: inputs 0.25 and 0.45 are probabilities ½ and 0.9.
    const xs = tf.tensor2d([[0.25], [0.45]]);
    const logits = take(classifier(halves, { outputs: 'probabilities' }).logits(xs));
    expect(worst(logits, [0, 0, 0, Math.log(9)])).toBeLessThan(1e-5);
    tf.dispose(xs);
  });

  it('applies mean and std per channel, in units of the input', () => {
    const input = tfl.input({ shape: [2] });
    const identity = tfl.layers.activation({ activation: 'linear' });
    const model = tfl.model({ inputs: input, outputs: identity.apply(input) as tfl.SymbolicTensor });
    const xs = tf.tensor2d([[0.5, 0.5]]);
    const view = classifier(model, { outputs: 'logits', preprocess: { mean: [0.5, 0.1], std: [2, 0.2] } });
    // (0.5 − 0.5) / 2 = 0 and (0.5 − 0.1) / 0.2 = 2.
    expect(worst(take(view.logits(xs)), [0, 2])).toBeLessThan(1e-6);
    tf.dispose(xs);
  });

  it('saturated softmax keeps its logits, where probabilities would round to 0 and 1', () => {
    const layers = [dense({ units: 2, activation: 'softmax', useBias: false, inputShape: [2] })];
    const model = tfl.sequential({ layers });
    const kernel = tf.tensor2d([
      [500, 0],
      [0, -500],
    ]);
    model.setWeights([kernel]);
    const xs = tf.tensor2d([[1, 1]]);
    expect(Array.from(take(classifier(model).logits(xs)))).toEqual([500, -500]);
    tf.dispose([xs, kernel]);
    disposeModel(model);
  });
});

describe('findHead', () => {
  it.each([
    ['linear head', 'logits'],
    ['Dense with softmax', 'softmax'],
    ['Softmax layer', 'softmax'],
    ['Activation softmax', 'softmax'],
    ['one sigmoid unit', 'sigmoid'],
    ['MobileNet-like', 'softmax'],
    ['nested Sequential', 'softmax'],
    ['sum of linear branches', 'logits'],
    ['average of softmax branches', 'unknown'],
    ['custom layer of logits', 'unknown'],
  ])('%s: %s', (name, kind) => {
    const model = NETS.find((net) => net.name === name)!.build();
    expect(findHead(model).kind).toBe(kind);
    disposeModel(model);
  });

  it('does not take a row of several softmaxes for one', () => {
    const model = tfl.sequential({
      layers: [
        tfl.layers.reshape({ targetShape: [2, 2], inputShape: [4] }),
        dense({ units: 3, activation: 'softmax' }),
        tfl.layers.flatten(),
      ],
    });
    expect(findHead(model).kind).toBe('unknown');
    disposeModel(model);
  });

  it.each([
    ['custom layer of logits', 'logits'],
    ['custom layer of probabilities', 'probabilities'],
    ['average of softmax branches', 'probabilities'],
    ['relu head', 'logits'],
  ])('settles an unknown head by its values: %s gives %s', async (name, kind) => {
    const net = NETS.find((candidate) => candidate.name === name)!;
    const model = net.build();
    const view = classifier(model) as ClassifierView;
    const xs = net.inputs();
    expect(view.headKind).toBe('unknown');
    await expectTensors(0, () => probeModel('test', view, xs, 'inference'));
    expect(view.headKind).toBe(kind);
    tf.dispose(xs);
    disposeModel(model);
  });
});
