/**
 * Makes a trained TensorFlow.js classifier forget chosen training examples, and measures whether it did.
 *
 * @packageDocumentation
 */

// Data
export type { ExampleData, Examples, ExampleSource } from './data/examples';
export type { LabelledBatch, LabelledData } from './data/labelled';
export { type ArrayExamples, fromArrays, fromTensors } from './data/from-arrays';
export { fromDataset, type MaterializeOptions, type SequentialOptions } from './data/from-dataset';
export type { DatasetElement, DatasetIterator, DatasetLike } from './data/dataset-rows';
export { concatExamples, subsetExamples } from './data/combine';
export {
  type ClassSplitOptions,
  type ForgetSplit,
  type IndexedSplit,
  type PartOf,
  type RandomSplitOptions,
  splitByClass,
  splitByFraction,
  splitByIndices,
  type SplitIndices,
  type SplitOptions,
} from './data/splits';
export { type Augment, randomCropFlip, type RandomCropFlipOptions } from './data/augment';

// Models
export { type Classifier, classifier, type ClassifierOptions, type Standardisation } from './model/classifier';
export type { WeightMask } from './model/sgd';
export type { Predictions } from './model/predict';
export type { BuildModel } from './model/fresh';
export type { Workers } from './model/workers';

// Searching adversarial neighbours
export type { AdversarialSearch, AdversarialSet, SearchRun } from './search/adversarial-search';
export { adversarialSet } from './search/adversarial-set';
export { type IncreasingEpsilonOptions, IncreasingEpsilonSearch } from './search/increasing-epsilon';
export { type MinimumNormOptions, MinimumNormSearch } from './search/minimum-norm';
export type { Attack, AttackResult, AttackRun, NormName } from './search/attack';
export { Pgd, type PgdOptions } from './search/attacks/pgd';
export { Fgsm, type FgsmOptions } from './search/attacks/fgsm';

// Unlearning
export { Unlearner } from './unlearn/unlearner';
export type { EpochRecord, SearchSummary, UnlearnResult, UnlearnRun } from './unlearn/types';
export type { EpochPlan, Pass, RunContext } from './unlearn/context';
export {
  resolveTraining,
  type ResolvedTrainingOptions,
  type TrainingDefaults,
  type TrainingOptions,
} from './unlearn/options';
export type { Schedule } from './model/schedule';
export type { StoredArray } from './unlearn/binary';
export type { Memo } from './unlearn/checkpoint';
export type { CheckpointStore } from './unlearn/checkpoint-store';
export { Amun, type AmunOptions, type AmunTrainingSet } from './unlearn/amun';
export { Retrain, type RetrainOptions } from './unlearn/retrain';
export { FineTune } from './unlearn/fine-tune';
export { GradientAscent } from './unlearn/gradient-ascent';
export { RandomLabels } from './unlearn/random-labels';
export { SalUn, type SalUnOptions } from './unlearn/salun';

// Evaluation
export { evaluate } from './evaluate/evaluate';
export { evaluateLogits, type EvaluateLogitsOptions, type LogitSet } from './evaluate/evaluate-logits';
export { type EvaluationRow, evaluationRows } from './evaluate/rows';
export type { BySet } from './evaluate/open-pool';
export type * from './evaluate/types';
export { svcMia, type SvcMiaAttackOptions } from './evaluate/svc-mia';
export { thresholdMia, type ThresholdMiaOptions } from './evaluate/threshold-mia';
export type { ThresholdScore } from './metrics/thresholdmia';
export type { MembershipFeature } from './metrics/membership-features';
export { rmia, type RmiaAttackOptions } from './evaluate/rmia';
export { trainReferences, type TrainReferencesOptions } from './evaluate/train-references';
export { type PoolIndices, type PoolSizes, type ReferenceSet, selectReferences } from './evaluate/reference-set';
export { deserializeReferences, serializeReferences } from './evaluate/reference-bytes';

// Running
export type { Progress, RunOptions } from './core/run';
export type { RandomStream } from './core/random';
export type { Bounds } from './core/bounds';
export { AmunError, type AmunErrorCode, isAmunError } from './core/errors';
