/**
 * What a figure says, in words. Figures of unlearning have no good end of their own: an attack that fails *worse* than on the
 * retrained model, or a forget accuracy below the retrained model's, shows over-forgetting, which an auditor can see as well.
 */
import { AmunError } from '../core/errors';
import { checkKeys, checkNumber, checkOneOf } from '../core/options';
import type { TprAtFpr } from './roc';

/** Where a figure lies with some confidence. */
export interface FigureInterval {
  /** Lower end. */
  readonly low: number;
  /** Upper end. */
  readonly high: number;
}

/** What a figure says about forgetting. */
export interface Verdict {
  /**
   * `like-retrained`: within the tolerance of the reference, or its interval holds the reference. `remembered`: the forgotten
   * examples still look like members. `over-forgotten`: they stand out by looking less familiar than unseen ones. `damaged`:
   * the model lost what it should keep. `better-than-retrained`: it kept more than retraining does. `not-resolvable`: too few
   * examples to say.
   */
  readonly verdict:
    'like-retrained' | 'remembered' | 'over-forgotten' | 'damaged' | 'better-than-retrained' | 'not-resolvable';
  /** The same in a sentence, with the figures. */
  readonly words: string;
}

/** Options of the verdicts. */
export interface VerdictOptions {
  /** How far from the reference still counts as like it; 0.03 for {@link aucVerdict}, 0.01 for {@link accuracyVerdict}. */
  readonly tolerance?: number;
  /** Interval of the figure: where it holds the reference, the two were not told apart. */
  readonly interval?: FigureInterval;
}

/** Where a figure stands relative to its ideal. */
function side(where: string, figure: number, ideal: number, tolerance: number, options: VerdictOptions) {
  checkKeys(where, options, ['tolerance', 'interval', 'reference']);
  checkNumber(`${where}: tolerance`, tolerance, { min: 0 });
  const { interval } = options;
  if (interval !== undefined) {
    const low = checkNumber(`${where}: interval.low`, interval.low);
    const high = checkNumber(`${where}: interval.high`, interval.high, { min: low });
    if (low <= ideal && ideal <= high) return 'like';
  }
  // Figures are shares of counts: 0.53 − 0.5 must be within 0.03.
  if (Math.abs(figure - ideal) <= tolerance + 1e-12) return 'like';
  return figure > ideal ? 'above' : 'below';
}

/**
 * The verdict on a membership attack's AUC with forgotten examples as positives and unseen ones as negatives.
 *
 * @param auc In [0, 1].
 * @param options `reference`: the same AUC of the retrained model; without it the ideal is taken to be 0.5, which holds for
 *   forgotten examples drawn at random.
 * @throws AmunError `invalid-option`.
 */
export function aucVerdict(auc: number, options: VerdictOptions & { readonly reference?: number } = {}): Verdict {
  const where = 'aucVerdict';
  checkNumber(`${where}: auc`, auc, { min: 0, max: 1 });
  const { reference } = options;
  if (reference !== undefined) checkNumber(`${where}: reference`, reference, { min: 0, max: 1 });
  const ideal = reference ?? 0.5;
  const against =
    reference === undefined ? '0.5 for guessing (no retrained model given)' : `${decimals(ideal)} retrained`;
  const figures = `AUC ${decimals(auc)}, against ${against}`;
  switch (side(where, auc, ideal, options.tolerance ?? 0.03, options)) {
    case 'like':
      return { verdict: 'like-retrained', words: `${figures}: the attack sees no more than it should.` };
    case 'above':
      return { verdict: 'remembered', words: `${figures}: the forgotten examples still look like members.` };
    case 'below':
      return {
        verdict: 'over-forgotten',
        words: `${figures}: the forgotten examples look less familiar than unseen ones, which gives them away too.`,
      };
  }
}

/**
 * The verdict on an accuracy.
 *
 * @param set Which data it is of.
 * @param accuracy In [0, 1].
 * @param reference The retrained model's, in [0, 1].
 * @throws AmunError `invalid-option`.
 */
export function accuracyVerdict(
  set: 'forget' | 'retain' | 'test',
  accuracy: number,
  reference: number,
  options: VerdictOptions = {},
): Verdict {
  const where = 'accuracyVerdict';
  checkOneOf(`${where}: set`, set, ['forget', 'retain', 'test']);
  checkNumber(`${where}: accuracy`, accuracy, { min: 0, max: 1 });
  checkNumber(`${where}: reference`, reference, { min: 0, max: 1 });
  const figures = `${set} accuracy ${percent(accuracy)}, against ${percent(reference)} retrained`;
  const stands = side(where, accuracy, reference, options.tolerance ?? 0.01, options);
  if (stands === 'like') return { verdict: 'like-retrained', words: `${figures}: as it should be.` };
  if (set === 'forget') {
    return stands === 'above'
      ? { verdict: 'remembered', words: `${figures}: the model still knows answers that it should have to guess.` }
      : { verdict: 'over-forgotten', words: `${figures}: it fails on examples that it would get right unseen.` };
  }
  return stands === 'above'
    ? { verdict: 'better-than-retrained', words: `${figures}: better than retraining, which is a gap but no loss.` }
    : { verdict: 'damaged', words: `${figures}: forgetting has cost what the model should keep.` };
}

/**
 * The verdict on a true positive rate at a low false positive rate.
 *
 * @param figure From {@link tprAtFprFigure}.
 * @param options `reference`: the same rate of the retrained model, taken to be `maxFpr` (guessing) if left out; `tolerance`:
 *   0.01 if left out.
 * @throws AmunError `invalid-option`.
 */
export function tprVerdict(figure: TprAtFpr, options: VerdictOptions & { readonly reference?: number } = {}): Verdict {
  const where = 'tprVerdict';
  if (typeof figure !== 'object' || figure === null) {
    throw new AmunError('invalid-option', `${where}: expected the result of tprAtFprFigure(), got ${String(figure)}.`);
  }
  const { maxFpr, negatives } = figure;
  const { reference = maxFpr, tolerance = 0.01 } = options;
  checkNumber(`${where}: reference`, reference, { min: 0, max: 1 });
  if (!figure.resolvable) {
    const needed = figure.negativesNeeded === undefined ? '' : `; it takes at least ${figure.negativesNeeded}`;
    return {
      verdict: 'not-resolvable',
      words: `TPR at ${percent(maxFpr)} FPR: ${negatives} non-members can't resolve it${needed}.`,
    };
  }
  const against = options.reference === undefined ? 'guessing' : 'retrained';
  const figures = `TPR ${percent(figure.tpr)} at ${percent(maxFpr)} FPR, against ${percent(reference)} ${against}`;
  switch (side(where, figure.tpr, reference, tolerance, options)) {
    case 'like':
      return { verdict: 'like-retrained', words: `${figures}: no forgotten example stands out with certainty.` };
    case 'above':
      return { verdict: 'remembered', words: `${figures}: some forgotten examples can be named with near certainty.` };
    case 'below':
      return {
        verdict: 'over-forgotten',
        words: `${figures}: the forgotten examples look less like members than unseen ones do.`,
      };
  }
}

function decimals(figure: number): string {
  return figure.toFixed(3);
}

function percent(share: number): string {
  return `${Number((100 * share).toPrecision(4))} %`;
}
