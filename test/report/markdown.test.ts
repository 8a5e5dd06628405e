import { describe, expect, it } from 'vitest';
import { renderMarkdown, REPORT_SCHEMA } from '../../src/report/index';
import type { Report } from '../../src/report/index';
import { evaluationOf, sampleReport, sampleRows } from './sample-report';

const top: [number, number, number] = [0.7, 0.9, 0.7];

/** A retrained model and two methods, without an RMIA attack. */
function smallReport(): Report {
  const retrained = { forget: 0.9, retain: 1, test: 0.88, auc: 0.5, svc: 0.1, top };
  const evaluate = (change: object) => {
    const evaluation = evaluationOf({ ...retrained, ...change }, retrained);
    return { ...evaluation, membership: { svc: evaluation.membership.svc }, averageGap: undefined };
  };
  return {
    schema: REPORT_SCHEMA,
    title: 'Small',
    rows: [
      { name: 'Retrain', role: 'reference', evaluation: evaluate({}), seconds: 96.4 },
      { name: 'Amun', role: 'method', evaluation: evaluate({ forget: 0.904, svc: 0.12 }), seconds: 8.34 },
      { name: 'Ascent', role: 'method', evaluation: evaluate({ forget: 0.5, retain: 0.8, test: 0.7, svc: 0.6 }) },
    ],
    manifest: {},
  };
}

describe('renderMarkdown', () => {
  it('writes this table', () => {
    // Average gaps (SVC): (0.4 + 0 + 0 + 2) / 4 = 0.6 and (40 + 20 + 18 + 50) / 4 = 32.
    const lines = renderMarkdown(smallReport()).split('\n');
    expect(lines.filter((line) => line.startsWith('|'))).toEqual([
      '| Method | Forget accuracy (%) | Retain accuracy (%) | Test accuracy (%) | SVC efficacy (%) | KS distance (0–1) | Average gap (SVC) (points) | Time (s) |',
      '| :-- | --: | --: | --: | --: | --: | --: | --: |',
      '| Retrain | 90.0 | 100.0 | 88.0 | 10.0 | 0.000 | – | 96 |',
      '| Amun | **90.4** (+0.4) | **100.0** (0.0) | **88.0** (0.0) | 12.0 (+2.0) | 0.000 (0.000) | 0.60 | 8.3 |',
      '| Ascent | 50.0 (−40.0) | 80.0 (−20.0) | 70.0 (−18.0) | 60.0 (+50.0) | 0.000 (0.000) | 32.00 | – |',
    ]);
  });

  it('explains each column that it has, with its ideal, and no other', () => {
    const markdown = renderMarkdown(smallReport());
    expect(markdown).toContain(
      '- Forget accuracy: Accuracy on the examples to forget. Ideal: the retrained model’s value',
    );
    expect(markdown).not.toContain('- RMIA AUC:');
  });

  it('has means, deviations, differences and verdicts over seeds', () => {
    const markdown = renderMarkdown(sampleReport());
    expect(markdown).toContain('## Over 3 seeds');
    expect(markdown).toMatch(/\| Amun \| 89\.2 ± 0\.4 \(\+0\.6\) \|.*\| \*\*0\.39 ± 0\.13\*\* \|/);
    expect(markdown).toContain(
      '| Average gap, points | SalUn − Amun | +1.11 | +0.79 to +1.44 | Amun is nearer to retraining |',
    );
  });

  it('says so where two are not told apart', () => {
    const report = sampleReport();
    const differences = report.seeds!.differences.map((difference) => ({ ...difference, toldApart: false }));
    const markdown = renderMarkdown({ ...report, seeds: { ...report.seeds!, differences } });
    expect(markdown).toContain('| Average gap, points | SalUn − Amun | +1.11 | +0.79 to +1.44 | not told apart |');
    expect(markdown).toContain('the data do not tell the nearest method apart from all others');
    expect(markdown.split('## One seed')[0]).not.toContain('**');
  });

  it('escapes what would be markup, and keeps a name on one line', () => {
    const rows = sampleRows().map((row) =>
      row.name === 'SalUn' ? { ...row, name: 'a|b <i>\n# *c* `d` [e](f)' } : row,
    );
    const markdown = renderMarkdown({ ...sampleReport(), rows, seeds: undefined });
    expect(markdown).toContain('| a\\|b \\<i\\> # \\*c\\* \\`d\\` \\[e\\](f) |');
    expect(markdown).not.toMatch(/<i>/);
  });
});
