/** What the tests of `amun-ts/native` share: engines that tell of every fallback, and steps run with and without them. */
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-layers';
import * as tf from '@tensorflow/tfjs-core';
import { expect } from 'vitest';
import { randomStream } from '../../src/core/random';
import { sharedState } from '../../src/core/shared-state';
import { NativeEngine } from '../../src/native/engine';
import { Runtime } from '../../src/native/runtime';
import { useWasm } from '../../src/wasm/use-wasm';

/** An engine, and why it ran anything op by op. */
export interface TestEngine {
  readonly engine: NativeEngine;
  readonly block: number;
  readonly fallbacks: string[];
}

/** Makes an engine over wasm. It is not registered. */
export async function openEngine(
  options: { block?: number; threads?: number; maxCompiled?: number } = {},
): Promise<TestEngine> {
  const { block, threads = 1, maxCompiled = 512 } = options;
  const runtime = await Runtime.load('test', { threads, ...(block !== undefined && { block }) });
  await useWasm();
  const fallbacks: string[] = [];
  const onFallback = (message: string): void => {
    fallbacks.push(message);
  };
  const engine = new NativeEngine(runtime, { backend: 'wasm', maxCompiled, onFallback });
  return { engine, block: runtime.block, fallbacks };
}

/** Runs `work` with an engine registered, on wasm; without one, op by op on `backend`. */
export async function underEngine<T>(
  engine: NativeEngine | undefined,
  work: () => Promise<T>,
  backend = 'wasm',
): Promise<T> {
  const state = sharedState();
  const former = state.engine;
  await tf.setBackend(backend);
  state.engine = engine;
  try {
    return await work();
  } finally {
    state.engine = former;
  }
}

/** Seeded uniform numbers of [−1, 1). */
export function numbers(name: string, count: number): Float32Array {
  const random = randomStream(5, name);
  return Float32Array.from({ length: count }, () => 2 * random.float() - 1);
}

/**
 * Expects equal numbers up to float32 rounding: each output is a sum of products, whose error grows with its largest numbers.
 * `units` counts in 2⁻²⁴ of the largest magnitude of the expected ones.
 */
export function expectClose(got: ArrayLike<number>, expected: ArrayLike<number>, what: string, units = 128): void {
  expect(got.length, what).toBe(expected.length);
  let [largest, worst, at] = [0, 0, -1];
  for (let i = 0; i < expected.length; i += 1) {
    const [a, b] = [Number(got[i]), Number(expected[i])];
    if (Number.isFinite(b)) largest = Math.max(largest, Math.abs(b));
    const difference = Object.is(a, b) || a === b ? 0 : Math.abs(a - b);
    if (!(difference <= worst)) [worst, at] = [difference, i];
  }
  const message = `${what}: [${at}] is ${at < 0 ? '' : got[at]}, expected ${at < 0 ? '' : expected[at]} (largest ${largest})`;
  expect(worst, message).toBeLessThanOrEqual(units * 2 ** -24 * largest + 1e-7);
}
