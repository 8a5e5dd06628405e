/**
 * What a worker thread does with one task: the pool has set its backend up.
 */
import type { WorkerRun } from 'amun-ts/node';
import type { Plan } from './plan';
import { Store } from './store';
import { runTask, type Task } from './tasks';

/** What a worker is asked to do. */
export interface Job {
  readonly task: Task;
  readonly plan: Plan;
  /** Folder of the data. */
  readonly data: string;
  /** Folder of the results. */
  readonly results: string;
}

export default function work({ task, plan, data, results }: Job, run: WorkerRun): Promise<void> {
  return runTask(task, { plan, folder: data, store: new Store(results), ...run });
}
