/**
 * The membership attack by a support vector classifier that unlearning papers report (as "MIA" or "SVC MIA"): fitted on the
 * *unlearned* model's own predictions for retained examples (members) and test examples (non-members), it is asked about
 * the forgotten ones.
 *
 * SVC with an RBF kernel, C = 3, gamma = 1 / number of features, one classifier for each of five features. Jia et al.,
 * "Model Sparsity Can Simplify Machine Unlearning", NeurIPS 2023, appendix C.3; Fan et al., SalUn, ICLR 2024; AMUN, ICML
 * 2025. Deviation from their code: the modified entropy is Song & Mittal's; `compat: 'official'` has the faulty one.
 */
import { checkKeys, checkNumber, checkOneOf } from '../core/options';
import { AmunError } from '../core/errors';
import { checkCompat } from './checks';
import { MEMBERSHIP_FEATURES, checkPredictions, membershipFeature } from './membership-features';
import type { LabelledProbabilities, MembershipFeature } from './membership-features';
import { trainRbfSvm } from './svm';

/** What {@link svcMiaScores} reads. */
export interface SvcMiaInput {
  /** Predictions for examples that the model was trained on and keeps: as many as there are non-members. */
  readonly shadowMembers: LabelledProbabilities;
  /** Predictions for examples that it was never trained on. */
  readonly shadowNonMembers: LabelledProbabilities;
  /** Predictions for the examples in question: the forgotten ones. */
  readonly target: LabelledProbabilities;
  /** K, at least 2. */
  readonly classCount: number;
}

/** Options of {@link svcMiaScores}. */
export interface SvcMiaOptions {
  /** Which features to attack by, each on its own. @default all five */
  readonly features?: readonly MembershipFeature[];
  /** C of the classifier, above 0. @default 3 */
  readonly cost?: number;
  /** Width of the kernel, above 0. @default 1 / number of features: 1, or 1 / K for `'probabilities'` */
  readonly gamma?: number;
  /** `'official'` uses the published code's faulty modified entropy. @default the published definition */
  readonly compat?: 'official';
  /** Aborts between features. */
  readonly signal?: AbortSignal;
}

/** How the attack by one feature judges the target examples. */
export interface SvcMiaFeatureScores {
  /**
   * Share of the target examples judged to be non-members, in [0, 1]: the papers' "MIA efficacy". Neither 0, ½ nor 1 is the
   * ideal but the retrained model's value (about 0.13 for 10 % of CIFAR-10).
   */
  readonly nonMemberFraction: number;
  /** 1 for each target example judged to be a member, else 0. */
  readonly members: Uint8Array;
  /** The classifier's decision value for each target example; members from 0 upwards. */
  readonly decisionValues: Float64Array;
  /** How many of the shadow examples are support vectors: close to all of them where the two sets can't be told apart. */
  readonly supportVectors: number;
}

/** The attack's judgement by each feature that was asked for. */
export type SvcMiaScores = Partial<Record<MembershipFeature, SvcMiaFeatureScores>>;

const WHERE = 'svcMiaScores';

/**
 * Attacks by each feature. Takes O(N²) for N shadow examples: 1 to 3 s for each feature at 2,000 + 2,000, so draw as many
 * members as there are non-members, and no more of both than needed.
 *
 * @throws AmunError (rejects) `invalid-inputs`, `invalid-labels`, `size-mismatch`, `empty-set`, `invalid-option`.
 */
export async function svcMiaScores(
  input: SvcMiaInput,
  options?: Omit<SvcMiaOptions, 'features'> & { features?: undefined },
): Promise<Record<MembershipFeature, SvcMiaFeatureScores>>;
export async function svcMiaScores<F extends MembershipFeature>(
  input: SvcMiaInput,
  options: SvcMiaOptions & { readonly features: readonly F[] },
): Promise<Record<F, SvcMiaFeatureScores>>;
export async function svcMiaScores(input: SvcMiaInput, options: SvcMiaOptions = {}): Promise<SvcMiaScores> {
  const features = checkOptions(options);
  const { shadowMembers, shadowNonMembers, target, classCount } = input;
  checkPredictions(`${WHERE}: shadowMembers`, shadowMembers, classCount);
  checkPredictions(`${WHERE}: shadowNonMembers`, shadowNonMembers, classCount);
  checkPredictions(`${WHERE}: target`, target, classCount);
  const scores: SvcMiaScores = {};
  for (const feature of features) {
    options.signal?.throwIfAborted();
    scores[feature] = await attackBy(feature, input, options);
  }
  return scores;
}

function checkOptions(options: SvcMiaOptions): readonly MembershipFeature[] {
  checkKeys(WHERE, options, ['features', 'cost', 'gamma', 'compat', 'signal']);
  const { features = MEMBERSHIP_FEATURES, cost, gamma } = options;
  checkCompat(WHERE, options.compat);
  if (cost !== undefined) checkNumber(`${WHERE}: cost`, cost, { above: 0 });
  if (gamma !== undefined) checkNumber(`${WHERE}: gamma`, gamma, { above: 0 });
  if (!Array.isArray(features) || features.length === 0) {
    throw new AmunError(
      'invalid-option',
      `${WHERE}: features: expected names of features, got none; leave it out for all.`,
    );
  }
  for (const feature of features) checkOneOf(`${WHERE}: features`, feature, MEMBERSHIP_FEATURES);
  return features;
}

async function attackBy(
  feature: MembershipFeature,
  { shadowMembers, shadowNonMembers, target, classCount }: SvcMiaInput,
  { cost = 3, gamma, compat }: SvcMiaOptions,
): Promise<SvcMiaFeatureScores> {
  const read = (data: LabelledProbabilities) => membershipFeature(feature, data, classCount, compat);
  const featureCount = feature === 'probabilities' ? classCount : 1;
  const svm = await trainRbfSvm(read(shadowNonMembers), read(shadowMembers), featureCount, {
    cost,
    gamma: gamma ?? 1 / featureCount,
  });
  const decisionValues = svm.decide(read(target));
  const members = Uint8Array.from(decisionValues, (value) => (value >= 0 ? 1 : 0));
  const nonMembers = members.reduce((count, member) => count + 1 - member, 0);
  return {
    nonMemberFraction: nonMembers / members.length,
    members,
    decisionValues,
    supportVectors: svm.supportVectors,
  };
}
