/**
 * What black-box membership attacks read off a prediction: whether it is right, how sure it is, how spread out. Yeom et al.
 * 2018 (correctness), Song & Mittal 2021 (the others).
 */
import { checkClassLabels, checkProbabilities } from './checks';
import { correctness } from './accuracy';
import { entropy, modifiedEntropy } from './entropy';

/** Names of the features. */
export const MEMBERSHIP_FEATURES = [
  'correctness',
  'confidence',
  'entropy',
  'modifiedEntropy',
  'probabilities',
] as const;

/**
 * A feature of a prediction: `correctness` 0 or 1, `confidence` the true class's probability, `entropy` and
 * `modifiedEntropy` in nats, `probabilities` the whole row.
 */
export type MembershipFeature = (typeof MEMBERSHIP_FEATURES)[number];

/** Predictions beside the truth. */
export interface LabelledProbabilities {
  /** Row-major [N, K], rows summing to 1: softmax of logits. */
  readonly probabilities: ArrayLike<number>;
  /** True class ids [N]. */
  readonly labels: ArrayLike<number>;
}

/** Checks predictions and computes a feature of each: [N], or [N, K] for `probabilities`. */
export function membershipFeature(
  feature: MembershipFeature,
  { probabilities, labels }: LabelledProbabilities,
  classCount: number,
  compat?: 'official',
): Float64Array {
  switch (feature) {
    case 'correctness':
      return Float64Array.from(correctness(probabilities, labels, classCount));
    case 'confidence':
      return Float64Array.from(labels, (label, row) => probabilities[row * classCount + label]);
    case 'entropy':
      return entropy(probabilities, classCount);
    case 'modifiedEntropy':
      return modifiedEntropy(probabilities, labels, classCount, { compat });
    case 'probabilities':
      return Float64Array.from(probabilities);
  }
}

/** Checks that predictions are probabilities and labels fit; features themselves check less than all. */
export function checkPredictions(where: string, data: LabelledProbabilities, classCount: number): void {
  const rows = checkProbabilities(`${where}.probabilities`, data?.probabilities, classCount);
  checkClassLabels(`${where}.labels`, data.labels, rows, classCount);
}
