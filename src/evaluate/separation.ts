/**
 * How well a score tells two sets apart, as plain JSON.
 */
import { deriveSeed } from '../core/random';
import { RunControl } from '../core/run';
import { rocIntervals } from '../metrics/bootstrap';
import { bestBalancedAccuracy, rocCurve, tprAtFpr, tprAtFprResolvable } from '../metrics/roc';
import type { MembershipRun, Separation } from './types';

/** False-positive rates at which the true-positive rate is told. */
const FPRS = [0.001, 0.01, 0.05];

/** Points of a ROC curve that a plot can show. */
const CURVE_POINTS = 200;

/**
 * Compares scores that should be high for positives and low for negatives.
 *
 * @param name - Names the resampling's stream, so that two comparisons in one run do not resample alike.
 */
export async function separation(
  positives: Float64Array,
  negatives: Float64Array,
  name: string,
  { seed, signal, resamples = 1000 }: MembershipRun,
): Promise<Separation> {
  const scores = new Float64Array(positives.length + negatives.length);
  scores.set(positives);
  scores.set(negatives, positives.length);
  const labels = new Uint8Array(scores.length).fill(1, 0, positives.length);
  const control = new RunControl({ signal }, name, 'examples', scores.length);
  const { auc } = rocIntervals(scores, labels, { seed: deriveSeed(seed, name, 'resamples'), resamples });
  // Resampling 10,000 scores holds the event loop for half a second: others get their turn before the next comparison.
  await control.checkpoint();
  return {
    auc: auc.estimate,
    aucInterval: { low: auc.low, high: auc.high, level: auc.level },
    accuracy: bestBalancedAccuracy(scores, labels),
    tprAtFpr: FPRS.map((fpr) => ({
      fpr,
      tpr: tprAtFpr(scores, labels, fpr),
      resolved: tprAtFprResolvable(negatives.length, fpr),
    })),
    roc: thinnedCurve(scores, labels),
    positives: positives.length,
    negatives: negatives.length,
  };
}

/** The curve with both ends, and at most {@link CURVE_POINTS} points evenly among the steps. */
function thinnedCurve(scores: Float64Array, labels: Uint8Array): Separation['roc'] {
  const { fpr, tpr } = rocCurve(scores, labels, { dropIntermediate: true });
  const last = fpr.length - 1;
  const points = Math.min(CURVE_POINTS, fpr.length);
  const kept = Array.from({ length: points }, (_, i) => Math.round((i * last) / (points - 1)));
  return { fpr: kept.map((i) => fpr[i]), tpr: kept.map((i) => tpr[i]) };
}
