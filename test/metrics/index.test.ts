import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import * as metrics from '../../src/metrics/index';

const folder = fileURLToPath(new URL('../../src/metrics/', import.meta.url));

it('exports the names of the contract', () => {
  const names = ['rocCurve', 'rocAuc', 'tprAtFpr', 'modifiedEntropy', 'svcMiaScores', 'rmiaScores', 'liraScores'];
  for (const name of names) expect(metrics).toHaveProperty(name, expect.any(Function));
});

it('imports nothing but core, itself and, when asked for, libsvm', () => {
  for (const file of readdirSync(folder)) {
    const source = readFileSync(`${folder}${file}`, 'utf8');
    const targets = [...source.matchAll(/(?:from|import\() ?'([^']+)'/g)].map(([, target]) => target);
    const others = targets.filter((target) => !/^(\.\/|\.\.\/core\/|#libsvm$)/.test(target));
    expect(others, file).toEqual([]);
  }
});
