/** When a prediction counts as flipped: by hand. */
import { describe, expect, it } from 'vitest';
import { judge, judgeRows } from '../../src/search/flips';

describe('judge', () => {
  it.each<[string, number[], number, object]>([
    ['a rival ahead', [1, 3, 2], 0, { rival: 1, flipped: true, finite: true }],
    ['the class itself ahead', [3, 1, 2], 0, { rival: 2, flipped: false, finite: true }],
    ['a tie with the class', [2, 2], 0, { rival: 1, flipped: false, finite: true }],
    ['ties among rivals: the first', [1, 2, 2], 0, { rival: 1, flipped: true, finite: true }],
    ['less than rounding of small logits', [1, 1 + 0.9e-5], 0, { rival: 1, flipped: false, finite: true }],
    ['more than rounding of small logits', [1, 1 + 1.1e-5], 0, { rival: 1, flipped: true, finite: true }],
    ['less than rounding of a large logit', [1, 1.5, -1e5], 0, { rival: 1, flipped: false, finite: true }],
    ['NaN', [1, NaN], 0, { rival: 1, flipped: false, finite: false }],
    ['infinity', [1, Infinity], 0, { rival: 1, flipped: false, finite: false }],
  ])('%s', (_name, logits, label, expected) => {
    expect(judge(logits, 0, logits.length, label)).toEqual(expected);
  });

  it('reads rows that are wider than the classes', () => {
    const rows = judgeRows([1, 2, 99, 2, 1, 99], 2, Int32Array.of(0, 0), { width: 3 });
    expect(rows.map(({ flipped }) => flipped)).toEqual([true, false]);
  });
});
