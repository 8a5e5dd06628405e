/** Refusals of single functions: classifier, splits, unlearn, evaluate. */
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import type { AmunErrorCode } from '../../src/core/errors';
import { splitByClass, splitByFraction, splitByIndices } from '../../src/data/splits';
import { evaluate } from '../../src/evaluate/evaluate';
import { classifier } from '../../src/model/classifier';
import { Amun } from '../../src/unlearn/amun';
import { FineTune } from '../../src/unlearn/fine-tune';
import { Retrain } from '../../src/unlearn/retrain';
import { SalUn } from '../../src/unlearn/salun';
import type { Unlearner } from '../../src/unlearn/unlearner';
import { useBackend } from '../model/support';
import { useGoodInput } from './bad-input-bench';
import { MODEL_FAULTS } from './bad-models';

const { good, expectRefusal } = useGoodInput();

beforeAll(() => useBackend('cpu'));

describe('classifier refuses', () => {
  it.each<[string, object, RegExp]>([
    ['bounds upside down', { bounds: [1, 0] }, /bounds: expected low < high, got \[1, 0\]/],
    ['a single bound', { bounds: 255 }, /bounds: expected \[low, high\], got 255/],
    ['NaN bounds', { bounds: [NaN, 1] }, /bounds: expected finite numbers/],
    ['bounds of other channels', { bounds: [[0, 0], 1] }, /one per channel \(4\), got an array of 2/],
    ['unknown outputs', { outputs: 'softmax' }, /outputs: expected one of 'logits', 'probabilities'/],
    ['a std of 0', { preprocess: { mean: 0, std: 0 } }, /preprocess: std: expected a positive number.*got 0/],
    ['a NaN mean', { preprocess: { mean: NaN, std: 1 } }, /preprocess: mean: expected a finite number/],
    ['means of other channels', { preprocess: { mean: [0, 0], std: 1 } }, /one per channel \(4\), got an array of 2/],
    ['no std', { preprocess: { mean: 0 } }, /preprocess: std: .*got undefined/],
    ['a model for clone', { clone: {} }, /clone: expected a function/],
    ['an unknown option', { range: [0, 1] }, /no option 'range'; known options are bounds/],
  ])('%s', (_name, options, message) =>
    expectRefusal('invalid-option', message, () => classifier(good.model, options)),
  );

  it.each(MODEL_FAULTS.slice(0, 11))('$name', ({ model, code, message }) => {
    const given = model!(good);
    return expectRefusal(code, message, () => classifier(given as never));
  });
});

describe('splits refuse', () => {
  it.each<[string, AmunErrorCode, RegExp, () => unknown]>([
    [
      'an index in two sets',
      'split-overlap',
      /index 1 is both in 'forget' and in 'retain'/,
      () => splitByIndices(good.sets.retain, { forget: [0, 1], retain: [1, 2] }),
    ],
    ['an index twice', 'split-overlap', /index 1 is twice in 'forget'/, () => splitByIndices(good.sets.retain, [1, 1])],
    [
      'an index in forget and test',
      'split-overlap',
      /both in 'forget' and in 'test'/,
      () => splitByIndices(good.sets.retain, { forget: [0], test: [0] }),
    ],
    ['an index beyond the data', 'invalid-option', /from 0 to 5, got 6/, () => splitByIndices(good.sets.retain, [6])],
    ['a negative index', 'invalid-option', /got -1 at position 0/, () => splitByIndices(good.sets.retain, [-1])],
    ['a fractional index', 'invalid-option', /got 0\.5/, () => splitByIndices(good.sets.retain, [0.5])],
    ['nothing to forget', 'empty-set', /at least one/, () => splitByIndices(good.sets.retain, [])],
    [
      'nothing to retain',
      'empty-set',
      /nothing is left to retain.*forget: data/,
      () => splitByIndices(good.sets.retain, [0, 1, 2, 3, 4, 5]),
    ],
    ['a fraction of 0', 'invalid-option', /fraction: .*above 0.*got 0/, () => splitByFraction(good.sets.retain, 0)],
    ['a fraction of all', 'invalid-option', /fraction: .*below 1, got 1/, () => splitByFraction(good.sets.retain, 1)],
    ['per cent for a fraction', 'invalid-option', /fraction: .*got 10/, () => splitByFraction(good.sets.retain, 10)],
    ['a fraction of less than one', 'empty-set', /less than one/, () => splitByFraction(good.sets.retain, 0.01)],
    ['a NaN seed', 'invalid-option', /seed: .*got NaN/, () => splitByFraction(good.sets.retain, 0.5, { seed: NaN })],
    ['a class without examples', 'empty-set', /no example has class 7/, () => splitByClass(good.sets.retain, 7)],
    [
      'a class by name',
      'invalid-option',
      /class: .*got the string 'cat'/,
      () => splitByClass(good.sets.retain, 'cat' as never),
    ],
  ])('%s', (_name, code, message, call) => expectRefusal(code, message, call));
});

describe('unlearn refuses', () => {
  class Lonely extends tfl.layers.Layer {
    static className = 'LonelyLayer';
    override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
      return Array.isArray(inputs) ? inputs[0] : inputs;
    }
  }

  const custom = (): LayersModel =>
    good.own(
      tfl.sequential({
        layers: [tfl.layers.dense({ units: 3, inputShape: [4] }), new Lonely({}), tfl.layers.softmax({})],
      }),
    );

  const unlearn = (
    split: unknown,
    run: object = {},
    method: Unlearner = new FineTune({ epochs: 1 }),
  ): Promise<unknown> => method.unlearn(good.model, split as never, run);

  it.each<[string, AmunErrorCode, RegExp, () => unknown]>([
    ['no split', 'invalid-inputs', /a split \{ forget, retain\?, test\? \}.*splitByIndices/, () => unlearn(undefined)],
    ['examples for a split', 'invalid-inputs', /a split/, () => unlearn(good.sets.forget)],
    [
      'FineTune without retain',
      'missing-retain',
      /trains on the retain set.*add it, or use/,
      () => unlearn({ forget: good.sets.forget }),
    ],
    [
      'Retrain without retain',
      'missing-retain',
      /retain/,
      () => unlearn({ forget: good.sets.forget }, {}, new Retrain()),
    ],
    [
      'Amun on retain data without any',
      'missing-retain',
      /retain/,
      () => unlearn({ forget: good.sets.forget }, {}, new Amun({ trainOn: 'adversarial+retain' })),
    ],
    [
      'SalUn around FineTune without retain',
      'missing-retain',
      /retain/,
      () => unlearn({ forget: good.sets.forget }, {}, new SalUn({ method: new FineTune() })),
    ],
    [
      'a forget set that is read in order',
      'invalid-inputs',
      /read in order can't be forgotten.*memory/,
      () =>
        unlearn({
          ...good.sets,
          forget: { size: 4, inputShape: [4], classCount: 3, sequential: true, gather: () => undefined },
        }),
    ],
    [
      'a string for inPlace',
      'invalid-option',
      /inPlace: expected true or false/,
      () => unlearn(good.sets, { inPlace: 'yes' }),
    ],
    [
      'a path for a checkpoint',
      'invalid-option',
      /checkpoint: .*load\(\).*fileCheckpoint/,
      () => unlearn(good.sets, { checkpoint: 'run.bin' }),
    ],
    [
      'a checkpoint that can not be cleared',
      'invalid-option',
      /checkpoint: .*clear\(\).*fileCheckpoint/,
      () => unlearn(good.sets, { checkpoint: { load: () => undefined, save: () => undefined } }),
    ],
    [
      'a name for onEpochEnd',
      'invalid-option',
      /onEpochEnd: expected a function/,
      () => unlearn(good.sets, { onEpochEnd: 'x' }),
    ],
    [
      'a mask of another model',
      'size-mismatch',
      /mask: expected only variables of the model, got 'conv\/kernel'; variables are hidden\/kernel/,
      () => unlearn(good.sets, {}, new FineTune({ mask: new Map([['conv/kernel', new Uint8Array(3)]]) })),
    ],
    [
      'a mask of another size',
      'size-mismatch',
      /mask: expected 3 bits for 'head\/bias', got 5/,
      () => unlearn(good.sets, {}, new FineTune({ mask: new Map([['head/bias', new Uint8Array(5)]]) })),
    ],
  ])('%s', (_name, code, message, call) => expectRefusal(code, message, call));

  it('a bad retain set', async () => {
    const retain = { xs: good.tensor(tf.fill([6, 4], 9)), ys: good.sets.retain.ys };
    await expectRefusal('out-of-bounds', /retain: inputs run from/, () => unlearn({ ...good.sets, retain }));
  });

  it('a layer that is not registered', async () => {
    const model = custom();
    const message = /'LonelyLayer'.*registerClass.*clone.*inPlace/;
    await expectRefusal('unregistered-layer', message, () => new FineTune().unlearn(model, good.sets));
  });

  it('nothing of a layer that is not registered when it works in place', async () => {
    const { state } = await new FineTune({ epochs: 1 }).unlearn(custom(), good.sets, { inPlace: true });
    expect(state).toBe('completed');
  });

  it('a dilated convolution, whose gradient tfjs lacks', async () => {
    const model = good.own(
      tfl.sequential({
        layers: [
          tfl.layers.reshape({ targetShape: [2, 2, 1], inputShape: [4] }),
          tfl.layers.conv2d({ filters: 2, kernelSize: 2, dilationRate: 2, padding: 'same' }),
          tfl.layers.flatten(),
          tfl.layers.dense({ units: 3 }),
        ],
      }),
    );
    await expectRefusal('gradient-unsupported', /dilat/i, () => new FineTune().unlearn(model, good.sets));
  });
});

describe('evaluate refuses', () => {
  it.each<[string, AmunErrorCode, RegExp, () => unknown]>([
    ['no retain set', 'missing-retain', /retain/, () => evaluate(good.model, { ...good.sets, retain: undefined })],
    ['no test set', 'missing-test', /test/, () => evaluate(good.model, { ...good.sets, test: undefined })],
    [
      'an attack that is none',
      'invalid-option',
      /attacks\[0\]: .*svcMia\(\)/,
      () => evaluate(good.model, good.sets, { attacks: ['svc' as never] }),
    ],
    [
      'one attack without a list',
      'invalid-option',
      /attacks: expected an array/,
      () => evaluate(good.model, good.sets, { attacks: {} as never }),
    ],
    ['one bin', 'invalid-option', /bins: .*got 1/, () => evaluate(good.model, good.sets, { bins: 1 })],
    [
      'a bad reference',
      'unsupported-model',
      /reference: .*got 3/,
      () => evaluate(good.model, good.sets, { attacks: [], reference: 3 as never }),
    ],
  ])('%s', (_name, code, message, call) => expectRefusal(code, message, call));
});
