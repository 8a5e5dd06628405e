/**
 * `amun-ts/metrics`: every figure as a function of plain arrays, without TensorFlow.js, so that anyone can audit any model.
 *
 * @module metrics
 */

// From logits
export { logSoftmax, softmax, trueClassLogOdds, trueClassProbability } from './probabilities';
export { accuracy, correctness, predictedLabels } from './accuracy';
export { entropy, modifiedEntropy } from './entropy';
export type { ModifiedEntropyOptions } from './entropy';

// How well a score tells two sets apart
export { bestBalancedAccuracy, rocAuc, rocCurve, tprAtFpr, tprAtFprFigure, tprAtFprResolvable } from './roc';
export type { RocCurve, RocCurveOptions, ResolvedTpr, UnresolvedTpr, TprAtFpr } from './roc';

// Membership attacks on predictions alone
export { MEMBERSHIP_FEATURES } from './membership-features';
export type { LabelledProbabilities, MembershipFeature } from './membership-features';
export { THRESHOLD_SCORES, classThresholdAttack, thresholdAttack, thresholdScores } from './thresholdmia';
export type {
  ClassThresholdFeature,
  ClassThresholdInput,
  ClassThresholdScores,
  ThresholdAttackFigures,
  ThresholdAttackInput,
  ThresholdScore,
} from './thresholdmia';
export { svcMiaScores } from './svc';
export type { SvcMiaFeatureScores, SvcMiaInput, SvcMiaOptions } from './svc';

// Membership attacks with reference models
export { MEMBERSHIP_SIGNALS, membershipSignals } from './signals';
export type { MembershipSignal, SignalOptions } from './signals';
export type { ReferenceSignals } from './references';
export { rmiaScores } from './rmia';
export type { RmiaInput, RmiaOptions } from './rmia';
export { liraScores } from './lira';
export type { LiraOptions } from './lira';

// Distances between distributions and between models
export { histogram, ksDistance } from './histogram';
export type { Histogram, HistogramOptions } from './histogram';
export { jensenShannon, klDivergence } from './divergence';
export type { DivergenceOptions } from './divergence';
export { activationDistance, predictionAgreement } from './agreement';
export { averageGap, metricGaps } from './gaps';
export type { Gap, Gaps } from './gaps';

// Uncertainty
export { bootstrapInterval, pairedBootstrap, rocIntervals } from './bootstrap';
export type { BootstrapOptions, Interval, RocIntervalOptions, RocIntervals } from './bootstrap';
export { pairedDifferenceInterval } from './seeds';
export type { DifferenceInterval } from './seeds';

// In words
export { accuracyVerdict, aucVerdict, tprVerdict } from './words';
export type { Verdict, FigureInterval, VerdictOptions } from './words';
