/**
 * A worker's end of a task: reports progress, notices aborts, asks the main thread for examples.
 */
import type { MessagePort } from 'node:worker_threads';
import type { Progress } from '../../core/run';
import type { HostExamples, MainMessage, WorkerMessage } from './protocol';
import { packError, unpackError } from './wire-error';

/** Milliseconds between two progress reports: enough for a smooth bar. */
const REPORT_MS = 50;

interface Asked {
  readonly resolve: (examples: HostExamples) => void;
  readonly reject: (error: Error) => void;
}

/** Talks to the main thread for one task. */
export class TaskContext {
  private readonly abort = new AbortController();
  private readonly asked = new Map<number, Asked>();
  private requests = 0;
  private reportedAt = -Infinity;

  constructor(private readonly port: MessagePort) {
    port.on('message', (message: MainMessage) => this.receive(message));
  }

  /** Aborted when the caller's signal is. */
  get signal(): AbortSignal {
    return this.abort.signal;
  }

  /** Reports progress: the last of a phase in any case, those before it now and then. */
  readonly onProgress = (progress: Progress): void => {
    const now = performance.now();
    if (progress.done < progress.total && now - this.reportedAt < REPORT_MS) return;
    this.reportedAt = now;
    this.send({ type: 'progress', progress });
  };

  /** Examples of the main thread's data. */
  gather(indices: Int32Array): Promise<HostExamples> {
    this.requests += 1;
    const id = this.requests;
    return new Promise((resolve, reject) => {
      this.asked.set(id, { resolve, reject });
      this.send({ type: 'request', id, indices });
    });
  }

  /** Ends the task. Throws where the value can't be cloned. */
  done(value: unknown): void {
    this.send({ type: 'done', value });
  }

  fail(error: unknown, type: 'failed' | 'broken' = 'failed'): void {
    this.send({ type, error: packError(error) });
  }

  close(): void {
    this.port.close();
  }

  private send(message: WorkerMessage): void {
    this.port.postMessage(message);
  }

  private receive(message: MainMessage): void {
    if (message.type === 'abort') {
      const reason = unpackError(message.reason);
      this.abort.abort(reason);
      for (const { reject } of this.asked.values()) reject(reason);
      this.asked.clear();
      return;
    }
    const asked = this.asked.get(message.id);
    this.asked.delete(message.id);
    if (message.type === 'reply') asked?.resolve(message.examples);
    else asked?.reject(unpackError(message.error));
  }
}
