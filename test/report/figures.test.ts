import { decode } from 'fast-png';
import { describe, expect, it } from 'vitest';
import { differenceUri, imageUri } from '../../src/report/figures/image';
import { DARK, LIGHT } from '../../src/report/figures/theme';
import {
  confidenceFigure,
  gapFigure,
  histogramFigure,
  lossFigure,
  neighboursFigure,
  overviewFigure,
  REPORT_SCHEMA,
  rocFigure,
} from '../../src/report/index';
import type { Report, ReportImage } from '../../src/report/index';
import { elementsOf, textOf } from './markup';
import { sampleReport } from './sample-report';

const FIGURES = {
  confidenceFigure,
  gapFigure,
  histogramFigure,
  lossFigure,
  neighboursFigure,
  overviewFigure,
  rocFigure,
};

function pixelsOf(uri: string) {
  return decode(Buffer.from(uri.replace('data:image/png;base64,', ''), 'base64'));
}

describe.each(Object.entries(FIGURES))('%s', (name, figure) => {
  it('is a standalone, well-formed document that draws its own paper in both themes', () => {
    const svg = figure(sampleReport());
    const [root, title, description] = elementsOf(svg);
    expect(root).toMatchObject({ name: 'svg', attributes: { xmlns: 'http://www.w3.org/2000/svg', role: 'img' } });
    expect([title.name, description.name]).toEqual(['title', 'desc']);
    expect(root.attributes['aria-labelledby']).toBe(`${title.attributes.id} ${description.attributes.id}`);
    expect(svg).toContain(`.am .am-f-paper{fill:${LIGHT.paper}}`);
    expect(svg).toContain(`.am .am-f-paper{fill:${DARK.paper}}`);
    expect(svg.replace('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:|url\(|NaN|undefined|Infinity/);
  });

  it('stays within its own edges', () => {
    const [root, ...elements] = elementsOf(figure(sampleReport()));
    const [, , width, height] = root.attributes.viewBox.split(' ').map(Number);
    expect([width, height].every((length) => length > 100 && length < 1200)).toBe(true);
    for (const { attributes } of elements) {
      for (const key of ['x', 'x1', 'x2', 'cx']) expect(Number(attributes[key] ?? 0)).toBeLessThanOrEqual(width);
      for (const key of ['y', 'y1', 'y2', 'cy']) expect(Number(attributes[key] ?? 0)).toBeLessThanOrEqual(height);
    }
  });

  it('is refused by name when the report lacks its data', () => {
    const empty: Report = { schema: REPORT_SCHEMA, title: '', rows: [], manifest: {} };
    expect(() => figure(empty)).toThrowError(new RegExp(`^${name}: expected a report with`));
  });

  it('keeps hostile names as text', () => {
    const report = sampleReport();
    const rows = report.rows.map((row) => ({ ...row, name: `${row.name}</text><script>` }));
    const classNames = Array.from({ length: 6 }, () => '</text><script>');
    const neighbours = { ...report.neighbours!, classNames };
    expect(figure({ ...report, rows, seeds: undefined, neighbours, things: '<script>' })).not.toContain('<script>');
  });
});

describe('what figures say', () => {
  it('confidences: original, focus and reference, or the rows that are asked for', () => {
    const report = sampleReport();
    expect(textOf(confidenceFigure(report))).toMatch(
      /Original KS distance 0\.240.*Amun KS distance 0\.010.*Retrain KS distance 0\.003/,
    );
    const asked = textOf(confidenceFigure({ ...report, confidenceRows: ['SalUn'] }));
    expect(asked).toContain('SalUn KS distance 0.120');
    expect(asked).not.toContain('Original');
  });

  it('confidences: heights follow the square root of the shares', () => {
    const report = sampleReport();
    const [{ evaluation }] = report.rows;
    const confidence = { ...evaluation.confidence, edges: [0, 0.5, 1], forget: [0.25, 1], test: [0, 1] };
    const rows = [{ ...report.rows[0], evaluation: { ...evaluation, confidence } }];
    const svg = confidenceFigure({ ...report, rows, confidenceRows: undefined, seeds: undefined });
    // Inside: 300 wide, from 204 (share 0) up to 58 (share 1); the root of 0.25 is half way, 131.
    expect(svg).toContain('d="M0,131L150,131L150,58L300,58L300,58" class="am-line am-s-forget"');
  });

  it('overview: before, after, retrained, and a strip of at most six pairs', () => {
    const report = sampleReport();
    const text = textOf(overviewFigure(report));
    expect(text).toMatch(/Before .*After Amun, 20 s .*Retrained without them, 1 min 36 s/);
    expect(text).toContain('→ Ankle boot');
    const pairs = [...report.neighbours!.pairs, ...report.neighbours!.pairs];
    const images = elementsOf(overviewFigure({ ...report, neighbours: { pairs } })).filter(
      ({ name }) => name === 'image',
    );
    expect(images).toHaveLength(12);
    expect(textOf(overviewFigure({ ...report, neighbours: undefined }))).not.toContain('takes for something else');
  });

  it('gaps: signed differences to the retrained model, with intervals over seeds', () => {
    const report = sampleReport();
    expect(gapFigure(report)).toContain('Forget accuracy: Original +11.4, FineTune +9.8,');
    expect(gapFigure({ ...report, seeds: undefined })).not.toContain('95 % intervals');
  });

  it('losses: lines stop where losses end to be finite', () => {
    const report = sampleReport();
    const record = (epoch: number, train: number) => ({ epoch, learningRate: 1, losses: { train }, durationMs: 1 });
    const history = [record(1, 2), record(2, 3), record(3, NaN)];
    expect(lossFigure({ ...report, rows: [{ ...report.rows[1], history }] })).toContain(
      'loss after the last epoch: train 3.',
    );
  });

  it('histograms: every value is counted once', () => {
    const search = { epsilons: [1, 1, 1], distances: [0.1, 0.2, 0.9], found: 3, total: 4, norm: 'l2' };
    const text = textOf(histogramFigure({ ...sampleReport(), search }));
    expect(text).toContain('3 images, median 0.2');
    expect(text).toContain('3 values from 1 to 1, median 1');
  });
});

describe('images', () => {
  const image: ReportImage = { pixels: [0, 0.5, 1, 0.2], height: 2, width: 2, channels: 1 };

  it('are enlarged by whole factors without smoothing', () => {
    const png = pixelsOf(imageUri(image));
    expect([png.width, png.height, png.channels]).toEqual([112, 112, 1]);
    const at = (x: number, y: number) => png.data[y * 112 + x];
    expect([at(0, 0), at(55, 55), at(56, 0), at(111, 55), at(0, 56), at(111, 111)]).toEqual([0, 0, 128, 128, 255, 51]);
  });

  it('keep colours and odd shapes', () => {
    const wide: ReportImage = { pixels: [1, 0, 0, 0, 0, 1], height: 1, width: 2, channels: 3 };
    const png = pixelsOf(imageUri(wide));
    expect([png.width, png.height, png.channels]).toEqual([112, 56, 3]);
    expect([...png.data.slice(0, 3), ...png.data.slice(-3)]).toEqual([255, 0, 0, 0, 0, 255]);
  });

  it('have a change that is amplified to full colour: orange is brighter, blue is darker', () => {
    const neighbour = { ...image, pixels: [0.1, 0.4, 1, 0.2] };
    const { uri, gain } = differenceUri({
      original: image,
      neighbour,
      label: 0,
      adversarialLabel: 1,
      epsilon: 1,
      distance: 1,
    });
    expect(gain).toBeCloseTo(10, 10);
    const { data } = pixelsOf(uri);
    const at = (x: number, y: number) => [...data.slice(3 * (y * 112 + x), 3 * (y * 112 + x) + 3)];
    expect([at(0, 0), at(111, 0), at(0, 111)]).toEqual([[194, 65, 12], [11, 98, 160], [246, 244, 240]]); // prettier-ignore
  });

  it('have no change between equal ones', () => {
    const pair = { original: image, neighbour: image, label: 0, adversarialLabel: 1, epsilon: 1, distance: 0 };
    expect(differenceUri(pair).gain).toBe(0);
  });
});

describe('colours', () => {
  const luminance = (hex: string) => {
    const channels = [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16) / 255);
    const [r, g, b] = channels.map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (a: string, b: string) => {
    const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
    return (high + 0.05) / (low + 0.05);
  };

  it.each([
    ['light', LIGHT],
    ['dark', DARK],
  ] as const)('of the %s theme can be read', (_, palette) => {
    for (const name of ['ink', 'muted', 'forget', 'test'] as const) {
      expect(contrast(palette[name], palette.paper)).toBeGreaterThanOrEqual(4.5);
      expect(contrast(palette[name], palette.wash)).toBeGreaterThanOrEqual(4.5);
    }
    expect(contrast(palette.original, palette.paper)).toBeGreaterThanOrEqual(3);
  });
});
