import { describe, expect, it } from 'vitest';
import { aggregateRuns } from '../../src/report/index';
import type { ReportRow } from '../../src/report/index';
import { evaluationOf } from './sample-report';

const FIGURES = {
  forget: 0.9,
  retain: 1,
  test: 0.88,
  auc: 0.5,
  svc: 0.1,
  top: [0.7, 0.9, 0.7] as [number, number, number],
};

function row(name: string, averageGap: number, role: ReportRow['role'] = 'method'): ReportRow {
  return { name, role, evaluation: { ...evaluationOf(FIGURES), averageGap } };
}

function runs(gaps: readonly [number, number][]) {
  return gaps.map(([a, b], seed) => ({ seed, rows: [row('A', a), row('B', b)] }));
}

function gapDifference(gaps: readonly [number, number][]) {
  return aggregateRuns(runs(gaps)).differences.find(({ metric }) => metric === 'averageGap');
}

/** Student's distribution function by Simpson's rule on its density; the naive twin of the table. */
function studentCdf(t: number, degrees: number): number {
  const density = (x: number) => (1 + (x * x) / degrees) ** (-(degrees + 1) / 2);
  const integral = (to: number, steps = 20_000) => {
    const h = to / steps;
    let sum = density(0) + density(to);
    for (let i = 1; i < steps; i += 1) sum += (i % 2 === 1 ? 4 : 2) * density(i * h);
    return (sum * h) / 3;
  };
  // Substituting x = √ν·tan θ turns the whole half line into [0, π/2] with integrand √ν·cos^(ν−1) θ.
  let whole = 0;
  const n = 20_000;
  for (let i = 0; i < n; i += 1) whole += Math.cos(((i + 0.5) / n) * (Math.PI / 2)) ** (degrees - 1);
  whole *= (Math.sqrt(degrees) * Math.PI) / 2 / n;
  return 0.5 + integral(t) / whole / 2;
}

describe('aggregateRuns', () => {
  it('gives mean, sample deviation and count', () => {
    const { rows, seeds } = aggregateRuns(runs([[1, 9], [2, 9], [3, 9]])); // prettier-ignore
    expect(seeds).toEqual([0, 1, 2]);
    expect(rows[0].metrics.averageGap).toEqual({ mean: 2, std: 1, n: 3 });
    expect(rows[1].metrics.averageGap).toEqual({ mean: 9, std: 0, n: 3 });
    expect(rows[0].metrics.seconds).toBeUndefined();
  });

  it('pairs differences by seed: mean 2, deviation 1, half width 4.303 / √3 = 2.484, so 0 is inside', () => {
    const difference = gapDifference([[2, 1], [4, 2], [6, 3]])!; // prettier-ignore
    expect(difference).toMatchObject({ name: 'A', versus: 'B', mean: 2, n: 3, toldApart: false });
    expect(difference.interval.low).toBeCloseTo(2 - 2.484, 3);
    expect(difference.interval.high).toBeCloseTo(2 + 2.484, 3);
  });

  it('tells apart what differs by the same amount at each seed, in either direction', () => {
    expect(gapDifference([[2, 1], [5, 4.1], [9, 7.9]])).toMatchObject({ toldApart: true }); // prettier-ignore
    expect(gapDifference([[1, 2], [4, 5.1], [8, 8.9]])).toMatchObject({ toldApart: true }); // prettier-ignore
  });

  it('uses the right quantile for 2 to 31 seeds, and a slightly too wide one beyond', () => {
    for (let n = 2; n <= 40; n += 1) {
      const gaps = Array.from({ length: n }, (_, i): [number, number] => [i % 3, 0]);
      const { mean, interval } = gapDifference(gaps)!;
      const std = aggregateRuns(runs(gaps)).rows[0].metrics.averageGap!.std;
      const t = ((interval.high - mean) * Math.sqrt(n)) / std;
      const inside = studentCdf(t, n - 1);
      if (n <= 31) expect(inside).toBeCloseTo(0.975, 4);
      else expect(inside).toBeGreaterThan(0.975);
    }
  });

  it('compares other figures with the retrained model, and has no differences with one seed', () => {
    const rows = [row('Retrain', 0, 'reference'), row('A', 1)];
    const two = aggregateRuns([1, 2].map((seed) => ({ seed, rows }))).differences;
    expect(two.filter(({ versus }) => versus === 'Retrain').map(({ metric }) => metric)).toEqual([
      'forgetAccuracy',
      'retainAccuracy',
      'testAccuracy',
      'svcEfficacy',
      'rmiaAuc',
      'ksForgetTest',
    ]);
    expect(aggregateRuns([{ seed: 1, rows }]).differences).toEqual([]);
  });

  it('leaves out a method at the seeds that lack it', () => {
    const [first, second, third] = runs([[2, 1], [4, 2], [6, 3]]); // prettier-ignore
    const { rows, differences } = aggregateRuns([first, second, { ...third, rows: [third.rows[0]] }]);
    expect(rows.map(({ metrics }) => metrics.averageGap!.n)).toEqual([3, 2]);
    expect(differences[0].n).toBe(2);
  });

  it('refuses no runs, a seed twice, and a name in two roles', () => {
    const [run] = runs([[1, 2]]);
    expect(() => aggregateRuns([])).toThrowError(expect.objectContaining({ code: 'empty-set' }));
    expect(() => aggregateRuns([run, run])).toThrowError(/each seed once, got 0, 0/);
    const other = { seed: 7, rows: [row('A', 1, 'reference')] };
    expect(() => aggregateRuns([run, other])).toThrowError(/'A' in one role, got 'method' and 'reference'/);
  });
});
