/** The bench that contract tests run on: a model, a split, and a count of tensors. */
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { afterEach, beforeEach, expect } from 'vitest';
import { disposeModel } from '../../src/model/variables';
import type { TrainingOptions } from '../../src/unlearn/options';
import type { UnlearnResult, UnlearnRun } from '../../src/unlearn/types';
import type { Unlearner } from '../../src/unlearn/unlearner';
import { weightsOf } from '../model/support';
import { disposeSplit, split, trainedModel } from './fixtures';

/** A method under test, made with shared options. */
export interface UnlearnerCase {
  readonly name: string;
  readonly make: (options?: TrainingOptions) => Unlearner;
  /** Phases that come before training, such as a search. */
  readonly phases?: readonly string[];
}

/** Few steps, and a batch size that divides neither set. */
export const OPTIONS: TrainingOptions = { epochs: 3, batchSize: 4, learningRate: 0.05, schedule: { every: 2 } };

/** Weights by key. */
export type Weights = Record<string, number[]>;

/** A model, a split, and tensors counted; all of it is freed after each test. */
export interface Bench {
  model: LayersModel;
  sets: ReturnType<typeof split>;
  before: Weights;
}

/** Runs a method on the bench's model and disposes what comes back. */
export async function run(
  bench: Bench,
  method: Unlearner,
  options: UnlearnRun = {},
): Promise<UnlearnResult & { weights: Weights }> {
  const result = await method.unlearn(bench.model, bench.sets, options);
  const weights = weightsOf(result.model);
  if (options.inPlace !== true) {
    expect(result.model).not.toBe(bench.model);
    result.model.dispose();
  }
  return { ...result, weights };
}

/** Sets a bench up before each test, and checks after it that no tensor is left. */
export function useBench(): Bench {
  const bench = {} as Bench;
  let tensors = 0;
  beforeEach(async () => {
    (await trainedModel()).dispose();
    tensors = tf.memory().numTensors;
    bench.model = await trainedModel();
    bench.sets = split();
    bench.before = weightsOf(bench.model);
  });
  afterEach(() => {
    disposeSplit(bench.sets);
    disposeModel(bench.model);
    expect(tf.memory().numTensors, 'tensors left after the test').toBe(tensors);
  });
  return bench;
}
