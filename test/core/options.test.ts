/** Option checks: what passes, and what the refusals say. */
import { describe, expect, it } from 'vitest';
import { type Bounds, boxSides, checkBounds } from '../../src/core/bounds';
import {
  checkBoolean,
  checkInteger,
  checkKeys,
  checkNumber,
  checkOneOf,
  checkOptionalFunction,
  checkStrategy,
} from '../../src/core/options';
import { checkRun } from '../../src/core/run';
import { errorOf } from '../model/support';

describe('checks that pass', () => {
  it('return what they were given', () => {
    const call = (): number => 1;
    expect(checkNumber('x', 0.5, { above: 0, max: 0.5 })).toBe(0.5);
    expect(checkInteger('x', 3, { min: 3, max: 3 })).toBe(3);
    expect(checkOneOf('x', 'b', ['a', 'b'])).toBe('b');
    expect(checkBoolean('x', false)).toBe(false);
    expect(checkOptionalFunction('x', call)).toBe(call);
    expect(checkOptionalFunction('x', undefined)).toBeUndefined();
    const strategy = { find: call };
    expect(checkStrategy('x', strategy, 'find', 'a search')).toBe(strategy);
    expect(checkKeys('x', undefined, [])).toBeUndefined();
    expect(checkKeys('x', { a: 1 }, ['a'])).toBeUndefined();
    expect(checkBounds('x', [0, [1, 2]], 2)).toEqual([0, [1, 2]]);
    expect(checkRun('x', { seed: 0, signal: new AbortController().signal })).toBeUndefined();
  });
});

const loop: unknown[] = [1, 2];

describe('checks that refuse', () => {
  it.each<[string, () => unknown, RegExp]>([
    ['NaN', () => checkNumber('rate', NaN), /^rate: expected a finite number, got NaN\.$/],
    ['Infinity', () => checkNumber('rate', Infinity, { min: 0 }), /a finite number at least 0, got Infinity/],
    ['a numeric string', () => checkNumber('rate', '0.1'), /got the string '0\.1'/],
    ['null', () => checkNumber('rate', null), /got null/],
    ['an exclusive bound', () => checkNumber('rate', 1, { min: 0, below: 1 }), /at least 0 and below 1, got 1/],
    ['zero above zero', () => checkNumber('rate', 0, { above: 0 }), /above 0, got 0/],
    ['a fraction', () => checkInteger('epochs', 1.5, { min: 1 }), /a whole number at least 1, got 1\.5/],
    ['beyond safe integers', () => checkInteger('seed', 2 ** 53), /a whole number, got 9007199254740992/],
    ['a bigint', () => checkInteger('seed', 1n), /a whole number, got 1/],
    ['another name', () => checkOneOf('norm', 'l1', ['l2', 'linf']), /one of 'l2', 'linf', got the string 'l1'/],
    ['truthy', () => checkBoolean('inPlace', 'false'), /true or false, got the string 'false'/],
    ['no function', () => checkOptionalFunction('onProgress', {}), /a function, got an object Object/],
    [
      'no strategy',
      () => checkStrategy('search', loop, 'find', 'Search'),
      /method find\(\), such as Search, got an array of 2/,
    ],
    ['a class for an object', () => checkStrategy('search', Map, 'get', 'Map'), /got a function/],
    [
      'an unknown key',
      () => checkKeys('Amun', { epoch: 3 }, ['epochs', 'seed']),
      /no option 'epoch'; known options are epochs, seed/,
    ],
    ['no options bag', () => checkKeys('Amun', 3, []), /an options object, got 3/],
    ['an array of options', () => checkKeys('Amun', loop, []), /an options object, got an array of 2/],
    ['bounds upside down', () => checkBounds('x', [1, 0], 1), /low < high, got \[1, 0\]/],
    ['bounds alike', () => checkBounds('x', [[0, 1], 1], 2), /low < high, got \[1, 1\]/],
    ['one bound', () => checkBounds('x', [1], 1), /\[low, high\], got an array of 1/],
    ['too few channels', () => checkBounds('x', [0, [1, 2]], 3), /one per channel \(3\), got an array of 2/],
    ['infinite bounds', () => checkBounds('x', [-Infinity, 1], 1), /finite numbers.*got -Infinity/],
    [
      'a string seed',
      () => checkRun('x', { seed: '1' as never }),
      /seed: expected a whole number at least 0, got the string '1'/,
    ],
    [
      'a controller for a signal',
      () => checkRun('x', { signal: new AbortController() as never }),
      /an AbortSignal, got an object AbortController/,
    ],
    ['a misspelt run option', () => checkRun('x', { onprogress: () => 1 } as never), /no option 'onprogress'/],
  ])('%s', async (_name, call, message) => {
    const error = await errorOf(call);
    expect(error.code).toBe('invalid-option');
    expect(error.message).toMatch(message);
  });

  it('an aborted signal rejects with its own reason', async () => {
    const reason = new Error('too late');
    expect(await errorOf(() => checkRun('x', { signal: AbortSignal.abort(reason) }))).toBe(reason);
  });
});

describe('boxSides', () => {
  it.each<[Bounds, number[]]>([
    [[0, 1], [1]],
    [
      [-1, [1, 3]],
      [2, 4],
    ],
    [
      [[0, 1], 2],
      [2, 1],
    ],
    [
      [
        [0, 1],
        [4, 6],
      ],
      [4, 5],
    ],
  ])('of %o is %o', (bounds, sides) => {
    expect(boxSides(bounds)).toEqual(sides);
  });
});
