/** A good model and good sets, for each case of bad input to break one thing of. */
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { afterEach, beforeEach, expect } from 'vitest';
import type { AmunErrorCode } from '../../src/core/errors';
import type { Examples } from '../../src/data/examples';
import { disposeModel } from '../../src/model/variables';
import { errorOf, expectTensors, scramble, uniform, weightsOf } from '../model/support';

const { dense } = tfl.layers;

/** What a case breaks: a good model, good sets, and a place for tensors and models that the test frees. */
export interface GoodInput {
  model: LayersModel;
  sets: { forget: Examples; retain: Examples; test: Examples };
  /** Frees a tensor after the test. */
  tensor<T extends tf.Tensor>(tensor: T): T;
  /** Frees a model after the test. */
  own(model: LayersModel): LayersModel;
}

/** A fault, and what must be said of it. */
export interface Fault {
  readonly name: string;
  readonly code: AmunErrorCode;
  readonly message: RegExp;
  readonly model?: (good: GoodInput) => unknown;
  readonly forget?: (good: GoodInput) => unknown;
  readonly run?: object | null;
}

/** Four features, three classes. */
export const goodModel = (): LayersModel =>
  scramble(
    tfl.sequential({
      layers: [
        dense({ name: 'hidden', units: 5, activation: 'relu', inputShape: [4] }),
        dense({ name: 'head', units: 3, activation: 'softmax' }),
      ],
    }),
  );

/** `size` examples of all classes in turn. */
export function goodExamples(size: number, seed: number): Examples {
  const labels = Array.from({ length: size }, (_, i) => i % 3);
  return { xs: uniform([size, 4], seed), ys: tf.tensor1d(labels, 'int32') };
}

/** Expects the refusal, the same number of tensors, and the good model as it was. */
export type ExpectRefusal = (code: AmunErrorCode, message: RegExp, call: () => unknown) => Promise<void>;

/** Makes good input before each test, and checks after it that no tensor is left. */
export function useGoodInput(): { good: GoodInput; expectRefusal: ExpectRefusal } {
  let made: tf.Tensor[] = [];
  let models: LayersModel[] = [];
  let tensors = 0;
  const good = {
    tensor: (tensor) => {
      made.push(tensor);
      return tensor;
    },
    own: (model) => {
      models.push(model);
      return model;
    },
  } as GoodInput;

  beforeEach(() => {
    tensors = tf.memory().numTensors;
    good.model = goodModel();
    good.sets = { forget: goodExamples(4, 1), retain: goodExamples(6, 2), test: goodExamples(5, 3) };
    made = Object.values(good.sets).flatMap(({ xs, ys }) => [xs, ys]);
    models = [good.model];
  });

  afterEach(() => {
    models.forEach(disposeModel);
    tf.dispose(made);
    expect(tf.memory().numTensors).toBe(tensors);
  });

  const expectRefusal: ExpectRefusal = async (code, message, call) => {
    const before = weightsOf(good.model);
    const error = await expectTensors(0, () => errorOf(call));
    expect([error.code, error.message]).toEqual([code, expect.stringMatching(message)]);
    expect(weightsOf(good.model)).toEqual(before);
  };
  return { good, expectRefusal };
}
