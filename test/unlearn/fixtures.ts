/** Small models and data for the tests of unlearning: three classes of points in the unit box. */
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { randomStream } from '../../src/core/random';
import { RunControl } from '../../src/core/run';
import type { Examples, ExampleSource } from '../../src/data/examples';
import { openData } from '../../src/data/open';
import { asClassifier } from '../../src/model/classifier';
import { reinitializedModel } from '../../src/model/clone';
import { fit } from '../../src/model/fit';
import { disposeModel, modelVariables } from '../../src/model/variables';
import type { CheckpointStore } from '../../src/unlearn/checkpoint-store';

export const CLASSES = 3;
const FEATURES = 4;

interface HostData {
  readonly xs: Float32Array;
  readonly ys: Int32Array;
}

/** Points around three corners, each a little off. */
function blobs(size: number, seed: number): HostData {
  const random = randomStream(seed, 'blobs');
  const ys = Int32Array.from({ length: size }, (_, i) => i % CLASSES);
  const xs = Float32Array.from({ length: size * FEATURES }, (_, i) => {
    const centre = i % FEATURES === ys[Math.floor(i / FEATURES)] ? 0.75 : 0.35;
    return Math.min(1, Math.max(0, centre + 0.12 * random.normal()));
  });
  return { xs, ys };
}

/** `size` examples on the backend; the caller disposes them. */
export function examples(size: number, seed: number): Examples {
  const { xs, ys } = blobs(size, seed);
  return { xs: tf.tensor2d(xs, [size, FEATURES]), ys: tf.tensor1d(ys, 'int32') };
}

/** The same examples as a source. */
export function source(size: number, seed: number): ExampleSource {
  const { xs, ys } = blobs(size, seed);
  return {
    size,
    inputShape: [FEATURES],
    classCount: CLASSES,
    gather: async (indices) => {
      await Promise.resolve();
      const rows = Array.from(indices, (i) => Array.from(xs.subarray(i * FEATURES, (i + 1) * FEATURES)));
      const labels = Array.from(indices, (i) => ys[i]);
      return { xs: tf.tensor2d(rows, [indices.length, FEATURES]), ys: tf.tensor1d(labels, 'int32') };
    },
  };
}

/** A split of 8 examples to forget and 17 to retain: neither is a multiple of the batch size of 4. */
export function split(): { forget: Examples; retain: Examples } {
  return { forget: examples(8, 1), retain: examples(17, 2) };
}

export function disposeSplit({ forget, retain }: { forget: Examples; retain?: Examples }): void {
  tf.dispose([forget.xs, forget.ys]);
  if (retain !== undefined) tf.dispose([retain.xs, retain.ys]);
}

/** Dense layers with all that makes training differ from inference. */
export function build(): LayersModel {
  const { dense, batchNormalization, dropout } = tfl.layers;
  return tfl.sequential({
    layers: [
      dense({ name: 'first', units: 6, activation: 'relu', inputShape: [FEATURES] }),
      batchNormalization({ name: 'norm' }),
      dropout({ rate: 0.2 }),
      dense({ name: 'last', units: CLASSES, activation: 'softmax' }),
    ],
  });
}

let trainedWeights: tf.Tensor[] | undefined;

/** {@link build}, trained for a moment on all examples; the same weights each time. */
export async function trainedModel(): Promise<LayersModel> {
  const model = build();
  trainedWeights ??= await train();
  model.setWeights(trainedWeights);
  return model;
}

/** Frees what {@link trainedModel} keeps. */
export function forgetTraining(): void {
  tf.dispose(trainedWeights ?? []);
  trainedWeights = undefined;
}

async function train(): Promise<tf.Tensor[]> {
  const blank = build();
  const model = await reinitializedModel('test', blank, 3);
  const view = asClassifier('test', model);
  const data = examples(25, 2);
  const opened = await openData('test', data, view.expectedData);
  const control = new RunControl(undefined, 'train', 'batches', 1);
  const options = { epochs: 15, batchSize: 8, learningRate: () => 0.1, momentum: 0.9, weightDecay: 0, seed: 2 };
  await fit('test', view, opened, control, options);
  const weights = tf.tidy(() => model.getWeights().map((weight) => tf.keep(tf.clone(weight))));
  disposeSplit({ forget: data });
  disposeModel(model);
  disposeModel(blank);
  return weights;
}

/** A checkpoint store in memory. */
export class MemoryStore implements CheckpointStore {
  bytes: Uint8Array | undefined;
  saves = 0;

  load(): Promise<Uint8Array | undefined> {
    return Promise.resolve(this.bytes);
  }

  save(bytes: Uint8Array): Promise<void> {
    this.bytes = bytes.slice();
    this.saves += 1;
    return Promise.resolve();
  }

  clear(): Promise<void> {
    this.bytes = undefined;
    return Promise.resolve();
  }
}

/** Keys of the model's trainable variables. */
export const trainableKeys = (model: LayersModel): string[] =>
  modelVariables(model)
    .filter(({ trainable }) => trainable)
    .map(({ key }) => key);
