/**
 * Checks of the arrays that metrics take: sizes, labels, numbers. All run before any work begins, and their messages say
 * which entry is wrong.
 */
import { AmunError } from '../core/errors';
import { checkInteger, show } from '../core/options';

/** Refuses what is not an array of numbers, and arrays without entries. */
export function checkFilled(where: string, values: unknown): void {
  const length = (values as { length?: unknown } | null | undefined)?.length;
  if (typeof length !== 'number' || typeof values === 'string' || typeof values === 'function') {
    throw new AmunError(
      'invalid-inputs',
      `${where}: expected an array of numbers, got ${show(values)}; of a tensor, pass (await tensor.data()).`,
    );
  }
  if (length === 0) throw new AmunError('empty-set', `${where}: expected at least one entry, got an empty array.`);
}

/** Refuses a length that is not the expected one. */
export function checkLength(where: string, values: ArrayLike<number>, expected: number, meaning: string): void {
  checkFilled(where, values);
  if (values.length === expected) return;
  throw new AmunError('size-mismatch', `${where}: expected ${expected} entries (${meaning}), got ${values.length}.`);
}

function refuseEntry(where: string, expected: string, index: number, got: unknown): never {
  throw new AmunError('invalid-inputs', `${where}: expected ${expected}, got ${show(got)} at index ${index}.`);
}

/** Refuses NaN, Infinity and what is not a number. */
export function checkFinite(where: string, values: ArrayLike<number>): void {
  checkFilled(where, values);
  for (let i = 0; i < values.length; i += 1) {
    if (!Number.isFinite(values[i])) refuseEntry(where, 'finite numbers', i, values[i]);
  }
}

/** Refuses NaN and what is not a number; infinite scores have a place in an order, so they pass. */
export function checkOrdered(where: string, values: ArrayLike<number>): void {
  checkFilled(where, values);
  for (let i = 0; i < values.length; i += 1) {
    if (typeof values[i] !== 'number' || Number.isNaN(values[i])) refuseEntry(where, 'numbers', i, values[i]);
  }
}

/** Checks a row-major [N, K] matrix of finite numbers and returns N. */
export function checkRows(where: string, values: ArrayLike<number>, classCount: number): number {
  checkInteger(`${where}: classCount`, classCount, { min: 2 });
  checkFilled(where, values);
  if (values.length % classCount !== 0) {
    throw new AmunError(
      'size-mismatch',
      `${where}: expected a multiple of classCount ${classCount} (row-major [N, K]), got ${values.length} entries.`,
    );
  }
  checkFinite(where, values);
  return values.length / classCount;
}

/** How far a row of probabilities may be from summing to 1: above float16 rounding, far below what logits sum to. */
const ROW_SUM_TOLERANCE = 1e-2;

/** Checks a row-major [N, K] matrix of probabilities and returns N. */
export function checkProbabilities(where: string, probabilities: ArrayLike<number>, classCount: number): number {
  const rows = checkRows(where, probabilities, classCount);
  for (let row = 0; row < rows; row += 1) {
    let sum = 0;
    for (let i = row * classCount; i < (row + 1) * classCount; i += 1) {
      const p = probabilities[i];
      if (p < 0 || p > 1 + ROW_SUM_TOLERANCE) refuseEntry(where, 'probabilities in [0, 1] (of logits: softmax)', i, p);
      sum += p;
    }
    if (Math.abs(sum - 1) > ROW_SUM_TOLERANCE) {
      throw new AmunError(
        'invalid-inputs',
        `${where}: expected rows that sum to 1, row ${row} sums to ${sum}; turn logits into probabilities with softmax().`,
      );
    }
  }
  return rows;
}

/** Checks N class ids in [0, K). */
export function checkClassLabels(where: string, labels: ArrayLike<number>, size: number, classCount: number): void {
  checkLength(where, labels, size, 'one class id per example');
  for (let i = 0; i < size; i += 1) {
    const label = labels[i];
    if (Number.isInteger(label) && label >= 0 && label < classCount) continue;
    throw new AmunError(
      'invalid-labels',
      `${where}: expected class ids from 0 to ${classCount - 1}, got ${show(label)} at index ${i}.`,
    );
  }
}

/** Checks that every entry is 0 or 1. */
export function checkBits(where: string, bits: ArrayLike<number>, size: number, meaning: string): void {
  checkLength(where, bits, size, meaning);
  for (let i = 0; i < size; i += 1) {
    if (bits[i] === 0 || bits[i] === 1) continue;
    throw new AmunError(
      'invalid-labels',
      `${where}: expected 0 or 1 (${meaning}), got ${show(bits[i])} at index ${i}.`,
    );
  }
}

/** Checks the one fault switch that metrics have. */
export function checkCompat(where: string, compat: unknown): boolean {
  if (compat === undefined || compat === 'official') return compat === 'official';
  throw new AmunError('invalid-option', `${where}: compat: expected 'official' or nothing, got ${show(compat)}.`);
}
