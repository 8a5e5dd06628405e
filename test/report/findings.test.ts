import { describe, expect, it } from 'vitest';
import { findingsOf } from '../../src/report/findings';
import type { Report } from '../../src/report/index';
import { sampleReport } from './sample-report';

function oneRun(more: Partial<Report> = {}): Report {
  return { ...sampleReport(), seeds: undefined, ...more };
}

const all = (report: Report) => findingsOf(report).join('\n');

describe('findings', () => {
  it('of one run claim no winner that the intervals do not show', () => {
    expect(findingsOf(oneRun())[0]).toBe(
      'Amun ended 0.38 points from the retrained model on average: the smallest gap of 5 methods, next SalUn with 1.50; ' +
        'the data do not tell the nearest method apart from all others.',
    );
  });

  it('say when another method came nearer', () => {
    expect(findingsOf(oneRun({ focus: 'SalUn' }))[0]).toMatch(/^SalUn ended 1\.50 .*\. Amun came nearer, with 0\.38;/);
  });

  it('say when there was little to forget', () => {
    const report = oneRun();
    const rows = report.rows.map((row) =>
      row.role === 'original' ? { ...row, evaluation: { ...row.evaluation, testAccuracy: 0.97 } } : row,
    );
    expect(all(report)).not.toContain('little to forget');
    expect(all({ ...report, rows })).toContain(
      '97.0 % of those it had never seen: so close that there was little to forget.',
    );
  });

  it('compare test accuracy with the retrained model, or with the original where there is none', () => {
    const report = oneRun();
    expect(all(report)).toContain('right 88.1 % of the time, 0.2 points below Retrain’s.');
    const rows = report.rows.filter(({ role }) => role !== 'reference');
    expect(all({ ...report, rows })).toContain('0.8 points below Original’s.');
  });

  it('count what the search found', () => {
    expect(all(oneRun())).toContain('299 of 300 images got an adversarial neighbour; 1 got none.');
    const search = { epsilons: [1], distances: [1], found: 1, total: 1 };
    expect(all(oneRun({ search, things: 'records' }))).toContain('Every one of the 1 records got');
  });
});
