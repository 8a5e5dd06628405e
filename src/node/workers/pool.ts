/**
 * A pool of workers as its user sees it.
 */
import { checkKeys, checkOptionalFunction } from '../../core/options';
import { inOrder } from '../../core/in-order';
import { checkRun, type Progress } from '../../core/run';
import { MODEL_WORKERS, type ModelWorkers, type Workers } from '../../model/workers';
import { moduleUrl } from './module-function';
import { PoolModelWorkers } from './pool-model-workers';
import type { EngineSetup, Task, WorkerBackend } from './protocol';
import { checkSendable } from './sendable';
import type { TaskPool } from './task-pool';

/** What a function of yours is told when it runs in a worker. */
export interface WorkerRun {
  /** Aborted when the caller's signal is: hand it on to what you call. */
  readonly signal: AbortSignal;
  /** Passes progress to the caller: hand it on, too. */
  readonly onProgress: (progress: Progress) => void;
}

/** Options of {@link WorkerPool.run}. */
export interface WorkerTaskOptions {
  /** Name of the function that the module exports. @default 'default' */
  readonly export?: string;
  /** Aborts the task. The worker goes on until the function notices its own signal. */
  readonly signal?: AbortSignal;
  /** Told of the progress that the function reports. */
  readonly onProgress?: (progress: Progress) => void;
}

/** Options of {@link WorkerPool.map}. */
export interface WorkerMapOptions<Result> extends Omit<WorkerTaskOptions, 'onProgress'> {
  /** Told of each task's progress, by the task's position. */
  readonly onProgress?: (progress: Progress, index: number) => void;
  /** Called with each result in the order of the tasks, as soon as those before it are there, such as to store it. */
  readonly onResult?: (result: Result, index: number) => void | Promise<void>;
}

const RUN_KEYS = ['export', 'signal', 'onProgress'];

/** Worker threads, each with a tfjs engine of its own. Made by `createWorkers`. */
export interface WorkerPool extends Workers {
  /** How many workers there are at most: they start when there is work for them. */
  readonly size: number;
  /** The backend that each worker runs on. */
  readonly backend: WorkerBackend;
  /**
   * Calls a function of a module of yours in a worker, as `(input, { signal, onProgress }) => result`. The engine is set up. A worker that
   * dies is replaced, and the function called again.
   *
   * @param module - URL of the module, such as `new URL('./task.js', import.meta.url)`
   * @param input - anything that can be cloned; no tensors, no functions
   * @returns what the function returns or resolves to, which must be cloneable too.
   * @throws AmunError `not-found`, `not-transferable`, `worker-failed`, `invalid-option`; what the function throws, with the code of an
   *   AmunError. Rejects with the signal's reason when aborted.
   */
  run<Result>(module: URL | string, input: unknown, options?: WorkerTaskOptions): Promise<Result>;
  /**
   * Calls a function of a module of yours with every input, in as many workers as there are. When one call fails, the others are
   * aborted.
   *
   * @param module - URL of the module
   * @param inputs - what the calls get: see {@link WorkerPool.run}
   * @returns the results, in the order of the inputs.
   * @throws as {@link WorkerPool.run}; what `onResult` throws.
   * @example
   * ```ts
   * const seeds = [1, 2, 3, 4];
   * const results = await pool.map(new URL('./experiment.js', import.meta.url), seeds);
   * ```
   */
  map<Input, Result>(
    module: URL | string,
    inputs: Iterable<Input>,
    options?: WorkerMapOptions<Result>,
  ): Promise<Result[]>;
  /** Ends the workers. Calls that still use them reject with `worker-failed`. */
  close(): Promise<void>;
}

/** What the library itself needs of a pool. */
export interface PoolParts {
  readonly tasks: TaskPool;
  readonly engine: EngineSetup;
}

/** Where a pool keeps its parts, whichever copy of the library made it. */
const PARTS = Symbol.for('amun-ts.pool');

/** The parts of a pool; undefined for anything else. */
export function partsOf(workers: unknown): PoolParts | undefined {
  return (workers as { [PARTS]?: PoolParts } | null | undefined)?.[PARTS];
}

/** The pool that `createWorkers` makes. */
export class ThreadPool implements WorkerPool {
  readonly [PARTS]: PoolParts;
  readonly [MODEL_WORKERS]: ModelWorkers;

  constructor(
    parts: PoolParts,
    readonly size: number,
  ) {
    this[PARTS] = parts;
    this[MODEL_WORKERS] = new PoolModelWorkers(parts.tasks, parts.engine, size);
  }

  get backend(): WorkerBackend {
    return this[PARTS].engine.backend;
  }

  async run<Result>(module: URL | string, input: unknown, options: WorkerTaskOptions = {}): Promise<Result> {
    const where = 'WorkerPool.run';
    checkKeys(where, options, RUN_KEYS);
    const { signal, onProgress } = options;
    checkRun(where, { signal, onProgress });
    return this[PARTS].tasks.run(where, this.task(where, module, input, options.export), { signal, onProgress });
  }

  async map<Input, Result>(
    module: URL | string,
    inputs: Iterable<Input>,
    options: WorkerMapOptions<Result> = {},
  ): Promise<Result[]> {
    const where = 'WorkerPool.map';
    checkKeys(where, options, [...RUN_KEYS, 'onResult']);
    checkOptionalFunction(`${where}: onProgress`, options.onProgress);
    checkOptionalFunction(`${where}: onResult`, options.onResult);
    checkRun(where, { signal: options.signal });
    const tasks = Array.from(inputs, (input) => this.task(where, module, input, options.export));
    const pieces = { end: tasks.length, limit: this.size, signal: options.signal };
    const results = inOrder(pieces, (index, signal) => {
      const onProgress = options.onProgress && ((progress: Progress) => options.onProgress!(progress, index));
      return this[PARTS].tasks.run<Result>(where, tasks[index], { signal, onProgress });
    });
    const taken: Result[] = [];
    for await (const result of results) {
      await options.onResult?.(result, taken.length);
      taken.push(result);
    }
    return taken;
  }

  close(): Promise<void> {
    return this[PARTS].tasks.close();
  }

  private task(where: string, module: URL | string, input: unknown, exportName = 'default'): Task {
    checkSendable(`${where}: the input`, input);
    const { engine } = this[PARTS];
    return { kind: 'module', engine, module: moduleUrl(`${where}: module`, module), exportName, input };
  }
}
