/**
 * What an evaluation measures. Plain data: it survives JSON.
 */
import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { RunOptions } from '../core/run';
import type { Classifier } from '../model/classifier';
import type { Predictions } from '../model/predict';
import type { Workers } from '../model/workers';

/** An interval around a figure: Wilson's for shares such as accuracies, a bootstrap's percentiles for an AUC. */
export interface Interval {
  /** Lower end. */
  readonly low: number;
  /** Upper end. */
  readonly high: number;
  /** Confidence level, such as 0.95. */
  readonly level: number;
}

/** The three sets of an evaluation, predicted by the model under test. */
export interface EvaluatedSets {
  /** Of the examples that were to be forgotten. */
  readonly forget: Predictions;
  /** Of the rest of the training data. */
  readonly retain: Predictions;
  /** Of examples that no model was trained on. */
  readonly test: Predictions;
}

/** What an attack is told of the evaluation that it is part of. */
export interface MembershipRun {
  /** Seed of every random draw. The same seed draws the same examples, whichever model is attacked. */
  readonly seed: number;
  /** Aborts the attack. */
  readonly signal?: AbortSignal;
  /** Bootstrap resamples for intervals. @default 1000 */
  readonly resamples?: number;
}

/** A membership-inference attack: a factory such as `rmia()` makes one. */
export interface MembershipAttack {
  /** The key in {@link Evaluation.membership}, such as `rmia`. */
  readonly name: string;
  /** Checks its options against the sets before any work; throws AmunError. */
  check?(sizes: { forget: number; retain: number; test: number; classCount: number }): void;
  /** Scores the predictions. Deterministic for a seed. */
  run(sets: EvaluatedSets, run: MembershipRun): Promise<MembershipResult>;
}

/** A true-positive rate at a bounded false-positive rate. */
export interface RateAtRate {
  /** The bound on the false-positive rate. */
  readonly fpr: number;
  /** Largest true-positive rate within the bound. Ideal: the retrained model's value. */
  readonly tpr: number;
  /** False where there are too few negatives for the bound. */
  readonly resolved: boolean;
}

/** Points of a ROC curve, from (0, 0) to (1, 1). */
export interface RocPoints {
  /** False-positive rates, ascending. */
  readonly fpr: readonly number[];
  /** True-positive rates, one for each. */
  readonly tpr: readonly number[];
}

/** How well an attack tells two sets apart. */
export interface Separation {
  /** Area under the ROC curve, in [0, 1]. Ideal: the retrained model's value. */
  readonly auc: number;
  /** Bootstrap interval of `auc`, resampled within each set. */
  readonly aucInterval: Interval;
  /** Best balanced accuracy over all thresholds, in [0.5, 1]. */
  readonly accuracy: number;
  /**
   * True-positive rate at false-positive rates of 0.1 %, 1 % and 5 %. `resolved` is false where there are too few negatives for the
   * rate; `tpr` is then the rate at no false positive at all.
   */
  readonly tprAtFpr: readonly RateAtRate[];
  /** ROC curve, thinned for plots. */
  readonly roc: RocPoints;
  /** How many examples count as positive. */
  readonly positives: number;
  /** How many count as negative. */
  readonly negatives: number;
}

/** What one membership attack says. */
export interface MembershipResult {
  /** Name of the attack. */
  readonly name: string;
  /** Forget set (positive) against test set: 0.5 when forgotten examples look like unseen ones. Ideal: the retrained model's value. */
  readonly forgetVsTest?: Separation;
  /** Retain set (positive) against forget set. Ideal: the retrained model's value. */
  readonly retainVsForget?: Separation;
  /** Share of the forget set called non-member, by feature (SVC): the "MIA efficacy". Ideal: the retrained model's value. */
  readonly efficacy?: Readonly<Record<string, number>>;
  /**
   * For the record, as plain JSON. Results with other `options` than the reference's are not compared with it.
   */
  readonly details: Readonly<Record<string, unknown>> & {
    /** Options in force. */
    readonly options?: Readonly<Record<string, unknown>>;
  };
}

/** Histogram of the true class's probability. */
export interface ConfidenceHistogram {
  /** Shares of the forget set per bin, summing to 1. */
  readonly forget: readonly number[];
  /** Shares of the retain set. */
  readonly retain: readonly number[];
  /** Shares of the test set. */
  readonly test: readonly number[];
  /** Edges of the bins in [0, 1], one more than bins. */
  readonly edges: readonly number[];
  /** Kolmogorov-Smirnov distance between forget and test, in [0, 1]. Ideal: the retrained model's value. */
  readonly ksForgetTest: number;
}

/** Differences to a retrained model, this minus that. Ideal: 0. */
export interface Gaps {
  /** Of the accuracies on the forget set. */
  readonly forgetAccuracy: number;
  /** Of the accuracies on the retain set. */
  readonly retainAccuracy: number;
  /** Of the accuracies on the test set. */
  readonly testAccuracy: number;
  /** Of the Kolmogorov-Smirnov distances between forget and test confidences. */
  readonly ksForgetTest: number;
  /** RMIA forget-vs-test AUC, when both were attacked. */
  readonly rmiaAuc?: number;
  /** SVC confidence efficacy, when both were attacked. */
  readonly svcEfficacy?: number;
}

/** How many examples each set has. */
export interface SetSizes {
  /** The forget set. */
  readonly forget: number;
  /** The retain set. */
  readonly retain: number;
  /** The test set. */
  readonly test: number;
}

/** Result of `evaluate`. Accuracies and rates are fractions in [0, 1]. */
export interface Evaluation {
  /** Accuracy on the forget set (the AMUN paper's "unlearn accuracy"; SalUn's UA is 1 − this). Ideal: the retrained model's value. */
  readonly forgetAccuracy: number;
  /** Wilson interval of `forgetAccuracy`. */
  readonly forgetAccuracyInterval: Interval;
  /** Accuracy on the retain set. Higher is better; ideal: the retrained model's value. */
  readonly retainAccuracy: number;
  /** Wilson interval of `retainAccuracy`. */
  readonly retainAccuracyInterval: Interval;
  /** Accuracy on the test set. Higher is better; ideal: the retrained model's value. */
  readonly testAccuracy: number;
  /** Wilson interval of `testAccuracy`. */
  readonly testAccuracyInterval: Interval;
  /** The true class's probability on the three sets. */
  readonly confidence: ConfidenceHistogram;
  /** By attack name. */
  readonly membership: Readonly<Record<string, MembershipResult>>;
  /** How many examples each set has. */
  readonly sizes: SetSizes;
  /** Present with a reference. */
  readonly gaps?: Gaps;
  /** Mean of |forget, retain, test accuracy, RMIA forget-vs-test AUC| differences to the reference. Ideal: 0. Present with `rmia`. */
  readonly averageGap?: number;
  /** The same with the SVC confidence efficacy in RMIA's place. Present with `svcMia`. */
  readonly averageGapSvc?: number;
  /** The findings in words. */
  readonly summary: readonly string[];
  /** What limits the figures, in words. */
  readonly warnings: readonly string[];
  /** Seed of the evaluation. */
  readonly seed: number;
  /** Milliseconds that it took. */
  readonly durationMs: number;
}

/** Options of `evaluate`. */
export interface EvaluateOptions extends RunOptions {
  /** Membership attacks to run. @default [svcMia()] */
  readonly attacks?: readonly MembershipAttack[];
  /** A retrained model, which the same attacks are run on, or its evaluation with the same attacks and seed. */
  readonly reference?: LayersModel | Classifier | Evaluation;
  /** Bins of the confidence histograms. @default 20 */
  readonly bins?: number;
  /** Bootstrap resamples for intervals. @default 1000 */
  readonly resamples?: number;
  /** Predict in these workers: see `createWorkers` of `amun-ts/node`. @default in this thread */
  readonly workers?: Workers;
}
