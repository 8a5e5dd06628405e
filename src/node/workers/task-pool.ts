/**
 * Tasks in worker threads, on top of tinypool, which starts, counts and replaces the threads: here each task gets its channel, is
 * redone when its worker dies, and ends with a typed error when that does not help.
 */
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import type { Tinypool } from 'tinypool';
import { AmunError } from '../../core/errors';
import type { Progress } from '../../core/run';
import type { HostExamples, MainMessage, Task, WorkerMessage } from './protocol';
import { isCloneError, uncloneable } from './sendable';
import { packError, unpackError } from './wire-error';

/** What a caller listens to while a task runs. */
export interface TaskListener {
  readonly signal?: AbortSignal | undefined;
  /** An error that it throws ends the task. After a worker's death it may go back to the beginning. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** Gives the worker the examples that it asks for. */
  readonly onRequest?: (indices: Int32Array) => Promise<HostExamples>;
}

/** How often a task is tried: a worker that dies of its task would die for ever. */
const ATTEMPTS = 3;

/** A worker died: the task may be tried again. */
class WorkerDeath extends Error {}

/** Runs tasks, whichever worker is free. */
export class TaskPool {
  private readonly watched = new WeakSet<object>();
  private readonly pending = new Set<(reason: Error) => void>();
  private closed = false;

  constructor(
    private readonly pool: Tinypool,
    private readonly filename: string,
  ) {
    // Of a worker without a task, such as one that could not start: no task's promise tells of it.
    pool.on('error', (error: Error) => {
      for (const reject of this.pending) reject(new WorkerDeath(error.message, { cause: error }));
    });
  }

  /**
   * Runs a task and resolves to its value.
   *
   * @throws AmunError `worker-failed` when workers keep dying of it, or the pool is closed; `not-transferable` when it can't be sent;
   *   the error that it threw in the worker, code and all; the signal's reason on abort.
   */
  async run<R>(where: string, task: Task, listener: TaskListener = {}): Promise<R> {
    for (let attempt = 1; ; attempt += 1) {
      listener.signal?.throwIfAborted();
      if (this.closed) {
        throw new AmunError('worker-failed', `${where}: the workers are closed; make new ones with createWorkers().`);
      }
      try {
        return await this.attempt<R>(where, task, listener);
      } catch (error) {
        if (!(error instanceof WorkerDeath)) throw error;
        if (attempt < ATTEMPTS && !this.closed) continue;
        const what = this.closed ? 'the workers were closed before it was done' : `${attempt} workers died of it`;
        throw new AmunError('worker-failed', `${where}: a task failed, as ${what}: ${error.message}`, {
          cause: error.cause,
        });
      }
    }
  }

  /** Ends all workers, whatever they are doing. */
  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    const ending = this.pool.destroy();
    for (const reject of this.pending) reject(new WorkerDeath('closed'));
    await ending;
  }

  private attempt<R>(where: string, task: Task, listener: TaskListener): Promise<R> {
    const { port1: port, port2 } = new MessageChannel();
    const { signal } = listener;
    return new Promise<R>((resolve, reject) => {
      const end = (settle: () => void): void => {
        port.close();
        signal?.removeEventListener('abort', abort);
        this.pending.delete(fail);
        settle();
      };
      const fail = (reason: unknown): void => end(() => reject(reason as Error));
      const abort = (): void => {
        // The worker stops by itself and stays for the next task; nobody waits for it.
        send(port, { type: 'abort', reason: packError(signal?.reason) });
        fail(signal?.reason);
      };
      port.on('message', (message: WorkerMessage) => {
        receive(message, { port, listener, fail, done: (value) => end(() => resolve(value as R)) });
      });
      signal?.addEventListener('abort', abort, { once: true });
      this.pending.add(fail);
      this.pool
        .run({ task, port: port2 }, { filename: this.filename, transferList: [port2] })
        .catch((cause: unknown) => {
          const error = cause instanceof Error ? cause : new Error(String(cause));
          fail(
            isCloneError(error) ? uncloneable(`${where}: the task`, error) : new WorkerDeath(error.message, { cause }),
          );
        });
      this.watch();
    });
  }

  /** tinypool hears of threads that fail, not of those that end by `process.exit`: their tasks would wait for ever. */
  private watch(): void {
    for (const thread of this.pool.threads) {
      if (this.watched.has(thread)) continue;
      this.watched.add(thread);
      thread.on('exit', (code: unknown) => {
        if (this.pool.threads.includes(thread)) thread.emit('error', new Error(`the worker exited with code ${code}`));
      });
    }
  }
}

interface Channel {
  readonly port: MessagePort;
  readonly listener: TaskListener;
  readonly fail: (reason: unknown) => void;
  readonly done: (value: unknown) => void;
}

function send(port: MessagePort, message: MainMessage): void {
  port.postMessage(message);
}

function receive(message: WorkerMessage, { port, listener, fail, done }: Channel): void {
  switch (message.type) {
    case 'done':
      done(message.value);
      break;
    case 'failed':
      fail(unpackError(message.error));
      break;
    case 'broken':
      fail(new WorkerDeath(message.error.message, { cause: unpackError(message.error) }));
      break;
    case 'progress':
      try {
        listener.onProgress?.(message.progress);
      } catch (error) {
        send(port, { type: 'abort', reason: packError(error) });
        fail(error);
      }
      break;
    case 'request': {
      const { id, indices } = message;
      listener.onRequest?.(indices).then(
        (examples) => send(port, { type: 'reply', id, examples }),
        (error: unknown) => send(port, { type: 'refuse', id, error: packError(error) }),
      );
    }
  }
}
