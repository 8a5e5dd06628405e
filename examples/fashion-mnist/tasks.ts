/**
 * The units of work, each a function of the plan, the data and what earlier units left on disk. They run in worker threads.
 */
import * as tf from '@tensorflow/tfjs-core';
import {
  adversarialSet,
  type AdversarialSet,
  classifier,
  type EpochRecord,
  fromArrays,
  IncreasingEpsilonSearch,
  type IndexedSplit,
  type Examples,
  type Predictions,
  type Progress,
  type ReferenceSet,
  Retrain,
  splitByFraction,
  trainReferences,
  type UnlearnResult,
} from 'amun-ts';
import { type FashionMnist, type ImageSet, loadFashionMnist } from './dataset';
import { buildModel } from './models';
import { makeMethod, type MethodName, type Plan, type Setting } from './plan';
import type { Store } from './store';

/** One unit of work. */
export type Task =
  | { readonly kind: 'original' | 'retrain' | 'search'; readonly seed: number }
  | { readonly kind: 'references'; readonly part: number }
  | { readonly kind: 'unlearn'; readonly seed: number; readonly method: MethodName; readonly setting: Setting };

/** Name of a task's result on disk. */
export function taskName(task: Task): string {
  if (task.kind === 'references') return `references-${task.part}`;
  if (task.kind !== 'unlearn') return `${task.kind}-${task.seed}`;
  const { learningRate, epochs, every } = task.setting;
  return `${task.method}-${task.seed}-lr${learningRate}-e${epochs}-s${every}`;
}

/** What a trained or unlearned model leaves behind. */
export interface ModelRecord {
  readonly weights: readonly Float32Array[];
  readonly predictions: Readonly<Record<'forget' | 'retain' | 'test', Predictions>>;
  readonly history: readonly EpochRecord[];
  readonly seconds: number;
  readonly state: UnlearnResult['state'];
  readonly warnings: readonly string[];
  readonly options: Readonly<Record<string, unknown>>;
}

/** What a search leaves behind. */
export interface SearchRecord {
  readonly xs: Float32Array;
  readonly ys: Int32Array;
  readonly epsilons: Float32Array;
  readonly distances: Float32Array;
  readonly found: Uint8Array;
  readonly gradientSteps: number;
  readonly seconds: number;
  /** Of those found, how many a fresh forward pass misclassifies, one by one and 128 at a time. */
  readonly verified: { readonly batch1: number; readonly batch128: number };
}

/** Everything that a task needs. */
export interface TaskContext {
  readonly plan: Plan;
  readonly folder: string;
  readonly store: Store;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
}

/** The seed whose split orders the pool of the reference models. */
export const POOL_SEED = 0;

/** Runs one task and stores its result. */
export async function runTask(task: Task, context: TaskContext): Promise<void> {
  const { plan, folder, store } = context;
  const data = loadFashionMnist(folder, plan.train, plan.test);
  const seed = task.kind === 'references' ? POOL_SEED : task.seed;
  const sets = openSets(plan, data, seed);
  try {
    store.write(taskName(task), await compute(task, sets, context));
  } finally {
    sets.dispose();
  }
}

async function compute(task: Task, sets: Sets, context: TaskContext): Promise<unknown> {
  switch (task.kind) {
    case 'original':
      return trained(sets, context, task.seed, sets.train);
    case 'retrain':
      // Another seed than the original's: a retrained model does not share its initial weights or its batches.
      return trained(sets, context, task.seed + 500, sets.split.retain);
    case 'references':
      return references(sets, context, task.part);
    case 'search':
      return searched(sets, context, task.seed);
    case 'unlearn':
      return unlearned(sets, context, task);
  }
}

interface Sets {
  readonly train: Examples;
  readonly test: Examples;
  readonly split: IndexedSplit<Examples>;
  dispose(): void;
}

function toExamples({ pixels, labels }: ImageSet): Examples {
  return fromArrays({ xs: pixels, shape: [28, 28, 1], ys: labels });
}

function openSets(plan: Plan, data: FashionMnist, seed: number): Sets {
  const train = toExamples(data.train);
  const test = toExamples(data.test);
  const split = splitByFraction(train, plan.forgetFraction, { seed, test });
  return {
    train,
    test,
    split,
    dispose: () => {
      split.dispose();
      tf.dispose([train.xs, train.ys, test.xs, test.ys]);
    },
  };
}

/** Which examples of the training set a seed forgets. */
export function splitIndices(plan: Plan, data: FashionMnist, seed: number): { forget: Int32Array; retain: Int32Array } {
  const sets = openSets(plan, data, seed);
  const { forgetIndices: forget, retainIndices: retain } = sets.split;
  sets.dispose();
  return { forget, retain };
}

async function trained(sets: Sets, context: TaskContext, seed: number, data: Examples): Promise<ModelRecord> {
  const { plan, signal, onProgress } = context;
  const build = (s: number) => buildModel(plan.model, s);
  const blank = build(seed);
  const method = new Retrain({ ...plan.training, schedule: 'cosine', build });
  try {
    // Training from new weights needs no forget set; the test set stands in, of which nothing is used.
    const result = await method.unlearn(blank, { forget: sets.test, retain: data }, { seed, signal, onProgress });
    return await record(result, sets, signal);
  } finally {
    blank.dispose();
  }
}

async function references(sets: Sets, context: TaskContext, part: number): Promise<ReferenceSet> {
  const { plan, signal, onProgress } = context;
  const { epochs } = plan.references;
  const { learningRate } = plan.training;
  const options = { count: 2, epochs, learningRate, seed: 1000 + part, signal, onProgress };
  return trainReferences((seed) => buildModel(plan.model, seed), sets.split, options);
}

async function searched(sets: Sets, context: TaskContext, seed: number): Promise<SearchRecord> {
  const { signal, onProgress } = context;
  const model = loadOriginal(context, seed);
  const startedAt = performance.now();
  const search = new IncreasingEpsilonSearch({ initialEpsilon: 'calibrated' });
  const set = await search.find(model, sets.split.forget, { seed, signal, onProgress });
  const seconds = (performance.now() - startedAt) / 1000;
  try {
    const labels = await sets.split.forget.ys.data<'int32'>();
    const { epsilons, distances, found, gradientSteps } = set;
    const verified = {
      batch1: await misclassified(classifier(model), set, labels, 1),
      batch128: await misclassified(classifier(model), set, labels, 128),
    };
    const xs = Float32Array.from(await set.xs.data());
    const ys = Int32Array.from(await set.ys.data());
    return { xs, ys, epsilons, distances, found, gradientSteps, seconds, verified };
  } finally {
    set.dispose();
    model.dispose();
  }
}

/** How many found neighbours a fresh forward pass puts into another class than the example's own. */
async function misclassified(
  model: ReturnType<typeof classifier>,
  set: AdversarialSet,
  labels: ArrayLike<number>,
  batchSize: number,
): Promise<number> {
  let count = 0;
  for (let start = 0; start < set.found.length; start += batchSize) {
    const size = Math.min(batchSize, set.found.length - start);
    const predicted = tf.tidy(() => tf.argMax(model.logits(tf.slice(set.xs, start, size)), 1));
    const classes = await predicted.data();
    predicted.dispose();
    for (let i = 0; i < size; i += 1) {
      if (set.found[start + i] === 1 && classes[i] !== labels[start + i]) count += 1;
    }
  }
  return count;
}

async function unlearned(
  sets: Sets,
  context: TaskContext,
  task: Extract<Task, { kind: 'unlearn' }>,
): Promise<ModelRecord> {
  const { store, signal, onProgress } = context;
  const model = loadOriginal(context, task.seed);
  const found = store.read<SearchRecord>(taskName({ kind: 'search', seed: task.seed }));
  const adversarial = adversarialSet({
    ...found,
    xs: tf.tensor4d(found.xs, [found.found.length, 28, 28, 1]),
    ys: tf.tensor1d(found.ys, 'int32'),
  });
  try {
    const method = makeMethod(task.method, task.setting, adversarial);
    const result = await method.unlearn(model, sets.split, { seed: task.seed, signal, onProgress });
    return await record(result, sets, signal);
  } finally {
    adversarial.dispose();
    model.dispose();
  }
}

function loadOriginal({ plan, store }: TaskContext, seed: number) {
  const { weights } = store.read<ModelRecord>(taskName({ kind: 'original', seed }));
  const model = buildModel(plan.model, seed);
  const tensors = model.weights.map((variable, i) => tf.tensor(weights[i], variable.shape as number[]));
  model.setWeights(tensors);
  tf.dispose(tensors);
  return model;
}

async function record(result: UnlearnResult, sets: Sets, signal: AbortSignal): Promise<ModelRecord> {
  try {
    if (result.state === 'aborted') throw signal.reason;
    const view = classifier(result.model);
    const { forget, retain } = sets.split;
    return {
      weights: await Promise.all(result.model.getWeights().map(async (w) => Float32Array.from(await w.data()))),
      predictions: {
        forget: await predictions(view, forget),
        retain: await predictions(view, retain),
        test: await predictions(view, sets.test),
      },
      history: result.history,
      seconds: result.durationMs / 1000,
      state: result.state,
      warnings: result.warnings,
      options: result.options,
    };
  } finally {
    result.model.dispose();
  }
}

async function predictions(view: ReturnType<typeof classifier>, { xs, ys }: Examples): Promise<Predictions> {
  const size = xs.shape[0];
  const logits = new Float32Array(size * view.classCount);
  for (let start = 0; start < size; start += 256) {
    const batch = tf.tidy(() => view.logits(tf.slice(xs, start, Math.min(256, size - start))));
    logits.set(await batch.data(), start * view.classCount);
    batch.dispose();
  }
  return { logits, labels: Int32Array.from(await ys.data()), classCount: view.classCount };
}
