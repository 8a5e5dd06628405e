/**
 * A worker thread: one backend, one task at a time.
 */
import { useWasm } from 'amun-ts/wasm';
import type { Plan } from './plan';
import { Store } from './store';
import { runTask, type Task, taskName } from './tasks';

/** What a worker is asked to do. */
export interface Job {
  readonly task: Task;
  readonly plan: Plan;
  /** Folder of the data. */
  readonly data: string;
  /** Folder of the results. */
  readonly results: string;
}

/** Channel of progress reports to the main thread, and of the word to stop from it. */
export const CHANNEL = 'amun-demo';

/** Milliseconds between two progress reports: enough for a smooth bar. */
const REPORT_MS = 200;

export default async function work({ task, plan, data, results }: Job): Promise<void> {
  await useWasm();
  const abort = new AbortController();
  const channel = new BroadcastChannel(CHANNEL);
  channel.onmessage = ({ data: message }: MessageEvent) => {
    if ((message as { stop?: boolean }).stop === true) abort.abort();
  };
  let reportedAt = 0;
  try {
    await runTask(task, {
      plan,
      folder: data,
      store: new Store(results),
      signal: abort.signal,
      onProgress: (progress) => {
        const now = performance.now();
        if (now - reportedAt < REPORT_MS) return;
        reportedAt = now;
        channel.postMessage({ name: taskName(task), progress });
      },
    });
  } finally {
    channel.close();
  }
}
