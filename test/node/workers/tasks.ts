/**
 * What tests let workers do: functions of a user's module.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { threadId } from 'node:worker_threads';
import * as tf from '@tensorflow/tfjs-core';
import { AmunError } from '../../../src/core/errors';
import type { WorkerRun } from '../../../src/node/workers/pool';

/** The sum of squares, by the worker's engine. */
export default async function sumOfSquares(values: readonly number[]): Promise<number> {
  const result = tf.tidy(() => tf.sum(tf.square(tf.tensor1d([...values]))));
  const [sum] = await result.data();
  result.dispose();
  return sum;
}

export const backend = (): string => tf.getBackend();

/** Waits until `count` of these run side by side, and says in which thread this one is. */
export function meet({ counter, count }: { counter: Int32Array; count: number }): number {
  Atomics.add(counter, 0, 1);
  Atomics.notify(counter, 0);
  for (let here = Atomics.load(counter, 0); here < count; here = Atomics.load(counter, 0)) {
    if (Atomics.wait(counter, 0, here, 60_000) === 'timed-out') throw new Error('alone');
  }
  return threadId;
}

export function refuse(reason: string): never {
  throw new AmunError('empty-set', reason, { cause: new RangeError('the cause') });
}

export const failPlainly = (): never => {
  throw Object.assign(new TypeError('no good'), { code: 'E_TEST' });
};

export const useless = (): unknown => ({ scale: () => 2 });

export const tensor = (): unknown => ({ deep: [tf.scalar(1)] });

/** How a worker may die, but for the first time only: the file remembers. */
export async function dieOnce({ how, path }: { how: 'exit' | 'throw' | 'memory'; path: string }): Promise<string> {
  if (existsSync(path)) return `alive after ${how}`;
  writeFileSync(path, '');
  return die(how);
}

export async function die(how: 'exit' | 'throw' | 'memory'): Promise<string> {
  if (how === 'exit') process.exit(3);
  if (how === 'throw') {
    setTimeout(() => {
      throw new Error('thrown beside the task');
    });
  }
  const hoard: number[][] = [];
  while (how === 'memory') hoard.push(Array.from({ length: 100_000 }, (_, i) => i * 1.5));
  return new Promise(() => undefined);
}

/** Ten steps that report, until aborted. */
export async function steps(ms: number, { signal, onProgress }: WorkerRun): Promise<string> {
  for (let done = 1; done <= 10; done += 1) {
    await wait(ms);
    signal.throwIfAborted();
    onProgress({ phase: 'steps', done, total: 10, unit: 'batches', elapsedMs: done * ms });
  }
  return 'all steps';
}
