/**
 * The comparisons over seeds that a page spells out: each method's average gap against the focus, and each row's RMIA AUC and KS
 * distance against the retrained model.
 */
import { focusOf, referenceOf } from './cast';
import { signed } from './format';
import { metricOf } from './metrics';
import type { MetricKey, PairedDifference, Report } from './types';

/** One comparison as it is shown. */
export interface ShownDifference {
  readonly figure: string;
  /** Such as `FineTune − Amun`. */
  readonly between: string;
  readonly mean: string;
  readonly interval: string;
  readonly verdict: string;
}

const AGAINST_FOCUS: readonly MetricKey[] = ['averageGap', 'averageGapSvc'];
const AGAINST_REFERENCE: readonly MetricKey[] = ['rmiaAuc', 'ksForgetTest'];

/** The same difference seen from the other side. */
function turned(difference: PairedDifference): PairedDifference {
  const { name, versus, mean, interval } = difference;
  const turnedInterval = { low: -interval.high, high: -interval.low, level: interval.level };
  return { ...difference, name: versus, versus: name, mean: -mean, interval: turnedInterval };
}

function against(report: Report, keys: readonly MetricKey[], name: string | undefined): PairedDifference[] {
  return (report.seeds?.differences ?? [])
    .filter((difference) => keys.includes(difference.metric))
    .flatMap((difference) => {
      if (difference.versus === name) return [difference];
      return difference.name === name ? [turned(difference)] : [];
    });
}

function verdictOf({ toldApart, mean, metric, name, versus }: PairedDifference): string {
  if (!toldApart) return 'not told apart';
  if (AGAINST_FOCUS.includes(metric)) return `${mean > 0 ? versus : name} is nearer to retraining`;
  return mean > 0 ? `above ${versus}` : `below ${versus}`;
}

function shown(difference: PairedDifference): ShownDifference {
  const { label, scale, digits, unit } = metricOf(difference.metric);
  const { low, high, level } = difference.interval;
  const show = (value: number) => signed(value * scale, digits);
  return {
    figure: unit === '0–1' ? label : `${label}, ${unit}`,
    between: `${difference.name} − ${difference.versus}`,
    mean: show(difference.mean),
    interval: `${show(low)} to ${show(high)}${level === 0.95 ? '' : ` (${level * 100} %)`}`,
    verdict: verdictOf(difference),
  };
}

/** The comparisons, in the order of the figures. */
export function differencesOf(report: Report): ShownDifference[] {
  return [
    ...against(report, AGAINST_FOCUS, focusOf(report)?.name),
    ...against(report, AGAINST_REFERENCE, referenceOf(report)?.name),
  ].map(shown);
}
