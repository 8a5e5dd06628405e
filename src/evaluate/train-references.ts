/**
 * Reference models for shadow attacks such as RMIA: each is trained from new weights on a random half of the pool forget ∪
 * retain ∪ test, such that every example is in exactly half of the models.
 *
 * Carlini et al., "Membership Inference Attacks From First Principles", S&P 2022, §V; Zarifzadeh, Liu & Shokri, ICML 2024; the
 * AMUN code (`helper.get_data`) draws the halves in the same way, for 128 models. Its defaults are kept (SGD 0.1, momentum 0.9,
 * weight decay 5e-4), with a cosine schedule over fewer epochs and fewer models.
 */
import { AmunError } from '../core/errors';
import { checkInteger, checkNumber, checkOneOf, checkOptionalFunction, show } from '../core/options';
import { inOrder } from '../core/in-order';
import { deriveSeed } from '../core/random';
import { checkRun, RunControl, type RunOptions } from '../core/run';
import type { Augment } from '../data/augment';
import { batchPlan } from '../data/batches';
import { concatData, subsetData } from '../data/compose';
import type { LabelledData } from '../data/labelled';
import type { ForgetSplit } from '../data/splits';
import { fit } from '../model/fit';
import { type BuildModel, freshModel } from '../model/fresh';
import { type Predictions, predict } from '../model/predict';
import { prepareModel, readyBackend } from '../model/prepare';
import { learningRateAt } from '../model/schedule';
import { disposeModel } from '../model/variables';
import { type ModelWorkers, modelWorkers, type Workers } from '../model/workers';
import { checkWholeSplit, openPool, type WholeSplit } from './open-pool';
import { drawHalves, ReferenceProgress } from './reference-progress';
import type { PoolSizes, ReferenceSet } from './reference-set';

/** Options of {@link trainReferences}. */
export interface TrainReferencesOptions extends RunOptions {
  /** How many models, an even number: each example is in half of them. The AMUN paper has 128. @default 4 */
  readonly count?: number;
  /** Passes over each model's half. @default 10 */
  readonly epochs?: number;
  /** Examples per step. @default 128 */
  readonly batchSize?: number;
  /** Learning rate at the start. @default 0.1 */
  readonly learningRate?: number;
  /** `cosine` lets the learning rate fall to 0 by ½(1 + cos(π · epoch / epochs)), `constant` keeps it. @default 'cosine' */
  readonly schedule?: 'cosine' | 'constant';
  /** SGD momentum in [0, 1). @default 0.9 */
  readonly momentum?: number;
  /** Coupled weight decay. @default 5e-4 */
  readonly weightDecay?: number;
  /** Random changes of the training inputs. @default none */
  readonly augment?: Augment;
  /**
   * Called with all models so far after each one, and awaited: store it with `serializeReferences`, to go on after an interruption
   * with `completed`.
   */
  readonly onModel?: (soFar: ReferenceSet) => void | Promise<void>;
  /** What an interrupted call with the same data, options and seed passed to `onModel`: these models are not trained again. */
  readonly completed?: ReferenceSet;
  /**
   * Train in these workers, as many models at a time: see `createWorkers` of `amun-ts/node`. The models are the same; `augment`, a
   * function, can't be sent. @default in this thread, one model after the other
   */
  readonly workers?: Workers;
}

const KEYS = [
  'count',
  'epochs',
  'batchSize',
  'learningRate',
  'schedule',
  'momentum',
  'weightDecay',
  'augment',
  'onModel',
  'completed',
  'workers',
];

const WHERE = 'trainReferences';

/** Options in force, as plain JSON. */
type Resolved = Required<
  Pick<
    TrainReferencesOptions,
    'count' | 'epochs' | 'batchSize' | 'learningRate' | 'schedule' | 'momentum' | 'weightDecay'
  >
> & { readonly augmented: boolean; readonly seed: number };

function resolve(options: TrainReferencesOptions): Resolved {
  checkOptionalFunction(`${WHERE}: augment`, options.augment);
  checkOptionalFunction(`${WHERE}: onModel`, options.onModel);
  const count = checkInteger(`${WHERE}: count`, options.count ?? 4, { min: 2 });
  if (count % 2 === 1) {
    throw new AmunError(
      'invalid-option',
      `${WHERE}: count: expected an even number, so that each example is in half of the models, got ${count}.`,
    );
  }
  return {
    count,
    epochs: checkInteger(`${WHERE}: epochs`, options.epochs ?? 10, { min: 1 }),
    batchSize: checkInteger(`${WHERE}: batchSize`, options.batchSize ?? 128, { min: 1 }),
    learningRate: checkNumber(`${WHERE}: learningRate`, options.learningRate ?? 0.1, { above: 0 }),
    schedule: checkOneOf(`${WHERE}: schedule`, options.schedule ?? 'cosine', ['cosine', 'constant']),
    momentum: checkNumber(`${WHERE}: momentum`, options.momentum ?? 0.9, { min: 0, below: 1 }),
    weightDecay: checkNumber(`${WHERE}: weightDecay`, options.weightDecay ?? 5e-4, { min: 0 }),
    augmented: options.augment !== undefined,
    seed: options.seed ?? 0,
  };
}

/**
 * Trains reference models and keeps their logits on the whole pool; the models are disposed.
 *
 * @param build - Makes a model of the architecture under attack, with new weights.
 * @param data - The pool: forget, retain and test set, all needed.
 * @throws AmunError `missing-retain`, `missing-test`, `invalid-option`, `invalid-inputs`, `callback-failed`, `checkpoint-mismatch`
 *   when `completed` belongs to another call, `invalid-weights` when training diverges; with `workers`, `worker-failed` and
 *   `not-transferable`. Rejects with the signal's reason when aborted.
 */
export async function trainReferences(
  build: BuildModel,
  data: ForgetSplit,
  options: TrainReferencesOptions = {},
): Promise<ReferenceSet> {
  checkRun(WHERE, options, KEYS);
  const training = resolve(options);
  const workers = options.workers === undefined ? undefined : modelWorkers(WHERE, options.workers);
  if (typeof build !== 'function') {
    throw new AmunError('invalid-option', `${WHERE}: build: expected a function (seed) => model, got ${show(build)}.`);
  }
  const { pool, ...facts } = await openTrainingPool(build, checkWholeSplit(WHERE, data), training.seed);
  const progress = new ReferenceProgress({ ...facts, training }, drawHalves(WHERE, pool.size, training));
  if (options.completed !== undefined) progress.takeOver(options.completed, pool.labels);
  const done = progress.current.count;
  const batches = progress.halves.map(
    (half) => training.epochs * batchPlan(half.length, training.batchSize, undefined).length,
  );
  const control = new RunControl(options, 'references', 'batches', sum(batches), sum(batches.slice(0, done)));
  const pieces = { start: done, end: training.count, limit: workers?.size ?? 1, signal: options.signal };
  const models = inOrder(pieces, (index, signal) => {
    const half = progress.halves[index];
    return trainOne({ build, pool, half, index, control, training, workers, augment: options.augment, signal });
  });
  for await (const model of models) {
    progress.add(model);
    await reportModel(options.onModel, progress.current);
  }
  return progress.current;
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** Builds a model only to learn what the data must look like. */
async function openTrainingPool(
  build: BuildModel,
  split: WholeSplit,
  seed: number,
): Promise<{ pool: LabelledData; sizes: PoolSizes; classCount: number }> {
  await readyBackend(WHERE);
  const view = await freshModel(WHERE, build, deriveSeed(seed, 'reference', 0));
  try {
    await prepareModel(WHERE, view, 'training');
    const { forget, retain, test } = await openPool(WHERE, split, view, 'training');
    const pool = concatData([forget, retain, test]);
    if (pool.sequential) {
      throw new AmunError(
        'invalid-inputs',
        `${WHERE}: expected data that can be read in any order, since each model takes a random half of it; read it into memory with fromDataset(…, { mode: 'materialize' }).`,
      );
    }
    const sizes = { forget: forget.size, retain: retain.size, test: test.size };
    return { pool, sizes, classCount: view.classCount };
  } finally {
    disposeModel(view.model);
  }
}

interface OneModel {
  readonly build: BuildModel;
  readonly pool: LabelledData;
  /** Indices of the examples to train on. */
  readonly half: Int32Array;
  readonly index: number;
  readonly control: RunControl;
  readonly training: Resolved;
  readonly workers: ModelWorkers | undefined;
  readonly augment: Augment | undefined;
  readonly signal: AbortSignal;
}

async function trainOne(one: OneModel): Promise<Predictions> {
  const { build, pool, half, index, control, training, workers, augment, signal } = one;
  const where = `${WHERE}: model ${index}`;
  const seed = deriveSeed(training.seed, 'reference', index);
  const { epochs, learningRate: initial, schedule } = training;
  const learningRate = (epoch: number): number => learningRateAt(schedule, initial, epoch, epochs);
  const view = await freshModel(WHERE, build, seed);
  try {
    await prepareModel(WHERE, view, 'training');
    const options = { ...training, learningRate, augment, seed, signal };
    if (workers !== undefined) {
      return await workers.train(where, { view, pool, rows: half, options, onProgress: control.part() });
    }
    await fit(where, view, subsetData(pool, half), control, options);
    return await predict(view, pool, new RunControl({ signal }, 'references', 'examples', pool.size), signal);
  } finally {
    disposeModel(view.model);
  }
}

async function reportModel(onModel: TrainReferencesOptions['onModel'], soFar: ReferenceSet): Promise<void> {
  try {
    await onModel?.(soFar);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new AmunError('callback-failed', `onModel threw, which ends the run: ${reason}`, { cause });
  }
}
