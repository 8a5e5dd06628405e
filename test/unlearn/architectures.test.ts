/** A whole run on every kind of model: trains, repeats to the bit, resumes its layers' state, and frees everything. */
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { classifier } from '../../src/model/classifier';
import { disposeModel } from '../../src/model/variables';
import { FineTune } from '../../src/unlearn/fine-tune';
import { SalUn } from '../../src/unlearn/salun';
import { NETS, type NetCase, registerCustom } from '../model/nets';
import { BACKENDS, layerState, useBackend, weightsOf } from '../model/support';
import { MemoryStore } from './fixtures';

const OPTIONS = { epochs: 2, batchSize: 2, learningRate: 0.05 };

/** The net's three inputs, learned and forgotten. */
function split({ inputs }: NetCase): {
  forget: { xs: tf.Tensor; ys: tf.Tensor };
  retain: { xs: tf.Tensor; ys: tf.Tensor };
} {
  const set = { xs: inputs(), ys: tf.tensor1d([0, 1, 1], 'int32') };
  return { forget: set, retain: set };
}

describe.each(BACKENDS)('on %s', (backend) => {
  beforeAll(async () => {
    await useBackend(backend);
    registerCustom();
  });

  it.each(NETS)('$name', async (net) => {
    const tensors = tf.memory().numTensors;
    const model = net.build();
    const view = classifier(model, net.options);
    const sets = split(net);
    const [before, layers] = [weightsOf(model), layerState(model)];

    const run = async (): Promise<Record<string, number[]>> => {
      const result = await new FineTune(OPTIONS).unlearn(view, sets, { seed: 1, checkpoint: new MemoryStore() });
      expect(result.state).toBe('completed');
      expect(result.deterministic).toBe(true);
      const weights = weightsOf(result.model);
      result.model.dispose();
      return weights;
    };
    const first = await run();
    expect(first).not.toEqual(before);
    expect(await run()).toEqual(first);
    expect(weightsOf(model)).toEqual(before);
    expect(layerState(model)).toEqual(layers);

    const masked = await new SalUn({ method: new FineTune(OPTIONS) }).unlearn(view, sets, { seed: 1, inPlace: true });
    expect(masked.state).toBe('completed');
    expect(layerState(model)).toEqual(layers);
    tf.dispose([sets.forget.xs, sets.forget.ys]);
    disposeModel(model);
    expect(tf.memory().numTensors).toBe(tensors);
  });
});
