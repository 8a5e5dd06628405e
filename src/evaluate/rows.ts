/**
 * Evaluations side by side: the columns of the AMUN paper's tables.
 */
import type { Evaluation } from './types';

/** One model's row. Fractions in [0, 1]; a figure that was not computed is absent. */
export interface EvaluationRow {
  /** Name of the model. */
  readonly name: string;
  /** Accuracy on the forget set. */
  readonly forgetAccuracy: number;
  /** Accuracy on the retain set. */
  readonly retainAccuracy: number;
  /** Accuracy on the test set. */
  readonly testAccuracy: number;
  /** Share of the forget set called non-member by the SVC attack on confidence. */
  readonly svcEfficacy?: number;
  /** RMIA, forget against test set: the paper's "FT AUC". */
  readonly rmiaAuc?: number;
  /** Kolmogorov-Smirnov distance between forget and test confidences. */
  readonly ksForgetTest: number;
  /** With RMIA. */
  readonly averageGap?: number;
  /** With the SVC attack. */
  readonly averageGapSvc?: number;
}

/** One row per model, in the order given. Ideal values of all but the gaps are the retrained model's row. */
export function evaluationRows(evaluations: Readonly<Record<string, Evaluation>>): EvaluationRow[] {
  return Object.entries(evaluations).map(([name, evaluation]) => {
    const { forgetAccuracy, retainAccuracy, testAccuracy, confidence, membership, averageGap, averageGapSvc } =
      evaluation;
    const svcEfficacy = membership['svc']?.efficacy?.['confidence'];
    const rmiaAuc = membership['rmia']?.forgetVsTest?.auc;
    return {
      name,
      forgetAccuracy,
      retainAccuracy,
      testAccuracy,
      ...(svcEfficacy === undefined ? {} : { svcEfficacy }),
      ...(rmiaAuc === undefined ? {} : { rmiaAuc }),
      ksForgetTest: confidence.ksForgetTest,
      ...(averageGap === undefined ? {} : { averageGap }),
      ...(averageGapSvc === undefined ? {} : { averageGapSvc }),
    };
  });
}
