/**
 * Runs tasks in worker threads, each as soon as what it needs is there, and shows how far they are.
 */
import type { Progress } from 'amun-ts';
import { createWorkers, type WorkerPool } from 'amun-ts/node';
import { MultiBar, type SingleBar } from 'cli-progress';
import type { Plan } from './plan';
import type { Store } from './store';
import { type Task, taskName } from './tasks';
import type { Job } from './worker';

const WORKER = new URL('./worker.ts', import.meta.url);

/** Where a run finds its data and leaves its results. */
export interface Workplace {
  readonly plan: Plan;
  readonly data: string;
  readonly store: Store;
  readonly threads: number;
}

/** What a task needs to be done before. */
function needs(task: Task): Task[] {
  if (task.kind === 'search') return [{ kind: 'original', seed: task.seed }];
  if (task.kind === 'unlearn') return [{ kind: 'search', seed: task.seed }];
  return [];
}

/** Passes of one image forwards and backwards: what the bar of the whole run counts. */
function cost(task: Task, plan: Plan): number {
  const { train, test, training, references, forgetFraction } = plan;
  switch (task.kind) {
    case 'original':
      return train * training.epochs;
    case 'retrain':
      return train * (1 - forgetFraction) * training.epochs;
    case 'search':
      return train * forgetFraction * 40;
    case 'references':
      return (train + test) * references.epochs;
    case 'unlearn':
      return train * task.setting.epochs;
  }
}

/** One line per running task and one for the whole run; plain lines where there is no terminal. */
class Display {
  private readonly bars: MultiBar | undefined;
  private readonly running = new Map<string, SingleBar>();
  private readonly total: SingleBar | undefined;
  private done = 0;
  private readonly partial = new Map<string, number>();

  constructor(
    private readonly totalCost: number,
    private readonly costs: ReadonlyMap<string, number>,
  ) {
    if (!process.stdout.isTTY) return;
    const format = '{bar} {percentage}% | {name} | {left}';
    this.bars = new MultiBar({ format, hideCursor: true, clearOnComplete: false, barsize: 24, fps: 5 });
    this.total = this.bars.create(totalCost, 0, { name: 'all', left: '' });
  }

  private readonly startedAt = performance.now();

  start(name: string): void {
    const bar = this.bars?.create(1, 0, { name, left: '' });
    if (bar !== undefined) this.running.set(name, bar);
  }

  progress(name: string, progress: Progress): void {
    const bar = this.running.get(name);
    const left = progress.remainingMs === undefined ? '' : `${duration(progress.remainingMs)} left`;
    const epoch =
      progress.epoch === undefined ? '' : `, epoch ${progress.epoch}, loss ${(progress.loss ?? 0).toFixed(3)}`;
    bar?.setTotal(progress.total);
    bar?.update(progress.done, { name: `${name}: ${progress.phase}${epoch}`, left });
    this.partial.set(name, (progress.done / progress.total) * (this.costs.get(name) ?? 0));
    this.updateTotal();
  }

  finish(name: string, cached: boolean): void {
    const bar = this.running.get(name);
    if (bar !== undefined) this.bars?.remove(bar);
    this.running.delete(name);
    this.partial.delete(name);
    this.done += cached ? 0 : (this.costs.get(name) ?? 0);
    this.updateTotal();
    if (this.bars === undefined) {
      const share = Math.round((100 * this.done) / Math.max(1, this.totalCost));
      console.log(`  ${cached ? 'kept' : 'done'} ${name} (${share}%, ${duration(performance.now() - this.startedAt)})`);
    }
  }

  private updateTotal(): void {
    const done = [...this.partial.values()].reduce((sum, part) => sum + part, this.done);
    const elapsed = performance.now() - this.startedAt;
    const left = done > 0 ? `${duration((elapsed / done) * (this.totalCost - done))} left` : '';
    this.total?.update(Math.min(done, this.totalCost), { name: 'all', left });
  }

  close(): void {
    this.bars?.stop();
  }
}

/** 83,000 ms as `1m 23s`. */
export function duration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes}m ${seconds % 60}s` : `${Math.floor(minutes / 60)}h ${minutes % 60}m`;
}

/**
 * Runs all tasks. When `signal` aborts, running tasks are stopped and the rest is left out; results on disk stay.
 *
 * @returns whether all tasks were done.
 */
export async function runTasks(tasks: readonly Task[], place: Workplace, signal: AbortSignal): Promise<boolean> {
  const { plan, store, threads } = place;
  const pending = new Map(tasks.map((task) => [taskName(task), task]));
  const costs = new Map([...pending].map(([name, task]) => [name, cost(task, plan)]));
  const open = [...pending.keys()].filter((name) => !store.has(name));
  const display = new Display(
    open.reduce((sum, name) => sum + (costs.get(name) ?? 0), 0),
    costs,
  );
  const pool = await createWorkers({ workers: threads, backend: 'wasm' });
  try {
    await drain(pending, { place, pool, display, signal });
  } finally {
    display.close();
    await pool.close();
  }
  return !signal.aborted;
}

interface Floor {
  readonly place: Workplace;
  readonly pool: WorkerPool;
  readonly display: Display;
  readonly signal: AbortSignal;
}

/** Starts every task whose needs are met, and looks again whenever one ends. */
async function drain(pending: Map<string, Task>, { place, pool, display, signal }: Floor): Promise<void> {
  const { plan, data, store, threads } = place;
  const running = new Map<string, Promise<void>>();
  const run = async (name: string, task: Task): Promise<void> => {
    display.start(name);
    const job: Job = { task, plan, data, results: store.folder };
    const onProgress = (progress: Progress): void => display.progress(name, progress);
    await pool.run(WORKER, job, { signal, onProgress });
    display.finish(name, false);
  };
  while (pending.size > 0 || running.size > 0) {
    for (const [name, task] of pending) {
      if (store.has(name)) {
        pending.delete(name);
        display.finish(name, true);
      } else if (!signal.aborted && running.size < threads && needs(task).every((need) => store.has(taskName(need)))) {
        pending.delete(name);
        running.set(
          name,
          run(name, task).finally(() => running.delete(name)),
        );
      }
    }
    if (running.size === 0) return;
    try {
      await Promise.race(running.values());
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
}
