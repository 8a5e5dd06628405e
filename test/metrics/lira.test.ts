import { describe, expect, it } from 'vitest';
import { randomStream } from '../../src/core/random';
import { normalCdf, studentTQuantile } from '../../src/metrics/distributions';
import { liraScores } from '../../src/metrics/lira';
import type { LiraOptions } from '../../src/metrics/lira';
import { rocAuc } from '../../src/metrics/roc';
import { codeOf, golden, worst, worstRelative } from './golden';
import type { RmiaGolden } from './rmia-golden';

const file = golden<RmiaGolden>('rmia');
const { reference, target } = file.signals['log-logit-scaling'];
const input = {
  // The file has the shortest decimals that read back as the same float32.
  target: Float32Array.from(target.data),
  references: Float32Array.from(reference.data),
  membership: file.inclusion.data,
};

describe('an independent implementation', () => {
  const variances = { per_example: 'per-example', fixed_pooled_within: 'fixed', fixed_global: 'global' } as const;
  const cases = (['mean', 'median'] as const).flatMap((centre) =>
    Object.entries(variances).map(([stored, variance]) => ({ centre, stored, variance })),
  );

  function check(key: string, options: LiraOptions): void {
    const scores = liraScores(input, options);
    expect(worstRelative(scores, file.lira.scores_higher_is_member[key])).toBeLessThan(1e-4);
    expect(rocAuc(scores, file.target_membership)).toBeCloseTo(file.lira.roc[key].auc, 9);
  }

  it.each(cases)('$centre, $variance', ({ centre, stored, variance }) => {
    check(`online|${centre}|${stored}`, { centre, variance });
    check(`offline_cdf|${centre}|${stored}`, { mode: 'offline', centre, variance });
  });

  it.each(['mean', 'median'] as const)('published code, %s', (centre) => {
    const compat = 'official';
    check(`online|${centre}|fixed_carlini_code`, { centre, variance: 'global', compat });
    check(`offline_neg_logpdf_carlini_code|${centre}|fixed_carlini_code`, {
      mode: 'offline',
      centre,
      variance: 'global',
      compat,
    });
    check(`offline_neg_logpdf_carlini_code|${centre}|per_example`, {
      mode: 'offline',
      centre,
      variance: 'per-example',
      compat,
    });
  });
});

it('follows the definition by hand', () => {
  // Two IN (4, 6) and two OUT (−1, 1) references: centres 5 and 0, variances 1 and 1; the target has 3.
  const hand = { target: [3], references: [4, 6, -1, 1], membership: [1, 1, 0, 0] };
  for (const variance of ['fixed', 'per-example', 'global'] as const) {
    expect(liraScores(hand, { variance })[0]).toBeCloseTo(-2 + 4.5, 12);
    expect(liraScores(hand, { variance, mode: 'offline', offlineScale: 'standardised' })[0]).toBeCloseTo(3, 12);
    expect(liraScores(hand, { variance, mode: 'offline' })[0]).toBeCloseTo(0.9986501019683699, 12);
  }
  expect(liraScores({ ...hand, target: [-9] }, { mode: 'offline' })[0]).toBeLessThan(1e-15);
  expect(liraScores({ ...hand, target: [-9] }, { mode: 'offline', compat: 'official' })[0]).toBeGreaterThan(40);
});

it('agrees with plain loops on random references', () => {
  const random = randomStream(6, 'lira');
  for (let round = 0; round < 30; round += 1) {
    const size = 1 + random.int(6);
    const draw = (count: number) => Array.from({ length: count }, () => random.normal());
    const membership = Array.from({ length: 6 * size }, (_, i) => (Math.floor(i / size) < 3 ? 1 : 0));
    const signals = { target: draw(size), references: draw(6 * size), membership };
    const naive = signals.target.map((s, i) => {
      const density = (models: number[]) => {
        const values = models.map((model) => signals.references[model * size + i]);
        const mu = (values[0] + values[1] + values[2]) / 3;
        const variance = values.reduce((sum, v) => sum + (v - mu) ** 2, 0) / 3;
        return Math.log(Math.exp(-((s - mu) ** 2) / (2 * variance)) / Math.sqrt(2 * Math.PI * variance));
      };
      return density([0, 1, 2]) - density([3, 4, 5]);
    });
    const ours = liraScores(signals, { variance: 'per-example' });
    // The plain density underflows where the variance happens to be tiny.
    naive.forEach((value, i) => {
      if (Number.isFinite(value)) expect(worst([ours[i]], [value])).toBeLessThan(1e-6 * (1 + Math.abs(value)));
    });
  }
});

it('refuses bad input', () => {
  const hand = { target: [3], references: [4, 6, -1, 1], membership: [1, 1, 0, 0] };
  expect(codeOf(() => liraScores({ ...hand, membership: undefined }))).toBe('missing-reference');
  expect(codeOf(() => liraScores({ ...hand, membership: [1, 1, 1, 1] }, { mode: 'offline' }))).toBe(
    'missing-reference',
  );
  expect(codeOf(() => liraScores({ ...hand, membership: [1, 0, 0, 0] }, { variance: 'per-example' }))).toBe(
    'missing-reference',
  );
  expect(codeOf(() => liraScores({ ...hand, membership: [1, 0] }))).toBe('size-mismatch');
  expect(codeOf(() => liraScores({ ...hand, references: [] }))).toBe('empty-set');
  expect(codeOf(() => liraScores({ ...hand, target: [NaN] }))).toBe('invalid-inputs');
  expect(codeOf(() => liraScores(hand, { variance: 'pooled' as never }))).toBe('invalid-option');
});

describe('distributions', () => {
  it('normal probabilities of printed tables, far tails included', () => {
    const table: [number, number][] = [
      [0, 0.5],
      [1, 0.8413447460685429],
      [-1.959963984540054, 0.025],
      [-3.5, 2.3262907903552504e-4],
      [-3.6, 1.5910859015753364e-4],
      [-10, 7.619853024160527e-24],
      [-37, 5.725571222524577e-300],
    ];
    for (const [z, probability] of table) expect(worstRelative([normalCdf(z)], [probability])).toBeLessThan(1e-11);
    expect(normalCdf(8.3)).toBe(1);
  });

  it('Student quantiles of printed tables', () => {
    const table: [number, number, number][] = [
      [0.95, 1, 12.706204736],
      [0.95, 2, 4.30265273],
      [0.95, 3, 3.182446305],
      [0.95, 4, 2.776445105],
      [0.95, 9, 2.262157163],
      [0.95, 30, 2.042272456],
      [0.99, 2, 9.924843201],
      [0.9, 5, 2.015048373],
      [0.999, 10, 4.586893859],
      [0.95, 10_000, 1.960201264],
    ];
    for (const [level, degrees, t] of table) expect(worst([studentTQuantile(level, degrees)], [t])).toBeLessThan(1e-7);
  });
});
