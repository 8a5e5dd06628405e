import { describe, expect, it } from 'vitest';
import { duration, escapeText, fixed, listed, seconds, signed, significant, thousands } from '../../src/report/format';

describe('numbers', () => {
  it('have a fixed number of decimals, a real minus, and no sign on zero', () => {
    expect([fixed(-1.25, 1), fixed(-0.04, 1), fixed(88.05, 2)]).toEqual(['−1.3', '0.0', '88.05']);
    expect([signed(1, 1), signed(-1, 1), signed(0.04, 1), signed(-0.04, 1)]).toEqual(['+1.0', '−1.0', '0.0', '0.0']);
  });

  it('of seconds are as exact as they are worth reading', () => {
    expect([0.421, 8.34, 95.2, 1204].map(seconds)).toEqual(['0.42', '8.3', '95', '1,204']);
    expect([420, 185_000, 4_320_000].map(duration)).toEqual(['0.42 s', '3 min 05 s', '1 h 12 min']);
  });

  it('keep three significant digits', () => {
    expect([0, 0.6, 0.12345, 1234.5, -0.5, 0.0000123].map(significant)).toEqual([
      '0',
      '0.6',
      '0.123',
      '1230',
      '−0.5',
      '1.2e−5',
    ]);
    expect([999, 1000, 1234567].map(thousands)).toEqual(['999', '1,000', '1,234,567']);
  });
});

describe('text', () => {
  it('is escaped for content and quoted attributes', () => {
    expect(escapeText(`<a href="x" id='y'>&`)).toBe('&lt;a href=&quot;x&quot; id=&#39;y&#39;&gt;&amp;');
  });

  it('loses what XML cannot hold, and nothing else', () => {
    expect(escapeText('a\u0000b\ud800c\u001b')).toBe('a\ufffdb\ufffdc\ufffd');
    expect(escapeText('tab\tline\n😀 ü')).toBe('tab\tline\n😀 ü');
  });

  it('is listed as in speech', () => {
    expect([[], ['a'], ['a', 'b'], ['a', 'b', 'c']].map(listed)).toEqual(['', 'a', 'a and b', 'a, b and c']);
  });
});
