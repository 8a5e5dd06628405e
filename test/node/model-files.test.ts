import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import * as tfl from '@tensorflow/tfjs-layers';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadModel, saveModel } from 'amun-ts/node';

let folder = '';

beforeEach(async () => {
  await tf.setBackend('cpu');
  folder = await mkdtemp(join(tmpdir(), 'amun-model-'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

function network(seed = 1): tfl.LayersModel {
  const kernelInitializer = tfl.initializers.randomNormal({ seed, stddev: 1 });
  return tfl.sequential({
    layers: [
      tfl.layers.dense({ units: 4, inputShape: [3], activation: 'relu', kernelInitializer }),
      tfl.layers.batchNormalization(),
      tfl.layers.dense({ units: 2, activation: 'softmax', kernelInitializer }),
    ],
  });
}

function predictions(model: tfl.LayersModel): number[] {
  return tf.tidy(() => Array.from((model.predict(tf.tensor2d([[1, -2, 3]])) as tf.Tensor).dataSync()));
}

interface ModelFile {
  format?: string;
  weightsManifest: { paths: string[]; weights: object[] }[];
}

const modelFile = async (): Promise<ModelFile> =>
  JSON.parse(await readFile(join(folder, 'model.json'), 'utf8')) as ModelFile;

const writeModelFile = (json: unknown): Promise<void> => writeFile(join(folder, 'model.json'), JSON.stringify(json));

/** Runs a call that must fail, and checks that it left no tensor behind. */
async function failure(call: () => Promise<unknown>): Promise<{ code?: string; message: string }> {
  const before = tf.memory().numTensors;
  const error = await call().then(
    () => new Error('nothing was thrown'),
    (thrown: unknown) => thrown as Error,
  );
  expect(tf.memory().numTensors).toBe(before);
  return error;
}

describe('saveModel and loadModel', () => {
  it('give back the same model, without leaks', async () => {
    const before = tf.memory().numTensors;
    const model = network();
    await saveModel(model, join(folder, 'made', 'here'));
    const loaded = await loadModel(join(folder, 'made', 'here'));
    expect(predictions(loaded)).toEqual(predictions(model));
    expect(loaded.layers.map((layer) => layer.name)).toEqual(model.layers.map((layer) => layer.name));
    model.dispose();
    loaded.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('write the standard format: tfjs loads the files as they are', async () => {
    const model = network();
    await saveModel(model, folder);
    const json = await modelFile();
    expect(json.format).toBe('layers-model');
    // What tfjs-node's file handler hands to tfjs: the manifest's files, read in order.
    const weightData = Uint8Array.from(await readFile(join(folder, json.weightsManifest[0].paths[0]))).buffer;
    const artifacts = { ...json, weightSpecs: json.weightsManifest[0].weights, weightData } as tf.io.ModelArtifacts;
    const loaded = await tfl.loadLayersModel(tf.io.fromMemory(artifacts));
    expect(predictions(loaded)).toEqual(predictions(model));
    tf.dispose([]);
    model.dispose();
    loaded.dispose();
  });

  it('read several shards, split in the middle of a weight, in several groups', async () => {
    const model = network();
    await saveModel(model, folder);
    const json = await modelFile();
    const [{ paths, weights }] = json.weightsManifest;
    const bytes = await readFile(join(folder, paths[0]));
    const first = 3 * 4 * 4 + 4 * 4; // the kernel [3, 4] and bias [4] of the first layer
    await writeFile(join(folder, 'group1-shard1of2.bin'), bytes.subarray(0, 10));
    await writeFile(join(folder, 'group1-shard2of2.bin'), bytes.subarray(10, first));
    await writeFile(join(folder, 'group2-shard1of1.bin'), bytes.subarray(first));
    const groups = [
      { paths: ['group1-shard1of2.bin', 'group1-shard2of2.bin'], weights: weights.slice(0, 2) },
      { paths: ['group2-shard1of1.bin'], weights: weights.slice(2) },
    ];
    await writeModelFile({ ...json, weightsManifest: groups });
    const loaded = await loadModel(folder);
    expect(predictions(loaded)).toEqual(predictions(model));
    model.dispose();
    loaded.dispose();
  });

  it('replace a saved model and remove its weights, but nothing else', async () => {
    const [one, two] = [network(1), network(2)];
    await saveModel(one, folder);
    await writeFile(join(folder, 'notes.txt'), 'mine');
    await saveModel(two, folder);
    const loaded = await loadModel(folder);
    expect(predictions(loaded)).toEqual(predictions(two));
    const names = (await readdir(folder)).sort();
    expect(names).toHaveLength(3);
    expect(names).toContain('notes.txt');
    [one, two, loaded].forEach((model) => model.dispose());
  });

  it('leave the old model whole where the new one cannot be written', async () => {
    const [one, two] = [network(1), network(2)];
    await saveModel(one, folder);
    const expected = predictions(one);
    class Unwritable extends tfl.layers.Layer {
      static className = 'Unwritable';
      override getConfig(): tf.serialization.ConfigDict {
        throw new Error('no config');
      }
    }
    const broken = tfl.sequential({ layers: [tfl.layers.dense({ units: 1, inputShape: [2] }), new Unwritable()] });
    await expect(saveModel(broken, folder)).rejects.toThrow('no config');
    const loaded = await loadModel(folder);
    expect(predictions(loaded)).toEqual(expected);
    [one, two, broken, loaded].forEach((model) => model.dispose());
  });
});

describe('loadModel says what is wrong', () => {
  it('with a folder that has no model', async () => {
    const error = await failure(() => loadModel(join(folder, 'nowhere')));
    expect(error).toMatchObject({ name: 'AmunError', code: 'not-found' });
    expect(error.message).toContain(join(folder, 'nowhere', 'model.json'));
  });

  it('with weights that are missing or too short', async () => {
    const model = network();
    await saveModel(model, folder);
    model.dispose();
    const weights = join(folder, (await modelFile()).weightsManifest[0].paths[0]);
    await writeFile(weights, (await readFile(weights)).subarray(4));
    expect(await failure(() => loadModel(folder))).toMatchObject({ code: 'invalid-weights' });
    await rm(weights);
    const error = await failure(() => loadModel(folder));
    expect(error).toMatchObject({ code: 'not-found' });
    expect(error.message).toContain(weights);
  });

  it('with a class that nobody registered, by name', async () => {
    class Scale extends tfl.layers.Layer {
      static className = 'ScaleByHand';
      override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
        return tf.mul(Array.isArray(inputs) ? inputs[0] : inputs, 2);
      }
    }
    const model = tfl.sequential({ layers: [tfl.layers.dense({ units: 2, inputShape: [2] }), new Scale()] });
    await saveModel(model, folder);
    const error = await failure(() => loadModel(folder));
    expect(error).toMatchObject({ code: 'unregistered-layer' });
    expect(error.message).toContain('registerClass(ScaleByHand)');
    tf.serialization.registerClass(Scale);
    const loaded = await loadModel(folder);
    model.dispose();
    loaded.dispose();
  });

  it.each([
    ['text that is not JSON', 'model', 'it is not JSON'],
    ['null', 'null', 'no modelTopology'],
    ['a graph model', '{"format":"graph-model","modelTopology":{},"weightsManifest":[]}', 'graph model'],
    ['no weights', '{"modelTopology":{}}', 'no weightsManifest'],
    [
      'weights outside of its folder',
      '{"modelTopology":{},"weightsManifest":[{"paths":["../../x.bin"],"weights":[]}]}',
      'outside of its folder',
    ],
    ['a topology that tfjs refuses', '{"modelTopology":{},"weightsManifest":[]}', 'cannot build'],
  ])('with %s', async (_what, text, problem) => {
    await writeFile(join(folder, 'model.json'), text);
    const error = await failure(() => loadModel(folder));
    expect(error).toMatchObject({ code: 'unsupported-model' });
    expect(error.message).toContain(problem);
  });

  it('with a path that is none', async () => {
    expect(await failure(() => loadModel(undefined as never))).toMatchObject({ code: 'invalid-option' });
  });
});

describe('saveModel says what is wrong', () => {
  it('with what is no layers model, a disposed one, or no folder', async () => {
    expect(await failure(() => saveModel({ predict: () => 0 } as never, folder))).toMatchObject({
      code: 'unsupported-model',
    });
    const model = network();
    expect(await failure(() => saveModel(model, ''))).toMatchObject({ code: 'invalid-option' });
    model.dispose();
    expect(await failure(() => saveModel(model, folder))).toMatchObject({ code: 'disposed' });
    expect(await readdir(folder)).toEqual([]);
  });
});
