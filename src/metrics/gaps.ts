/**
 * How far a model's figures are from the retrained model's: what unlearning is judged by. A forget accuracy of 0 or an
 * attack that is always wrong are gaps, not successes.
 */
import { AmunError } from '../core/errors';
import { checkNumber, show } from '../core/options';

/** A figure's distance from the retrained model's, in the figure's own unit. */
export interface Gap {
  /** Value − reference: above 0 where the figure is higher than the retrained model's. */
  readonly signed: number;
  /** |value − reference|. Lower is better, ideal 0. */
  readonly absolute: number;
}

/** Gaps by name, with their mean. */
export interface Gaps<Name extends string> {
  /** Each figure's gap. */
  readonly gaps: Record<Name, Gap>;
  /** Mean of the absolute gaps. Lower is better, ideal 0. */
  readonly average: number;
}

/**
 * The gap of each figure, and the average: with forget, retain and test accuracy and a membership figure, the papers'
 * "average gap".
 *
 * @param figures Finite figures by name, all in one unit (fractions, or percentage points).
 * @param reference The retrained model's figures, of the same names.
 * @throws AmunError `invalid-option` for a figure that isn't a finite number, `size-mismatch` for other names, `empty-set`.
 */
export function metricGaps<Name extends string>(
  figures: Readonly<Record<Name, number>>,
  reference: Readonly<Record<NoInfer<Name>, number>>,
): Gaps<Name> {
  const names = namesOf('metricGaps: figures', figures);
  const others = namesOf('metricGaps: reference', reference);
  if (names.length !== others.length || names.some((name) => !others.includes(name))) {
    throw new AmunError(
      'size-mismatch',
      `metricGaps: expected figures and reference of the same names, got ${names.join(', ')} and ${others.join(', ')}.`,
    );
  }
  const gaps = names.map((name) => {
    const value = checkNumber(`metricGaps: figures.${name}`, figures[name]);
    const signed = value - checkNumber(`metricGaps: reference.${name}`, reference[name]);
    return [name, { signed, absolute: Math.abs(signed) }] as const;
  });
  const average = gaps.reduce((sum, [, { absolute }]) => sum + absolute, 0) / gaps.length;
  return { gaps: Object.fromEntries(gaps) as Record<Name, Gap>, average };
}

function namesOf<Name extends string>(where: string, figures: Readonly<Record<Name, number>>): Name[] {
  if (typeof figures !== 'object' || figures === null) {
    throw new AmunError('invalid-option', `${where}: expected an object of numbers, got ${show(figures)}.`);
  }
  const names = Object.keys(figures) as Name[];
  if (names.length === 0) throw new AmunError('empty-set', `${where}: expected at least one figure, got none.`);
  return names;
}

/**
 * Mean of the absolute gaps of {@link metricGaps}. Lower is better, ideal 0.
 *
 * @throws AmunError `invalid-option`, `size-mismatch`, `empty-set`.
 */
export function averageGap<Name extends string>(
  figures: Readonly<Record<Name, number>>,
  reference: Readonly<Record<NoInfer<Name>, number>>,
): number {
  return metricGaps(figures, reference).average;
}
