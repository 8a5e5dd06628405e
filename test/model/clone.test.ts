/** Copies of models: the same keys in every copy, independent weights, and new weights from a seed. */
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { classifier, type ClassifierView } from '../../src/model/classifier';
import { cloneModel, reinitializedModel } from '../../src/model/clone';
import { copyWeights, disposeModel, modelVariables, restoreWeights, snapshotWeights } from '../../src/model/variables';
import { NETS, registerCustom } from './nets';
import { errorOf, expectTensors, scramble, take, useBackend, weightsOf } from './support';

const { dense } = tfl.layers;

/** A custom layer that nobody registered. */
class Unregistered extends tfl.layers.Layer {
  static className = 'NeverRegistered';

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return Array.isArray(inputs) ? inputs[0] : inputs;
  }
}

const withUnregistered = (): LayersModel =>
  tfl.sequential({ layers: [dense({ units: 4, inputShape: [3] }), new Unregistered({}), dense({ units: 2 })] });

beforeAll(async () => {
  await useBackend('cpu');
  registerCustom();
});

describe('cloneModel', () => {
  it.each(NETS)('$name: same keys, same logits, freed whole', async ({ build, inputs, options }) => {
    const model = build();
    const tensors = tf.memory().numTensors;
    const copy = await cloneModel('test', model);
    expect(weightsOf(copy)).toEqual(weightsOf(model));
    expect(modelVariables(copy).map(({ key, trainable }) => [key, trainable])).toEqual(
      modelVariables(model).map(({ key, trainable }) => [key, trainable]),
    );
    const xs = inputs();
    const logits = (of: LayersModel): Float32Array => take((classifier(of, options) as ClassifierView).logits(xs));
    expect(logits(copy)).toEqual(logits(model));
    tf.dispose(xs);
    // The plain dispose(), as a caller uses it.
    copy.dispose();
    expect(tf.memory().numTensors).toBe(tensors);
    disposeModel(model);
  });

  it('shares no variable with the original', async () => {
    const model = scramble(tfl.sequential({ layers: [dense({ units: 2, inputShape: [3] })] }));
    const before = weightsOf(model);
    const copy = await cloneModel('test', model);
    scramble(copy, 9);
    expect(weightsOf(copy)).not.toEqual(before);
    expect(weightsOf(model)).toEqual(before);
    copy.dispose();
    expect(weightsOf(model)).toEqual(before);
    disposeModel(model);
  });

  it('knows variables by place where freezing reorders model.weights', async () => {
    const build = (): LayersModel => {
      const layers = [dense({ name: 'a', units: 3, inputShape: [3] }), dense({ name: 'b', units: 3 })];
      return tfl.sequential({ layers });
    };
    const frozen = scramble(build(), 1);
    frozen.layers[0].trainable = false;
    expect(frozen.weights[0].originalName).toBe('b/kernel');
    expect(modelVariables(frozen).map(({ key, trainable }) => [key, trainable])).toEqual([
      ['a/kernel', false],
      ['a/bias', false],
      ['b/kernel', true],
      ['b/bias', true],
    ]);
    const copy = await cloneModel('test', frozen);
    expect(weightsOf(copy)).toEqual(weightsOf(frozen));
    expect(copy.layers[0].trainable).toBe(false);
    [frozen, copy].forEach(disposeModel);
  });

  it('tells layers of the same name in two nested models apart', async () => {
    const inner = (name: string): LayersModel =>
      tfl.sequential({ name, layers: [dense({ name: 'fc', units: 3, inputShape: [3] })] });
    const model = scramble(tfl.sequential({ layers: [inner('left'), inner('right')] }));
    expect(modelVariables(model).map(({ key }) => key)).toEqual([
      'left/fc/kernel',
      'left/fc/bias',
      'right/fc/kernel',
      'right/fc/bias',
    ]);
    const copy = await cloneModel('test', model);
    expect(weightsOf(copy)).toEqual(weightsOf(model));
    [model, copy].forEach(disposeModel);
  });

  it('gives layers the same keys whichever scope built them', async () => {
    // The inner model is built by the outer one: its variables' original names begin with its own name.
    const late = scramble(
      tfl.sequential({
        layers: [
          dense({ name: 'first', units: 3, inputShape: [3] }),
          tfl.sequential({ name: 'inner', layers: [dense({ name: 'fc', units: 3, inputShape: [3] })] }),
        ],
      }),
    );
    expect(Object.keys(weightsOf(late))).toEqual(['first/kernel', 'first/bias', 'inner/fc/kernel', 'inner/fc/bias']);
    const copy = await cloneModel('test', late);
    const again = await cloneModel('test', copy);
    expect(weightsOf(again)).toEqual(weightsOf(late));
    [late, copy, again].forEach(disposeModel);
  });

  it('counts a shared layer once', () => {
    const model = NETS.find(({ name }) => name === 'shared softmax')!.build();
    expect(modelVariables(model).length).toBe(2);
    disposeModel(model);
  });

  it('names a class that is not registered, and what to do', async () => {
    const model = withUnregistered();
    const error = await expectTensors(0, () => errorOf(() => cloneModel('test', model)));
    expect(error.code).toBe('unregistered-layer');
    expect(error.message).toMatch(/'NeverRegistered'.*registerClass.*clone.*inPlace/s);
    disposeModel(model);
  });

  it("uses the classifier's own clone function where there is one", async () => {
    const model = scramble(withUnregistered());
    const view = classifier(model, {
      clone: () => {
        const copy = withUnregistered();
        copyByPosition(model, copy);
        return copy;
      },
    }) as ClassifierView;
    const copy = await view.clone('test');
    expect(Object.values(weightsOf(copy.model))).toEqual(Object.values(weightsOf(model)));
    [model, copy.model].forEach(disposeModel);
  });

  it('refuses a clone function that returns the model itself', async () => {
    const model = withUnregistered();
    const view = classifier(model, { clone: () => model }) as ClassifierView;
    const error = await errorOf(() => view.clone('test'));
    expect(error.code).toBe('invalid-option');
    expect(error.message).toMatch(/return a copy/);
    disposeModel(model);
  });
});

function copyByPosition(from: LayersModel, to: LayersModel): void {
  const weights = from.getWeights();
  to.setWeights(weights);
}

describe('reinitializedModel', () => {
  const build = (): LayersModel =>
    tfl.sequential({
      layers: [
        dense({ name: 'a', units: 5, kernelInitializer: 'heNormal', inputShape: [4] }),
        dense({ name: 'b', units: 5, kernelInitializer: 'randomUniform', biasInitializer: 'randomNormal' }),
        tfl.layers.batchNormalization({ name: 'bn' }),
        dense({ name: 'c', units: 5, kernelInitializer: 'truncatedNormal' }),
        dense({ name: 'd', units: 2, kernelInitializer: 'glorotUniform' }),
      ],
    });

  it('draws all weights from the seed, not from the original', async () => {
    const model = scramble(build());
    const before = weightsOf(model);
    const made: LayersModel[] = [];
    const drawn = async (seed: number): Promise<Record<string, number[]>> => {
      const fresh = await reinitializedModel('test', model, seed);
      made.push(fresh);
      return weightsOf(fresh);
    };
    const first = await drawn(1);
    expect(await drawn(1)).toEqual(first);
    const other = await drawn(2);
    for (const key of ['a/kernel', 'b/kernel', 'b/bias', 'c/kernel', 'd/kernel']) {
      expect(first[key], key).not.toEqual(before[key]);
      expect(first[key], key).not.toEqual(other[key]);
    }
    expect(first['a/bias']).toEqual([0, 0, 0, 0, 0]);
    expect(first['bn/gamma']).toEqual([1, 1, 1, 1, 1]);
    expect(weightsOf(model)).toEqual(before);
    [model, ...made].forEach(disposeModel);
  });

  it.each(NETS)('$name: seeded as well', async ({ build: buildNet }) => {
    const model = buildNet();
    await expectTensors(0, async () => {
      const a = await reinitializedModel('test', model, 1);
      const b = await reinitializedModel('test', model, 1);
      const c = await reinitializedModel('test', model, 2);
      expect(weightsOf(b)).toEqual(weightsOf(a));
      expect(weightsOf(c)).not.toEqual(weightsOf(a));
      [a, b, c].forEach((copy) => copy.dispose());
    });
    disposeModel(model);
  });

  it('gives layers of the same shape different weights', async () => {
    const model = tfl.sequential({
      layers: [dense({ name: 'a', units: 3, inputShape: [3] }), dense({ name: 'b', units: 3 })],
    });
    const fresh = await reinitializedModel('test', model, 1);
    expect(weightsOf(fresh)['a/kernel']).not.toEqual(weightsOf(fresh)['b/kernel']);
    [model, fresh].forEach(disposeModel);
  });
});

describe('snapshots', () => {
  const build = (units: number): LayersModel =>
    tfl.sequential({ layers: [dense({ name: 'fc', units, inputShape: [3] })] });

  it('are copies, and restore bit by bit', async () => {
    const model = scramble(build(2));
    const before = weightsOf(model);
    const snapshot = await snapshotWeights(modelVariables(model));
    scramble(model, 5);
    await expectTensors(0, () => restoreWeights('test', modelVariables(model), snapshot));
    expect(weightsOf(model)).toEqual(before);
    disposeModel(model);
  });

  it('refuse another model, and write nothing then', async () => {
    const [model, wider] = [scramble(build(2)), scramble(build(4), 2)];
    const before = weightsOf(wider);
    const snapshot = await snapshotWeights(modelVariables(model));
    const codes = [
      () => restoreWeights('test', modelVariables(wider), snapshot),
      () => restoreWeights('test', modelVariables(wider), new Map()),
      () => restoreWeights('test', modelVariables(model), new Map([...snapshot, ['more', Float32Array.of(1)]])),
      () => copyWeights('test', modelVariables(model), modelVariables(wider)),
    ].map(async (call) => (await expectTensors(0, () => errorOf(call))).code);
    expect(await Promise.all(codes)).toEqual(codes.map(() => 'checkpoint-mismatch'));
    expect(weightsOf(wider)).toEqual(before);
    [model, wider].forEach(disposeModel);
  });
});
