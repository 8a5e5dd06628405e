/**
 * Evaluations side by side: the columns of the AMUN paper's tables.
 */
import type { Evaluation } from './types';

/** One model's row. Fractions in [0, 1]; a figure that was not computed is absent. */
export interface EvaluationRow {
  readonly name: string;
  readonly forgetAccuracy: number;
  readonly retainAccuracy: number;
  readonly testAccuracy: number;
  /** Share of the forget set called non-member by the SVC attack on confidence. */
  readonly svcEfficacy?: number;
  /** RMIA, forget against test set: the paper's "FT AUC". */
  readonly rmiaAuc?: number;
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
