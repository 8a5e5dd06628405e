/**
 * Colours of figures and page. Two hues only, orange and blue, which people with any colour blindness tell apart, beside
 * neutrals; line styles differ as well, so that no meaning hangs on colour alone. Text colours have a contrast of at least
 * 4.5 : 1 on the paper, in both themes.
 */

/** One theme. */
export interface Palette {
  readonly paper: string;
  readonly ink: string;
  readonly muted: string;
  readonly grid: string;
  /** The forget set; the method that the page is about. */
  readonly forget: string;
  /** Unseen examples; the other methods. */
  readonly test: string;
  /** The model before. */
  readonly original: string;
  readonly wash: string;
}

/** On light paper. */
export const LIGHT: Palette = {
  paper: '#ffffff',
  ink: '#1d1c1a',
  muted: '#625e58',
  grid: '#e3dfd8',
  forget: '#c2410c',
  test: '#0b62a0',
  original: '#8b867e',
  wash: '#f6f3ee',
};

/** On dark paper. */
export const DARK: Palette = {
  paper: '#15171a',
  ink: '#eceae6',
  muted: '#a8a49d',
  grid: '#34373c',
  forget: '#ff8b52',
  test: '#63b3f0',
  original: '#8f8b84',
  wash: '#1e2125',
};

/** Fonts of figures, tables and captions. */
export const SANS =
  "ui-sans-serif, system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, 'Liberation Sans', sans-serif";

const SHAPES = `
.am text{font-family:${SANS};font-size:12px}
.am .am-title{font-size:14px;font-weight:650}
.am .am-headline{font-size:20px;font-weight:700}
.am .am-strong{font-weight:650}
.am .am-small{font-size:11px}
.am .am-num{font-variant-numeric:tabular-nums}
.am .am-line{fill:none;stroke-width:2;stroke-linejoin:round;stroke-linecap:round}
.am .am-thin{stroke-width:1.5}
.am .am-dash{stroke-dasharray:5 4}
.am .am-rule{stroke-width:1;fill:none;shape-rendering:crispEdges}
.am .am-soft{fill-opacity:.3}
.am .am-faint{fill-opacity:.14}
.am .am-image{image-rendering:pixelated}
`;

function colours(palette: Palette): string {
  const { paper, ink, muted, grid, forget, test, original } = palette;
  const fills = { paper, ink, muted, forget, test, original };
  const strokes = { ink, muted, grid, forget, test, original, paper };
  return [
    ...Object.entries(fills).map(([name, colour]) => `.am .am-f-${name}{fill:${colour}}`),
    ...Object.entries(strokes).map(([name, colour]) => `.am .am-s-${name}{stroke:${colour}}`),
  ].join('');
}

/** Style sheet of figures: every rule is scoped to `.am`, the class of each figure's root. */
export const FIGURE_CSS = `${SHAPES}${colours(LIGHT)}@media(prefers-color-scheme:dark){${colours(DARK)}}`;
