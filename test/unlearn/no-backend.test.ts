/** What is said where tfjs can't compute. A file of its own: backends and gradients are global. */
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ForgetSplit } from '../../src/data/splits';
import { FineTune } from '../../src/unlearn/fine-tune';

const refused = async (model: LayersModel, split: ForgetSplit): Promise<{ code?: string; message: string }> =>
  new FineTune({ epochs: 1 }).unlearn(model, split).then(
    () => ({ message: 'not refused' }),
    (error: Error) => error,
  );

describe('where tfjs can not compute', () => {
  let model: LayersModel;
  let split: ForgetSplit;

  // A model needs a backend to be built; it can lose it later.
  beforeAll(async () => {
    await tf.setBackend('cpu');
    model = tfl.sequential({ layers: [tfl.layers.dense({ units: 3, inputShape: [4] })] });
    const set = { xs: tf.zeros([3, 4]), ys: tf.tensor1d([0, 1, 2], 'int32') };
    split = { forget: set, retain: set };
  });

  it('names missing gradients: a second copy of tfjs-core, or tfjs-layers imported for its types alone', async () => {
    const gradient = tf.getGradient('BatchMatMul');
    tf.unregisterGradient('BatchMatMul');
    const before = tf.memory().numTensors;
    const error = await refused(model, split);
    tf.registerGradient(gradient);
    expect(error.code).toBe('gradients-missing');
    expect(error.message).toMatch(/import '@tensorflow\/tfjs-layers'.*npm ls @tensorflow\/tfjs-core/);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('says how to get a backend where none starts', async () => {
    tf.registerBackend('broken', () => Promise.reject(new Error('no GPU')), 99);
    expect(await tf.setBackend('broken')).toBe(false);
    tf.removeBackend('cpu');
    const error = await refused(model, split);
    expect(error.code).toBe('no-backend');
    expect(error.message).toMatch(/no working backend; npm install @tensorflow\/tfjs-backend-wasm.*useWasm\(\)/);
  });
});
