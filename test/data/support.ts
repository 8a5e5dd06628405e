/** What the data tests share: the cpu backend, small examples, and expectations of errors and tensors. */
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { expect } from 'vitest';
import type { AmunErrorCode } from '../../src/core/errors';
import { isAmunError } from '../../src/core/errors';
import type { Examples, ExampleSource } from '../../src/data/examples';

await tf.setBackend('cpu');

/** Expects an AmunError of this code whose message matches, and as many tensors afterwards as before. */
export async function expectRefusal(code: AmunErrorCode, message: RegExp, call: () => unknown): Promise<void> {
  const before = tf.memory().numTensors;
  let error: unknown;
  try {
    await call();
  } catch (thrown) {
    error = thrown;
  }
  expect(isAmunError(error), `expected an AmunError, got ${String(error)}`).toBe(true);
  expect((error as { code: string }).code).toBe(code);
  expect((error as Error).message).toMatch(message);
  expect(tf.memory().numTensors).toBe(before);
}

/** Runs `call` and expects it to leave `kept` tensors more than there were. */
export async function expectTensors<T>(kept: number, call: () => Promise<T> | T): Promise<T> {
  const before = tf.memory().numTensors;
  const result = await call();
  expect(tf.memory().numTensors - before).toBe(kept);
  return result;
}

/** Values of a tensor, which is disposed. */
export function take(tensor: tf.Tensor): number[] {
  const values = Array.from(tensor.dataSync());
  tensor.dispose();
  return values;
}

/** N examples of shape [2]: example i is (i, i + 0.5) / 100 with label i % 3. */
export function examples(size: number): Examples {
  const values = Array.from({ length: size }, (_, i) => [i / 100, (i + 0.5) / 100]);
  const labels = Array.from({ length: size }, (_, i) => i % 3);
  return { xs: tf.tensor2d(values, [size, 2]), ys: tf.tensor1d(labels, 'int32') };
}

/** Which examples of {@link examples} these inputs are; disposes them. */
export const ids = (xs: tf.Tensor): number[] =>
  take(xs)
    .filter((_, i) => i % 2 === 0)
    .map((value) => Math.round(value * 100));

/** {@link examples} as a source; counts its calls. */
export function exampleSource(size: number): ExampleSource & { calls: number } {
  const source = {
    size,
    inputShape: [2],
    classCount: 3,
    calls: 0,
    gather: (indices: Int32Array) => {
      source.calls += 1;
      const values = Array.from(indices, (i) => [i / 100, (i + 0.5) / 100]);
      return Promise.resolve({
        xs: tf.tensor2d(values, [indices.length, 2]),
        ys: tf.tensor1d(
          Array.from(indices, (i) => i % 3),
          'int32',
        ),
      });
    },
  };
  return source;
}

export const dispose = (...sets: readonly Examples[]): void => {
  for (const { xs, ys } of sets) tf.dispose([xs, ys]);
};
