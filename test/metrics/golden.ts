/** Stored numbers, and what tests of metrics measure with. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The JSON of `test/golden/<name>.json`, typed by the caller. */
export function golden<T>(name: string): T {
  return JSON.parse(readFileSync(fileURLToPath(new URL(`../golden/${name}.json`, import.meta.url)), 'utf8')) as T;
}

/** Largest absolute difference of two equally long arrays. */
export function worst(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) throw new Error(`${actual.length} entries, expected ${expected.length}`);
  return Array.from(actual).reduce((most, value, i) => {
    const difference = Math.abs(value - expected[i]);
    return Number.isNaN(difference) ? Infinity : Math.max(most, difference);
  }, 0);
}

/** Largest relative difference, against the expected value. */
export function worstRelative(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  return worst(
    Array.from(actual, (value, i) => value / expected[i]),
    Array.from(actual, () => 1),
  );
}

/** The code of the AmunError that a call throws. */
export function codeOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    return (error as { code?: string }).code ?? `not an AmunError: ${String(error)}`;
  }
  return 'nothing thrown';
}

/** Milliseconds of the fastest of three runs: what the code takes, not what else the machine does. */
export function fastest(run: () => unknown): number {
  const times = [0, 1, 2].map(() => {
    const startedAt = performance.now();
    run();
    return performance.now() - startedAt;
  });
  return Math.min(...times);
}
