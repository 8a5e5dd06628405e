/**
 * Worker threads of the installed package: their script is found from both module formats, and a forgotten pool keeps no process alive.
 */
import { describe, expect, it } from 'vitest';
import { node } from './consumer';

describe.each(['workers.mjs', 'workers.cjs'])('%s', (script) => {
  it('computes in workers and ends', () => {
    const { code, stdout, stderr } = node(script);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      squares: [1, 4, 9],
      same: true,
      refused: { code: 'not-found', known: true },
    });
  });
});
