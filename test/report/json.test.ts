import { describe, expect, it } from 'vitest';
import { isAmunError } from '../../src/core/errors';
import { parseReport, renderHtml, renderMarkdown, reportJson } from '../../src/report/index';
import type { Report } from '../../src/report/index';
import { sampleReport } from './sample-report';

function messageOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    if (isAmunError(error) && error.code === 'invalid-inputs') return error.message;
    throw error;
  }
  throw new Error('nothing was thrown');
}

/** The sample with one place changed, such as `rows.0.name`. */
function changed(path: string, value: unknown): unknown {
  const report = JSON.parse(reportJson(sampleReport()));
  const keys = path.split('.');
  const last = keys.pop()!;
  keys.reduce((object, key) => object[key], report)[last] = value;
  return report;
}

describe('JSON', () => {
  it('comes back as it went', () => {
    const report = sampleReport();
    const again = parseReport(reportJson(report));
    const amun = again.rows.find(({ name }) => name === 'Amun')!;
    expect(amun.options).toEqual({ learningRate: 0.05, maxEpsilon: 'Infinity' });
    expect({ ...again, rows: [] }).toEqual({ ...report, rows: [] });
    expect(again.rows.map(({ evaluation }) => evaluation)).toEqual(report.rows.map(({ evaluation }) => evaluation));
    expect(reportJson(again)).toBe(reportJson(report));
    expect(renderHtml(again)).toBe(renderHtml({ ...report, rows: again.rows }));
  });

  it('leaves out losses that do not exist', () => {
    const report = sampleReport();
    const [record] = report.rows[1].history!;
    const history = [{ ...record, losses: { train: NaN, forget: -Infinity, retain: 1 } }];
    const again = parseReport(reportJson({ ...report, rows: [{ ...report.rows[1], history }], seeds: undefined }));
    expect(again.rows[0].history![0].losses).toEqual({ retain: 1 });
  });

  it('keeps keys that it does not know', () => {
    expect(parseReport(changed('later', { x: 1 }))).toMatchObject({ later: { x: 1 } });
  });
});

describe('what is not a report is refused', () => {
  it.each([
    ['no object', 3, /expected a report object, got 3/],
    ['null', null, /expected a report object, got null/],
    ['text that is no JSON', '{"schema":', /expected JSON, got text that is none/],
    ['no schema', {}, /expected schema 'amun-ts\/report\/1', got undefined/],
    ['a later schema', { schema: 'amun-ts/report/2' }, /got the string 'amun-ts\/report\/2'/],
    ['no rows', changed('rows', undefined), /at rows: expected Array, got undefined/],
    ['a title that is none', changed('title', 7), /at title: expected string, got 7/],
    ['a row without a name', changed('rows.0.name', ''), /at rows\.0\.name/],
    ['an unknown role', changed('rows.0.role', 'teacher'), /at rows\.0\.role: expected .*"original".*, got "teacher"/],
    [
      'an accuracy in per cent',
      changed('rows.0.evaluation.testAccuracy', 88.1),
      /evaluation\.testAccuracy: expected <=1, got 88\.1/,
    ],
    ['a NaN', changed('rows.0.evaluation.averageGap', NaN), /at rows\.0\.evaluation\.averageGap/],
    ['too few shares', changed('rows.0.evaluation.confidence.test', [1]), /expected one share per bin/],
    [
      'a lopsided curve',
      changed('rows.0.evaluation.membership.rmia.forgetVsTest.roc.fpr', [0]),
      /as many rates in fpr/,
    ],
    [
      'too few pixels',
      changed('neighbours.pairs.0.original.pixels', [0]),
      /pairs\.0\.original: expected height · width · channels/,
    ],
    [
      'pixels in bytes',
      changed('neighbours.pairs.0.original.pixels.5', 200),
      /original\.pixels\.5: expected <=1, got 200/,
    ],
    ['four channels', changed('neighbours.pairs.0.original.channels', 4), /channels/],
    ['a negative time', changed('rows.1.seconds', -1), /at rows\.1\.seconds: expected >=0, got -1/],
    ['an unknown state', changed('rows.1.state', 'fine'), /at rows\.1\.state/],
    ['a count that is none', changed('search.found', 1.5), /at search\.found/],
    ['two rows of one name', changed('rows.0.name', 'Amun'), /a name of its own, got 'Amun' twice/],
    ['two retrained models', changed('rows.0.role', 'reference'), /at most one row of role 'reference', got 2/],
    ['a focus that is no row', changed('focus', 'Scrub'), /to name rows \(Original, .*\), got 'Scrub'/],
    ['confidences of no row', changed('confidenceRows', ['Amun', 'x']), /got 'x'/],
  ])('%s', (_, value, message) => {
    expect(messageOf(() => parseReport(value))).toMatch(message);
  });

  it('by everything that draws it, by name', () => {
    const report = changed('title', 7) as Report;
    expect(messageOf(() => renderHtml(report))).toMatch(/^renderHtml: at title/);
    expect(messageOf(() => renderMarkdown(report))).toMatch(/^renderMarkdown: at title/);
    expect(messageOf(() => reportJson(report))).toMatch(/^reportJson: at title/);
  });
});
