/**
 * Checks of options and arguments: each names the place, what was expected, what came. All throw `invalid-option`, before
 * any work begins.
 */
import { AmunError } from './errors';

/** A value as a message shows it: short, and typed where the type is the problem. */
export function show(value: unknown): string {
  if (typeof value === 'string') return `the string '${value}'`;
  if (typeof value === 'function') return 'a function';
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === 'object' && value !== null)
    return `an object ${(value as object).constructor?.name ?? ''}`.trim();
  return String(value);
}

function refuse(where: string, expected: string, got: unknown): never {
  throw new AmunError('invalid-option', `${where}: expected ${expected}, got ${show(got)}.`);
}

/** Bounds of a numeric option; `above` and `below` are exclusive, `min` and `max` inclusive. */
export interface NumberRange {
  min?: number;
  max?: number;
  above?: number;
  below?: number;
}

function describe(kind: string, range: NumberRange): string {
  const limits = [
    range.min === undefined ? '' : `at least ${range.min}`,
    range.above === undefined ? '' : `above ${range.above}`,
    range.max === undefined ? '' : `at most ${range.max}`,
    range.below === undefined ? '' : `below ${range.below}`,
  ].filter((limit) => limit !== '');
  return limits.length === 0 ? kind : `${kind} ${limits.join(' and ')}`;
}

function inRange(value: number, range: NumberRange): boolean {
  return (
    value >= (range.min ?? -Infinity) &&
    value <= (range.max ?? Infinity) &&
    value > (range.above ?? -Infinity) &&
    value < (range.below ?? Infinity)
  );
}

/** A finite number within the range. */
export function checkNumber(where: string, value: unknown, range: NumberRange = {}): number {
  if (typeof value !== 'number' || !Number.isFinite(value) || !inRange(value, range)) {
    refuse(where, describe('a finite number', range), value);
  }
  return value;
}

/** A whole number within the range. */
export function checkInteger(where: string, value: unknown, range: NumberRange = {}): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || !inRange(value, range)) {
    refuse(where, describe('a whole number', range), value);
  }
  return value;
}

/** One of a closed set of names. */
export function checkOneOf<T extends string>(where: string, value: unknown, allowed: readonly T[]): T {
  if (typeof value !== 'string' || !(allowed as readonly string[]).includes(value)) {
    refuse(where, `one of ${allowed.map((name) => `'${name}'`).join(', ')}`, value);
  }
  return value as T;
}

/** true or false, nothing that merely converts. */
export function checkBoolean(where: string, value: unknown): boolean {
  if (typeof value !== 'boolean') refuse(where, 'true or false', value);
  return value;
}

/** A function, or undefined. */
export function checkOptionalFunction<T>(where: string, value: T): T {
  if (value !== undefined && typeof value !== 'function') refuse(where, 'a function', value);
  return value;
}

/** An object with a method of that name: how strategies are recognised, without `instanceof`. */
export function checkStrategy<T>(where: string, value: T, method: string, example: string): T {
  // An array has methods too: find(), for one.
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isObject || typeof (value as Record<string, unknown>)[method] !== 'function') {
    refuse(where, `an object with a method ${method}(), such as ${example}`, value);
  }
  return value;
}

/** Refuses an options bag that is not an object, and keys nobody reads: a misspelt option must not be ignored. */
export function checkKeys(where: string, options: unknown, known: readonly string[]): void {
  if (options === undefined) return;
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    refuse(where, 'an options object', options);
  for (const key of Object.keys(options)) {
    if (!known.includes(key)) {
      throw new AmunError(
        'invalid-option',
        `${where}: there is no option '${key}'; known options are ${known.join(', ')}.`,
      );
    }
  }
}
