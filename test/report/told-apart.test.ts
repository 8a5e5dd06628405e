import { describe, expect, it } from 'vitest';
import type { ReportRow, SeedSummary } from '../../src/report/index';
import { bestOfRun, bestOverSeeds } from '../../src/report/told-apart';
import { sampleReport, sampleRows } from './sample-report';

/** A row whose test accuracy is `value` ± `half`. */
function row(name: string, value: number, half: number, role: ReportRow['role'] = 'method'): ReportRow {
  const { evaluation } = sampleRows()[0];
  const testAccuracyInterval = { low: value - half, high: value + half, level: 0.95 };
  return { name, role, evaluation: { ...evaluation, testAccuracy: value, testAccuracyInterval } };
}

const reference = row('Retrain', 0.9, 0.01, 'reference');

describe('the best of one run', () => {
  it('is named when even its worst case is nearer than the best case of the others', () => {
    // Distances: near [0, 0.02], far [0.03, 0.07].
    expect(bestOfRun('testAccuracy', [reference, row('far', 0.85, 0.01), row('near', 0.9, 0.01)])).toBe('near');
  });

  it('is nobody when cases overlap, whoever has the smaller number', () => {
    // Distances: near [0, 0.02], far [0.01, 0.05].
    expect(bestOfRun('testAccuracy', [reference, row('far', 0.87, 0.01), row('near', 0.9, 0.01)])).toBeUndefined();
  });

  it('counts an excess like a shortfall', () => {
    expect(bestOfRun('testAccuracy', [reference, row('above', 0.95, 0.01), row('near', 0.9, 0.01)])).toBe('near');
  });

  it('is nobody without rivals, without a retrained model, and for figures without intervals', () => {
    const rows = [row('far', 0.8, 0.01), row('near', 0.9, 0.01)];
    expect(bestOfRun('testAccuracy', [reference, rows[0]])).toBeUndefined();
    expect(bestOfRun('testAccuracy', rows)).toBeUndefined();
    expect(bestOfRun('seconds', [reference, ...rows])).toBeUndefined();
    expect(bestOfRun('svcEfficacy', [reference, ...rows])).toBeUndefined();
  });
});

describe('the best over seeds', () => {
  const seeds = sampleReport().seeds!;
  const doubt = (name: string): SeedSummary => ({
    ...seeds,
    differences: seeds.differences.map((difference) =>
      difference.metric === 'averageGap' && [difference.name, difference.versus].includes(name)
        ? { ...difference, toldApart: false }
        : difference,
    ),
  });

  it('is the lowest mean that is told apart from each other method', () => {
    expect(bestOverSeeds('averageGap', seeds)).toBe('Amun');
  });

  it('is nobody as soon as one difference is in doubt, or is not known', () => {
    expect(bestOverSeeds('averageGap', doubt('SalUn'))).toBeUndefined();
    expect(bestOverSeeds('averageGap', { ...seeds, differences: [] })).toBeUndefined();
  });

  it('is not judged for figures whose ideal is the retrained value, nor for time', () => {
    expect(bestOverSeeds('forgetAccuracy', seeds)).toBeUndefined();
    expect(bestOverSeeds('seconds', seeds)).toBeUndefined();
  });
});
