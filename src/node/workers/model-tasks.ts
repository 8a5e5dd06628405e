/**
 * The library's own tasks, in a worker.
 */
import * as tf from '@tensorflow/tfjs-core';
import { RunControl } from '../../core/run';
import { subsetData } from '../../data/compose';
import type { LabelledData } from '../../data/labelled';
import type { ClassifierView } from '../../model/classifier';
import { fit } from '../../model/fit';
import { type Predictions, predict } from '../../model/predict';
import { disposeModel } from '../../model/variables';
import { reviveSearch } from './describe-search';
import { batchOf, inputsOf } from './host-examples';
import { type ModelParcel, unpackModel } from './model-parcel';
import type { FoundNeighbours, PredictTask, SearchTask, TrainTask } from './protocol';
import type { TaskContext } from './task-context';

/** Models that a worker keeps: one under test and its reference. */
const KEPT = 2;

/** By the parcels' ids, the least recently used first. */
const models = new Map<string, ClassifierView>();

async function modelOf(parcel: ModelParcel): Promise<ClassifierView> {
  const view = models.get(parcel.id) ?? (await unpackModel(parcel));
  models.delete(parcel.id);
  models.set(parcel.id, view);
  for (const [id, { model }] of models) {
    if (models.size <= KEPT) break;
    models.delete(id);
    disposeModel(model);
  }
  return view;
}

/** Searches the neighbours of one chunk. */
export async function searchInWorker(task: SearchTask, context: TaskContext): Promise<FoundNeighbours> {
  const { signal, onProgress } = context;
  const { batchSize, seed, examples } = task;
  const view = await modelOf(task.model);
  const search = await reviveSearch(task.search);
  const xs = inputsOf(examples);
  const ys = tf.tensor1d(examples.labels, 'int32');
  try {
    const set = await search.find(view, { xs, ys }, { batchSize, seed, signal, onProgress });
    try {
      const { epsilons, distances, found, gradientSteps } = set;
      const hostXs = Float32Array.from(await set.xs.data());
      const hostYs = Int32Array.from(await set.ys.data());
      return { xs: hostXs, ys: hostYs, epsilons, distances, found, gradientSteps };
    } finally {
      set.dispose();
    }
  } finally {
    tf.dispose([xs, ys]);
  }
}

/** Logits of one batch. */
export async function predictInWorker({ model, examples }: PredictTask): Promise<Float32Array> {
  const size = examples.labels.length;
  const data: LabelledData = {
    size,
    inputShape: examples.shape.slice(1),
    labels: examples.labels,
    sequential: true,
    gather: async () => batchOf(examples),
  };
  const control = new RunControl(undefined, 'evaluate', 'examples', size);
  return (await predict(await modelOf(model), data, control, undefined, size)).logits;
}

/** Trains a model of its own, and predicts all examples with it. */
export async function trainInWorker(task: TrainTask, context: TaskContext): Promise<Predictions> {
  const { where, size, inputShape, rows } = task;
  const { learningRates, epochs, batchSize } = task.fit;
  const { signal, onProgress } = context;
  const view = await unpackModel(task.model);
  const pool: LabelledData = {
    size,
    inputShape,
    labels: undefined,
    sequential: false,
    gather: async (indices) => batchOf(await context.gather(indices)),
  };
  try {
    const batches = epochs * Math.ceil(rows.length / batchSize);
    const control = new RunControl({ signal, onProgress }, 'references', 'batches', batches);
    const learningRate = (epoch: number): number => learningRates[epoch];
    await fit(where, view, subsetData(pool, rows), control, { ...task.fit, learningRate, signal });
    return await predict(view, pool, new RunControl({ signal }, 'references', 'examples', size), signal);
  } finally {
    disposeModel(view.model);
  }
}
