import { describe, expect, it } from 'vitest';
import { randomStream } from '../../src/core/random';
import { jensenShannon, klDivergence } from '../../src/metrics/divergence';
import { averageGap, metricGaps } from '../../src/metrics/gaps';
import { histogram, ksDistance } from '../../src/metrics/histogram';
import { codeOf, golden, worst } from './golden';

interface MetricsGolden {
  divergence: Record<
    string,
    {
      p: number[];
      q: number[];
      kl_pq_nats: number | 'inf';
      kl_qp_nats: number | 'inf';
      js_divergence_nats: number;
      js_divergence_bits: number;
      js_distance_scipy_nats: number;
    }
  >;
  histogram_js: {
    x: number[];
    y: number[];
    edges: number[];
    counts_x: number[];
    counts_y: number[];
    js_divergence_nats: number;
  };
  average_gap: { method: Record<string, number>; retrain: Record<string, number>; avg_gap: number }[];
}

const file = golden<MetricsGolden>('metrics');

describe('SciPy numbers', () => {
  it.each(Object.entries(file.divergence))('%s', (_, stored) => {
    const { p, q } = stored;
    const number = (value: number | 'inf') => (value === 'inf' ? Infinity : value);
    const close = (actual: number, expected: number | 'inf') => {
      if (expected === 'inf') expect(actual).toBe(Infinity);
      else expect(Math.abs(actual - number(expected))).toBeLessThan(1e-9);
    };
    close(klDivergence(p, q), stored.kl_pq_nats);
    close(klDivergence(q, p), stored.kl_qp_nats);
    close(jensenShannon(p, q), stored.js_divergence_nats);
    close(jensenShannon(q, p), stored.js_divergence_nats);
    close(jensenShannon(p, q, { unit: 'bits' }), stored.js_divergence_bits);
    expect(Math.abs(jensenShannon(p, q) - stored.js_distance_scipy_nats ** 2)).toBeLessThan(1e-9);
  });

  it('histograms and their divergence', () => {
    const { x, y, edges, counts_x, counts_y, js_divergence_nats } = file.histogram_js;
    const options = { bins: 20, range: [-4, 4] } as const;
    expect(worst(histogram(x, options).edges, edges)).toBeLessThan(1e-9);
    expect(histogram(x, options).counts).toEqual(counts_x);
    expect(histogram(y, options).counts).toEqual(counts_y);
    const js = jensenShannon(histogram(x, options).counts, histogram(y, options).counts);
    expect(Math.abs(js - js_divergence_nats)).toBeLessThan(1e-9);
  });
});

describe('histogram', () => {
  it('holds the lower limit of each bin, and both of the last', () => {
    expect(histogram([0, 0.25, 0.5, 0.75, 1, -0.1, 1.1], { bins: 4 })).toEqual({
      counts: [1, 1, 1, 2],
      edges: [0, 0.25, 0.5, 0.75, 1],
      outside: 2,
    });
  });

  it('agrees with comparing against the edges, on the edges themselves', () => {
    const random = randomStream(9, 'histogram');
    for (let round = 0; round < 200; round += 1) {
      const bins = 1 + random.int(60);
      const low = 10 * random.normal();
      const range = [low, low + 10 * random.float() + 0.01] as const;
      const { edges } = histogram([low], { bins, range });
      const values = Array.from({ length: 50 }, () =>
        random.int(2) === 0 ? edges[random.int(bins + 1)] : range[0] + random.float() * (range[1] - range[0]),
      );
      const naive = edges
        .slice(0, -1)
        .map(
          (edge, i) =>
            values.filter((v) => v >= edge && (i === bins - 1 ? v <= edges[i + 1] : v < edges[i + 1])).length,
        );
      expect(histogram(values, { bins, range }).counts).toEqual(naive);
    }
  });
});

describe('Kolmogorov–Smirnov distance', () => {
  it('by hand', () => {
    expect(ksDistance([1, 2], [3, 4])).toBe(1);
    expect(ksDistance([1, 2, 3], [3, 1, 2])).toBe(0);
    // After 2: 2 of 3 against 1 of 4.
    expect(ksDistance([1, 2, 5], [2, 3, 4, 6])).toBeCloseTo(2 / 3 - 1 / 4, 14);
    expect(ksDistance([0], [-0])).toBe(0);
  });

  it('agrees with the distribution functions at every value', () => {
    const random = randomStream(10, 'ks');
    for (let round = 0; round < 200; round += 1) {
      const draw = () => Array.from({ length: 1 + random.int(12) }, () => random.int(8));
      const [a, b] = [draw(), draw()];
      const cdf = (values: number[], limit: number) => values.filter((v) => v <= limit).length / values.length;
      const naive = Math.max(...[...a, ...b].map((limit) => Math.abs(cdf(a, limit) - cdf(b, limit))));
      expect(ksDistance(a, b)).toBe(naive);
    }
  });
});

describe('gaps', () => {
  it.each(file.average_gap.map((stored, i) => ({ i, ...stored })))(
    'published average $i',
    ({ method, retrain, avg_gap }) => {
      expect(Math.abs(averageGap(method, retrain) - avg_gap)).toBeLessThan(1e-9);
    },
  );

  it('are signed, and do not cancel in the average', () => {
    expect(metricGaps({ forget: 0.5, test: 1 }, { test: 0.75, forget: 0.75 })).toEqual({
      gaps: { forget: { signed: -0.25, absolute: 0.25 }, test: { signed: 0.25, absolute: 0.25 } },
      average: 0.25,
    });
  });
});

it('refuses bad input', () => {
  expect(codeOf(() => histogram([]))).toBe('empty-set');
  expect(codeOf(() => histogram([NaN]))).toBe('invalid-inputs');
  expect(codeOf(() => histogram([1], { bins: 0 }))).toBe('invalid-option');
  expect(codeOf(() => histogram([1], { range: [1, 1] }))).toBe('invalid-option');
  expect(codeOf(() => ksDistance([1], []))).toBe('empty-set');
  expect(codeOf(() => klDivergence([1, 2], [1]))).toBe('size-mismatch');
  expect(codeOf(() => klDivergence([1, -2], [1, 1]))).toBe('invalid-inputs');
  expect(codeOf(() => jensenShannon([0, 0], [1, 1]))).toBe('invalid-inputs');
  expect(codeOf(() => jensenShannon([1], [1], { unit: 'bans' as never }))).toBe('invalid-option');
  expect(codeOf(() => averageGap({ forget: 1 }, { test: 1 } as never))).toBe('size-mismatch');
  expect(codeOf(() => averageGap({ forget: NaN }, { forget: 1 }))).toBe('invalid-option');
  expect(codeOf(() => averageGap({}, {}))).toBe('empty-set');
  expect(codeOf(() => averageGap(null as never, {} as never))).toBe('invalid-option');
});
