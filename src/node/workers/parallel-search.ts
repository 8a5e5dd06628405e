/**
 * A search in parallel workers: the examples are cut into chunks, which any search takes one by one.
 *
 * The size of a chunk depends on the number of examples and on the batch size, never on the number of workers, and each chunk has a
 * seed of its own: so the result does not depend on who searches what, nor in which order.
 */
import type { LayersModel } from '@tensorflow/tfjs-layers';
import * as tf from '@tensorflow/tfjs-core';
import { AmunError } from '../../core/errors';
import { inOrder } from '../../core/in-order';
import { claimModel } from '../../core/locks';
import { checkInteger, checkKeys, show } from '../../core/options';
import { deriveSeed } from '../../core/random';
import { checkRun, type Progress, RunControl } from '../../core/run';
import type { ExampleData } from '../../data/examples';
import type { LabelledData } from '../../data/labelled';
import { openData } from '../../data/open';
import type { Classifier, ClassifierView } from '../../model/classifier';
import { prepareModel, probeModel } from '../../model/prepare';
import type { AdversarialSearch, AdversarialSet, SearchRun } from '../../search/adversarial-search';
import { adversarialSet } from '../../search/adversarial-set';
import { calibrated, calibrationRows, calibrationSearch, needsCalibration } from './calibrate';
import { describeSearch, type SearchDescription, type SearchModule } from './describe-search';
import { gatherToHost } from './host-examples';
import { type ModelParcel, packModel } from './model-parcel';
import { partsOf, type PoolParts, type WorkerPool } from './pool';
import type { FoundNeighbours } from './protocol';

/** Options of {@link ParallelSearch}. */
export interface ParallelSearchOptions {
  /** What `createWorkers` resolved to. The caller closes it. */
  readonly workers: WorkerPool;
}

const WHERE = 'ParallelSearch';

/** Examples per gradient step, unless told: as in every search. */
const BATCH_SIZE = 128;

/** Enough chunks for many cores to share, and none so large that a worker holds much. */
const CHUNKS = 64;
const MOST_BATCHES = 8;

/** Examples per chunk: up to a few batches, and all chunks alike, so that none is left to wait for. */
export function chunkSize(size: number, batchSize: number): number {
  const batches = Math.floor(size / (batchSize * CHUNKS));
  const most = batchSize * Math.min(MOST_BATCHES, Math.max(1, batches));
  return Math.ceil(size / Math.ceil(size / most));
}

/** What one call of `find` works with. */
interface Call {
  readonly where: string;
  readonly view: ClassifierView;
  readonly data: LabelledData;
  readonly model: ModelParcel;
  readonly batchSize: number;
  readonly seed: number;
  readonly run: SearchRun;
}

/**
 * Runs a search in parallel workers. It finds what the search alone finds on the same backend, bit for bit, unless the search draws
 * random numbers: then it draws others, which depend on the seed and not on the number of workers.
 *
 * Calls of one pool share its workers. Inputs are sent chunk by chunk, the model once to each worker.
 *
 * @example
 * ```ts
 * const workers = await createWorkers();
 * const search = new ParallelSearch(new IncreasingEpsilonSearch({ initialEpsilon: 'calibrated' }), { workers });
 * const { model: forgotten } = await new Amun({ search }).unlearn(model, split);
 * ```
 */
export class ParallelSearch implements AdversarialSearch {
  private readonly description: SearchDescription;
  private readonly parts: PoolParts;
  /** The workers. */
  readonly workers: WorkerPool;

  /**
   * @param search - A search of the library's, or the module that makes one of yours.
   * @throws AmunError `not-transferable` for a search of another class, with what to do; `invalid-option`.
   */
  constructor(search: AdversarialSearch | SearchModule, options: ParallelSearchOptions) {
    checkKeys(WHERE, options, ['workers']);
    const parts = partsOf(options?.workers);
    if (parts === undefined) {
      throw new AmunError(
        'invalid-option',
        `${WHERE}: workers: expected what createWorkers() resolved to, got ${show(options?.workers)}.`,
      );
    }
    this.workers = options.workers;
    this.parts = parts;
    this.description = describeSearch(WHERE, search);
  }

  /**
   * Searches one neighbour per example.
   *
   * @throws AmunError for options, model or data that can't be used, before the search; `unregistered-layer` for custom layers that no
   *   `setup` module registers; `worker-failed`; what the search throws. Rejects with the signal's reason on abort.
   */
  async find(model: LayersModel | Classifier, examples: ExampleData, run: SearchRun = {}): Promise<AdversarialSet> {
    const where = `${WHERE}.find`;
    checkRun(where, run, ['batchSize']);
    const { batchSize = BATCH_SIZE, seed = 0, signal } = run;
    checkInteger(`${where}: batchSize`, batchSize, { min: 1 });
    const view = await prepareModel(where, model, 'inference');
    const release = view.isPrivate ? (): void => undefined : claimModel(view.model, 'read', where);
    try {
      const data = await openSearchData(where, view, examples, signal);
      const call = { where, view, data, batchSize, seed, run, model: await packModel(where, view) };
      const first = await this.calibrate(call);
      return await this.searchAll(call, first);
    } finally {
      release();
    }
  }

  private async calibrate(call: Call): Promise<{ search: SearchDescription; gradientSteps: number }> {
    const { view, data, seed, run } = call;
    const search = this.description;
    if (!needsCalibration(search)) return { search, gradientSteps: 0 };
    const rows = calibrationRows(data.size, seed);
    const probes = await this.searchRows(call, {
      search: calibrationSearch(search, view),
      rows,
      seed,
      signal: run.signal,
      report: asPhase('calibrate', new RunControl(run, 'calibrate', 'examples', rows.length)),
    });
    return { search: calibrated(search, view, probes), gradientSteps: probes.gradientSteps };
  }

  private async searchAll(
    call: Call,
    { search, gradientSteps }: { search: SearchDescription; gradientSteps: number },
  ): Promise<AdversarialSet> {
    const { data, batchSize, seed, run } = call;
    const { size, inputShape } = data;
    const length = chunkSize(size, batchSize);
    const control = new RunControl(run, 'search', 'examples', size);
    // One more than there are workers, so that none waits for its inputs.
    const pieces = { end: Math.ceil(size / length), limit: this.workers.size + 1, signal: run.signal };
    const chunks = inOrder(pieces, (index, signal) => {
      const start = index * length;
      const rows = Int32Array.from({ length: Math.min(length, size - start) }, (_, i) => start + i);
      return this.searchRows(call, {
        search,
        rows,
        seed: deriveSeed(seed, 'search chunk', index),
        signal,
        report: control.part(),
      });
    });
    const all = emptySet(size, inputShape);
    for await (const chunk of chunks) all.append(chunk);
    return all.finish(gradientSteps);
  }

  private async searchRows(
    { where, data, model, batchSize }: Call,
    part: {
      readonly search: SearchDescription;
      readonly rows: Int32Array;
      readonly seed: number;
      readonly signal: AbortSignal | undefined;
      readonly report: (progress: Progress) => void;
    },
  ): Promise<FoundNeighbours> {
    const { search, rows, seed, signal, report } = part;
    const examples = await gatherToHost(data, rows, signal);
    const { tasks, engine } = this.parts;
    const task = { kind: 'search', engine, model, search, examples, batchSize, seed } as const;
    const chunk = await tasks.run<FoundNeighbours>(where, task, { signal, onProgress: report });
    report({ phase: 'search', done: rows.length, total: rows.length, unit: 'examples', elapsedMs: 0 });
    return chunk;
  }
}

/** A search for the calibration is a search to the worker. */
function asPhase(phase: string, control: RunControl): (progress: Progress) => void {
  const report = control.part();
  return (progress) => report({ ...progress, phase });
}

/** Checks the data here, where its rows still have the numbers that the caller knows, and settles what an unknown head puts out. */
async function openSearchData(
  where: string,
  view: ClassifierView,
  examples: ExampleData,
  signal: AbortSignal | undefined,
): Promise<LabelledData> {
  const [low, high] = view.bounds;
  const { inputShape, classCount } = view;
  const data = await openData(where, examples, { inputShape, classCount, bounds: { low, high } });
  if (data.sequential) {
    throw new AmunError(
      'invalid-inputs',
      `${where}: expected examples that can be read by index, got a source that can only be read in order; materialise it first.`,
    );
  }
  const { xs } = await data.gather(
    Int32Array.from({ length: Math.min(2, data.size) }, (_, i) => i),
    signal,
  );
  try {
    await probeModel(where, view, xs, 'inference');
  } finally {
    xs.dispose();
  }
  return data;
}

/** The result as it grows, chunk by chunk. */
function emptySet(
  size: number,
  inputShape: readonly number[],
): { append(chunk: FoundNeighbours): void; finish(gradientSteps: number): AdversarialSet } {
  const width = tf.util.sizeFromShape([...inputShape]);
  const xs = new Float32Array(size * width);
  const ys = new Int32Array(size);
  const [epsilons, distances] = [new Float32Array(size), new Float32Array(size)];
  const found = new Uint8Array(size);
  let start = 0;
  let steps = 0;
  return {
    append: (chunk) => {
      xs.set(chunk.xs, start * width);
      ys.set(chunk.ys, start);
      epsilons.set(chunk.epsilons, start);
      distances.set(chunk.distances, start);
      found.set(chunk.found, start);
      start += chunk.ys.length;
      steps += chunk.gradientSteps;
    },
    finish: (gradientSteps) =>
      adversarialSet({
        xs: tf.tensor(xs, [size, ...inputShape]),
        ys: tf.tensor1d(ys, 'int32'),
        epsilons,
        distances,
        found,
        gradientSteps: steps + gradientSteps,
      }),
  };
}
