/**
 * Single figures as standalone SVG documents, for a README or slides. Each draws its own paper and follows the reader's
 * light or dark theme.
 */
import { AmunError } from '../../core/errors';
import type { Report } from '../types';
import { confidenceOf, gapOf, lossOf, neighboursOf, rocOf, searchOf } from './from-report';
import { overviewSvg } from './overview';
import { standaloneSvg } from './svg';
import type { FigureSpec } from './svg';

function drawn(where: string, needed: string, spec: FigureSpec | undefined, columns: number): string {
  if (spec === undefined) throw missing(where, needed);
  return standaloneSvg(spec, columns);
}

function missing(where: string, needed: string): AmunError {
  return new AmunError('invalid-inputs', `${where}: expected a report with ${needed}, got one without. Add it first.`);
}

/**
 * One picture that tells the whole story: confidences of forgotten and unseen examples before, after the report's focus method
 * and after retraining, over a strip of forgotten images and their neighbours where the report has some.
 *
 * @returns A standalone SVG document.
 * @throws AmunError `invalid-inputs` for a report without rows.
 */
export function overviewFigure(report: Report): string {
  const svg = overviewSvg(report);
  if (svg === undefined) throw missing('overviewFigure', 'rows');
  return svg;
}

/**
 * Confidence in the true class, forget against test, one panel per model.
 *
 * @returns A standalone SVG document.
 * @throws AmunError `invalid-inputs` for a report without rows.
 */
export function confidenceFigure(report: Report): string {
  return drawn('confidenceFigure', 'rows', confidenceOf(report), 3);
}

/**
 * Signed distance to the retrained model, one panel per figure.
 *
 * @returns A standalone SVG document.
 * @throws AmunError `invalid-inputs` for a report without a row of role `reference` and one to compare.
 */
export function gapFigure(report: Report): string {
  return drawn('gapFigure', "a row of role 'reference' and one to compare with it", gapOf(report), 4);
}

/**
 * ROC curves of the RMIA attack, one panel per method.
 *
 * @returns A standalone SVG document.
 * @throws AmunError `invalid-inputs` for a report whose evaluations lack RMIA's curve.
 */
export function rocFigure(report: Report): string {
  return drawn('rocFigure', 'evaluations by rmia()', rocOf(report), 5);
}

/**
 * Histograms of the search's distances and radii.
 *
 * @returns A standalone SVG document.
 * @throws AmunError `invalid-inputs` for a report whose search is absent or found nothing.
 */
export function histogramFigure(report: Report): string {
  return drawn('histogramFigure', 'a search that found neighbours', searchOf(report), 2);
}

/**
 * Loss by epoch, one panel per method.
 *
 * @returns A standalone SVG document.
 * @throws AmunError `invalid-inputs` for a report without a history.
 */
export function lossFigure(report: Report): string {
  return drawn('lossFigure', 'a row with a history', lossOf(report), 3);
}

/**
 * Forgotten images beside their adversarial neighbours and the amplified change.
 *
 * @returns A standalone SVG document.
 * @throws AmunError `invalid-inputs` for a report without image pairs.
 */
export function neighboursFigure(report: Report): string {
  return drawn('neighboursFigure', 'neighbours', neighboursOf(report), 3);
}
