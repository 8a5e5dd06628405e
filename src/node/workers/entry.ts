/**
 * The script of a worker thread: one engine, one task at a time. Errors go back by the task's own channel, with their codes; what the
 * pool itself sees fail is a worker that died.
 */
import type { MessagePort } from 'node:worker_threads';
import { chooseBackend } from './choose-backend';
import { prepareEngine } from './engine-setup';
import { predictInWorker, searchInWorker, trainInWorker } from './model-tasks';
import { callModule } from './module-function';
import type { Task } from './protocol';
import { checkSendable, isCloneError, uncloneable } from './sendable';
import { TaskContext } from './task-context';

/** A task with the worker's end of its channel. */
interface Envelope {
  readonly task: Task;
  readonly port: MessagePort;
}

/** Runs one task. */
export default async function work({ task, port }: Envelope): Promise<void> {
  const context = new TaskContext(port);
  try {
    context.done(await compute(task, context));
  } catch (error) {
    if (error instanceof WebAssembly.RuntimeError) {
      // The memory of a wasm engine that has trapped can't be trusted: another worker takes over.
      context.fail(error, 'broken');
      process.exit(1);
    }
    context.fail(isCloneError(error) ? uncloneable('workers: the result of the task', error) : error);
  } finally {
    context.close();
  }
}

async function compute(task: Task, context: TaskContext): Promise<unknown> {
  if (task.kind === 'choose') return chooseBackend(task);
  await prepareEngine(task.engine);
  switch (task.kind) {
    case 'module': {
      const { signal, onProgress } = context;
      const value = await callModule(task.module, task.exportName, [task.input, { signal, onProgress }]);
      checkSendable(`workers: the result of ${task.exportName}() of ${task.module}`, value);
      return value;
    }
    case 'search':
      return searchInWorker(task, context);
    case 'predict':
      return predictInWorker(task);
    case 'train':
      return trainInWorker(task, context);
  }
}
