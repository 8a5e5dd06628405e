/**
 * The columns of the paper's tables: how each figure is read from an evaluation, how it is shown, and what its ideal is.
 * Ideals are the retrained model's values; only gaps have an ideal of 0.
 */
import type { Evaluation, Interval } from '../evaluate/types';
import type { MetricKey, ReportRow } from './types';

/** One column. */
export interface Metric {
  readonly key: MetricKey;
  readonly label: string;
  /** Unit, shown in the header and after figures in sentences. */
  readonly unit: string;
  /** What it says, and which value is ideal. */
  readonly meaning: string;
  /** From a fraction to what is shown. */
  readonly scale: number;
  readonly digits: number;
  /** Whether a signed difference to the retrained model stands beside it. */
  readonly hasGap: boolean;
  read(row: ReportRow): number | undefined;
  /** Its interval, where the evaluation gives one. */
  interval?(row: ReportRow): Interval | undefined;
}

/** The attack's area under the ROC curve, forget against test. */
export function rmiaAuc(evaluation: Evaluation): number | undefined {
  return evaluation.membership.rmia?.forgetVsTest?.auc;
}

/** Share of the forget set that an SVC on the true class's probability calls non-members. */
export function svcEfficacy(evaluation: Evaluation): number | undefined {
  for (const result of Object.values(evaluation.membership)) {
    if (result.efficacy?.confidence !== undefined) return result.efficacy.confidence;
  }
  return undefined;
}

const percent = { unit: '%', scale: 100, digits: 1 } as const;

/** Every column, in the order of the tables. */
export const METRICS: readonly Metric[] = [
  {
    ...percent,
    key: 'forgetAccuracy',
    label: 'Forget accuracy',
    meaning: 'Accuracy on the examples to forget. Ideal: the retrained model’s value; lower is not better.',
    hasGap: true,
    read: ({ evaluation }) => evaluation.forgetAccuracy,
    interval: ({ evaluation }) => evaluation.forgetAccuracyInterval,
  },
  {
    ...percent,
    key: 'retainAccuracy',
    label: 'Retain accuracy',
    meaning: 'Accuracy on the training examples that stay. Higher is better; ideal: the retrained model’s value.',
    hasGap: true,
    read: ({ evaluation }) => evaluation.retainAccuracy,
    interval: ({ evaluation }) => evaluation.retainAccuracyInterval,
  },
  {
    ...percent,
    key: 'testAccuracy',
    label: 'Test accuracy',
    meaning: 'Accuracy on unseen examples. Higher is better; ideal: the retrained model’s value.',
    hasGap: true,
    read: ({ evaluation }) => evaluation.testAccuracy,
    interval: ({ evaluation }) => evaluation.testAccuracyInterval,
  },
  {
    ...percent,
    key: 'svcEfficacy',
    label: 'SVC efficacy',
    meaning:
      'Share of the forget set that a support-vector attack on the model’s confidence takes for non-members. ' +
      'Ideal: the retrained model’s value; higher is not better.',
    hasGap: true,
    read: ({ evaluation }) => svcEfficacy(evaluation),
  },
  {
    ...percent,
    key: 'rmiaAuc',
    label: 'RMIA AUC',
    unit: '×100',
    meaning:
      'Area under the ROC curve of the RMIA attack telling forget from test examples; 50 is guessing. ' +
      'Ideal: the retrained model’s value; far below 50 is no success either.',
    hasGap: true,
    read: ({ evaluation }) => rmiaAuc(evaluation),
    interval: ({ evaluation }) => evaluation.membership.rmia?.forgetVsTest?.aucInterval,
  },
  {
    key: 'ksForgetTest',
    label: 'KS distance',
    unit: '0–1',
    meaning:
      'Kolmogorov–Smirnov distance between the confidences of forget and test examples in their true class. ' +
      'Ideal: the retrained model’s value.',
    scale: 1,
    digits: 3,
    hasGap: true,
    read: ({ evaluation }) => evaluation.confidence.ksForgetTest,
  },
  {
    key: 'averageGap',
    label: 'Average gap',
    unit: 'points',
    meaning:
      'Mean absolute difference to the retrained model in forget, retain and test accuracy and RMIA AUC. ' +
      'Lower is better; ideal: 0.',
    scale: 100,
    digits: 2,
    hasGap: false,
    read: ({ evaluation }) => evaluation.averageGap,
  },
  {
    key: 'averageGapSvc',
    label: 'Average gap (SVC)',
    unit: 'points',
    meaning: 'The same with SVC efficacy in place of RMIA AUC. Lower is better; ideal: 0.',
    scale: 100,
    digits: 2,
    hasGap: false,
    read: ({ evaluation }) => evaluation.averageGapSvc,
  },
  {
    key: 'seconds',
    label: 'Time',
    unit: 's',
    meaning: 'Seconds of the whole run, search included. Lower is better.',
    scale: 1,
    digits: 1,
    hasGap: false,
    read: ({ seconds }) => seconds,
  },
];

/** The column of that key. */
export function metricOf(key: MetricKey): Metric {
  return METRICS.find((metric) => metric.key === key)!;
}

/** Figures whose distance to the retrained model makes up the average gap. */
export const GAP_PARTS: readonly MetricKey[] = ['forgetAccuracy', 'retainAccuracy', 'testAccuracy', 'rmiaAuc'];
