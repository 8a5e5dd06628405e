/**
 * Makes a pool of worker threads: all cores for the search, for evaluation, for reference models, and for experiments of the caller's.
 */
import { availableParallelism } from 'node:os';
import { AmunError } from '../../core/errors';
import { checkInteger, checkKeys, checkOneOf } from '../../core/options';
import { entryUrl, workerArguments } from './entry-location';
import { moduleUrl } from './module-function';
import { ThreadPool, type WorkerPool } from './pool';
import type { WorkerBackend } from './protocol';
import { TaskPool } from './task-pool';

/** Options of {@link createWorkers}. */
export interface CreateWorkersOptions {
  /** How many threads work at a time. @default the processor's cores */
  readonly workers?: number;
  /**
   * What each worker computes on: `native` (`amun-ts/native`), `wasm` (`amun-ts/wasm`) or `cpu` (`@tensorflow/tfjs-backend-cpu`). `fastest`
   * takes the first of these that works. Results are the same bits as in one thread on the same backend. @default 'fastest'
   */
  readonly backend?: WorkerBackend | 'fastest';
  /**
   * Modules that each worker imports before its first task, such as one that registers custom layers with
   * `tf.serialization.registerClass`.
   */
  readonly setup?: URL | string | readonly (URL | string)[];
  /** Most memory that the JavaScript heap of a worker may take, in MB; beyond it the worker is replaced. @default Node's own limit */
  readonly maxHeapMb?: number;
  /** Node's arguments for the workers, such as `['--expose-gc']`. @default those of the process; tsx where it runs under tsx */
  readonly execArgv?: readonly string[];
}

const WHERE = 'createWorkers';

/** The backends, fastest first. */
const BACKENDS: readonly WorkerBackend[] = ['native', 'wasm', 'cpu'];

/**
 * Makes worker threads that take over parts of long calls: `new ParallelSearch(search, { workers })`, `evaluate(model, split, { workers })`,
 * `trainReferences(build, split, { workers })`, and functions of your own by {@link WorkerPool.map}. What is computed does not depend on
 * how many there are. A worker that dies is replaced, and its work redone.
 *
 * Close the pool when it is no longer needed; one that is forgotten keeps memory, but no process alive.
 *
 * @returns the pool, once a first worker has started its backend.
 * @throws AmunError `no-backend` if the backend does not start in a worker; `not-found` or `callback-failed` if a module of `setup` can't be
 *   loaded; `invalid-option`; `not-found` if a bundler has left the worker's script behind.
 * @example
 * ```ts
 * import { createWorkers, ParallelSearch } from 'amun-ts/node';
 *
 * const workers = await createWorkers();
 * const amun = new Amun({ search: new ParallelSearch(new IncreasingEpsilonSearch(), { workers }) });
 * const { model: forgotten } = await amun.unlearn(model, split);
 * const evaluation = await evaluate(forgotten, split, { workers });
 * await workers.close();
 * ```
 */
export async function createWorkers(options: CreateWorkersOptions = {}): Promise<WorkerPool> {
  checkKeys(WHERE, options, ['workers', 'backend', 'setup', 'maxHeapMb', 'execArgv']);
  const size = checkInteger(`${WHERE}: workers`, options.workers ?? availableParallelism(), { min: 1, max: 1024 });
  const backend = checkOneOf(`${WHERE}: backend`, options.backend ?? 'fastest', ['fastest', ...BACKENDS]);
  if (options.maxHeapMb !== undefined) checkInteger(`${WHERE}: maxHeapMb`, options.maxHeapMb, { min: 16 });
  const setup = checkSetup(options.setup);
  const tasks = await startPool(size, options);
  try {
    const backends = backend === 'fastest' ? BACKENDS : [backend];
    const chosen = await tasks.run<WorkerBackend>(WHERE, { kind: 'choose', backends, setup });
    return new ThreadPool({ tasks, engine: { backend: chosen, setup } }, size);
  } catch (error) {
    await tasks.close();
    throw error;
  }
}

function checkSetup(setup: CreateWorkersOptions['setup'] = []): readonly string[] {
  const modules = Array.isArray(setup) ? (setup as readonly (URL | string)[]) : [setup as URL | string];
  return modules.map((module) => moduleUrl(`${WHERE}: setup`, module));
}

async function startPool(size: number, { maxHeapMb, execArgv }: CreateWorkersOptions): Promise<TaskPool> {
  const filename = entryUrl();
  const { Tinypool } = await import('tinypool');
  const workerArgv = workerArguments(execArgv);
  try {
    const pool = new Tinypool({
      runtime: 'worker_threads',
      minThreads: 1,
      maxThreads: size,
      // Idle workers keep their engines: starting one takes longer than many tasks do.
      idleTimeout: 2 ** 31 - 1,
      // A worker that waits for atomics hears nothing else, such as what an engine of its own has to tell.
      useAtomics: false,
      ...(workerArgv === undefined ? {} : { execArgv: workerArgv }),
      ...(maxHeapMb === undefined ? {} : { resourceLimits: { maxOldGenerationSizeMb: maxHeapMb } }),
    });
    return new TaskPool(pool, filename);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new AmunError('invalid-option', `${WHERE}: workers can't be started: ${reason}`, { cause });
  }
}
