import { describe, expect, it } from 'vitest';
import { renderHtml, REPORT_SCHEMA } from '../../src/report/index';
import type { Report } from '../../src/report/index';
import { elementsOf, textOf } from './markup';
import { sampleReport, sampleRows } from './sample-report';

const ATTACK = `"><script>alert(1)</script><img src=x onerror='x'>&`;

/** The sample with hostile text in every string that a caller can set. */
function hostileReport(): Report {
  const report = sampleReport();
  const rows = report.rows.map((row, i) => ({
    ...row,
    name: `${row.name}${i}${ATTACK}`,
    note: ATTACK,
    warnings: [ATTACK],
    options: { [ATTACK]: ATTACK },
    history: row.history?.map((record) => ({ ...record, losses: { [ATTACK]: 1 } })),
    evaluation: { ...row.evaluation, warnings: [ATTACK], summary: [ATTACK] },
  }));
  const renamed = (name: string) => rows.find((row) => row.name.startsWith(name))!.name;
  return {
    ...report,
    title: ATTACK,
    subtitle: ATTACK,
    notes: [ATTACK],
    things: ATTACK,
    rows,
    seeds: {
      ...report.seeds!,
      rows: report.seeds!.rows.map((row) => ({ ...row, name: renamed(row.name) })),
      differences: report.seeds!.differences.map((difference) => ({
        ...difference,
        name: renamed(difference.name),
        versus: renamed(difference.versus),
      })),
    },
    search: { ...report.search!, norm: ATTACK },
    neighbours: { ...report.neighbours!, classNames: Array.from({ length: 6 }, () => ATTACK) },
    manifest: {
      versions: { [ATTACK]: ATTACK },
      backend: ATTACK,
      createdAt: ATTACK,
      [ATTACK]: [ATTACK],
      options: { a: ATTACK },
    },
  };
}

function minimal(more: Partial<Report> = {}): Report {
  return { schema: REPORT_SCHEMA, title: 'Nothing yet', rows: [], manifest: {}, ...more };
}

const figureIds = (html: string) =>
  elementsOf(html)
    .filter(({ name }) => name === 'figure')
    .map(({ attributes }) => attributes.id);

describe('the page', () => {
  const html = renderHtml(sampleReport());
  const elements = elementsOf(html);

  it('is one well-formed document with every part in order', () => {
    expect(html).toMatch(/^<!doctype html>\n<html lang="en">/);
    expect(figureIds(html)).toEqual([
      'am-confidence',
      'am-seeds',
      'am-differences',
      'am-table',
      'am-gap',
      'am-roc',
      'am-neighbours',
      'am-search',
      'am-loss',
    ]);
  });

  it('runs no script and asks for nothing', () => {
    expect(elements.filter(({ name }) => ['script', 'link', 'iframe', 'object', 'a', 'use'].includes(name))).toEqual(
      [],
    );
    expect(
      elements.flatMap(({ attributes }) => Object.keys(attributes)).filter((key) => /^on|^style$/.test(key)),
    ).toEqual([]);
    const targets = elements
      .flatMap(({ attributes: { src, href } }) => [src, href])
      .filter((target) => target !== undefined);
    expect(targets).toHaveLength(18);
    for (const target of targets) expect(target).toMatch(/^data:image\/png;base64,[A-Za-z0-9+/]+=*$/);
    expect(html.replace(/data:image[^"]*/g, '').match(/https?:|\/\/\w|url\(|@import/)).toBeNull();
  });

  it('forbids the browser to run or fetch anything', () => {
    const policy = elements.find(({ attributes }) => attributes['http-equiv'] === 'Content-Security-Policy');
    expect(policy!.attributes.content).toBe(
      "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'",
    );
  });

  it('names every picture for those who cannot see it', () => {
    const ids = elements.flatMap(({ attributes }) => attributes.id ?? []);
    expect(new Set(ids).size).toBe(ids.length);
    const pictures = elements.filter(({ name, attributes }) => name === 'svg' && attributes['aria-hidden'] !== 'true');
    expect(pictures).toHaveLength(3 + 4 + 5 + 6 + 2 + 6);
    for (const { attributes } of pictures) {
      expect(attributes.role).toBe('img');
      for (const id of attributes['aria-labelledby'].split(' ')) expect(ids).toContain(id);
    }
    expect(html).not.toMatch(/<(title|desc)[^>]*><\//);
  });

  it('gives every table header its scope, and every column its meaning', () => {
    const headers = elements.filter(({ name }) => name === 'th');
    expect(headers.every(({ attributes }) => ['col', 'row'].includes(attributes.scope))).toBe(true);
    const meanings = elements.filter(({ name }) => name === 'abbr').map(({ attributes }) => attributes.title);
    expect(meanings).toHaveLength(18);
    for (const meaning of meanings) expect(meaning).toMatch(/[Ii]deal|[Ll]ower is better/);
  });

  it('says the figures as they should be read', () => {
    const text = textOf(html);
    expect(text).toContain('Amun ended 0.39 points from the retrained model on average, in the mean over 3 seeds');
    expect(text).toContain('an AUC of 63.4 before, 50.9 after Amun and 50.3 after retraining');
    expect(text).toContain('Amun took 20 % of the time of retraining');
    expect(text).toContain('GradientAscent diverged; its figures are those of the last good epoch.');
    expect(html).toContain('<td>89.2<small><span class="hidden">gap to retrained </span>+0.6</small></td>');
    expect(html).toContain('<span class="best">0.39</span><span class="hidden"> (told apart as best)</span>');
    expect(html).toContain('&quot;maxEpsilon&quot;: &quot;Infinity&quot;');
    expect(html.match(/NaN|undefined|\[object/)).toBeNull();
  });

  it('fits a phone and follows the theme', () => {
    expect(html).toContain('<meta name="viewport" content="width=device-width, initial-scale=1">');
    expect(html).toContain('@media(prefers-color-scheme:dark)');
  });
});

describe('hostile text', () => {
  const html = renderHtml(hostileReport());

  it('stays text everywhere', () => {
    expect(html.match(/<script|<img|onerror='/)).toBeNull();
    const names = new Set(elementsOf(html).map(({ name }) => name));
    expect([...names].filter((name) => ['script', 'img'].includes(name))).toEqual([]);
    expect(html.split('&quot;&gt;&lt;script&gt;').length).toBeGreaterThan(60);
  });
});

describe('parts that a report lacks', () => {
  it('are left out: an empty report is a title', () => {
    const html = renderHtml(minimal());
    expect(figureIds(html)).toEqual([]);
    expect(textOf(html)).toContain('Nothing yet');
    expect(elementsOf(html).filter(({ name }) => ['table', 'section', 'svg', 'dl', 'aside'].includes(name))).toEqual(
      [],
    );
  });

  it('are left out one by one', () => {
    const report = sampleReport();
    const without = (key: keyof Report) => figureIds(renderHtml({ ...report, [key]: undefined }));
    expect(without('search')).not.toContain('am-search');
    expect(without('neighbours')).not.toContain('am-neighbours');
    expect(without('seeds')).toEqual(expect.not.arrayContaining(['am-seeds', 'am-differences']));
    const bare = sampleRows().map(({ name, role, evaluation }) => ({
      name,
      role,
      evaluation: { ...evaluation, membership: {} },
    }));
    expect(figureIds(renderHtml(minimal({ rows: bare })))).toEqual(['am-confidence', 'am-table', 'am-gap']);
    const alone = bare.filter(({ role }) => role === 'original');
    expect(figureIds(renderHtml(minimal({ rows: alone })))).toEqual(['am-confidence', 'am-table']);
  });

  it('hold when a search found nothing and losses are not finite', () => {
    const [, reference] = sampleRows();
    const history = [{ epoch: 1, learningRate: 0.1, losses: { train: NaN }, durationMs: 1 }];
    const search = { epsilons: [], distances: [], found: 0, total: 5 };
    const html = renderHtml(minimal({ rows: [{ ...reference, history }], search }));
    expect(figureIds(html)).toEqual(['am-confidence', 'am-table', 'am-roc']);
    expect(textOf(html)).toContain('0 of 5 examples got an adversarial neighbour; 5 got none.');
  });
});
