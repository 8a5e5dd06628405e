/**
 * The membership attack of unlearning papers ("MIA", "SVC MIA"): see `svcMiaScores`. Shadow members are drawn from the retain
 * set, shadow non-members from the test set, as many of the one as of the other.
 *
 * Deviations from the published code: SalUn takes the first |test| retained examples, AMUN a random subset of that size; here it
 * is random too, and both are capped, since the classifier takes O(n²).
 */
import { AmunError } from '../core/errors';
import { checkInteger, checkKeys, checkNumber, checkOneOf, show } from '../core/options';
import { randomStream, type RandomStream } from '../core/random';
import {
  type LabelledProbabilities,
  MEMBERSHIP_FEATURES,
  type MembershipFeature,
} from '../metrics/membership-features';
import { softmax } from '../metrics/probabilities';
import { svcMiaScores } from '../metrics/svc';
import type { Predictions } from '../model/predict';
import type { MembershipAttack } from './types';

/** Options of {@link svcMia}. */
export interface SvcMiaAttackOptions {
  /**
   * Features to attack by, each with a classifier of its own; `'all'` for the five. Papers report `confidence`. About 1.5 s each at
   * 2,000 shadow members. @default ['confidence']
   */
  readonly features?: readonly MembershipFeature[] | 'all';
  /**
   * Most shadow members, and most shadow non-members: fewer where the retain or the test set is smaller. The papers have the size
   * of the test set. @default 2000
   */
  readonly shadowSize?: number;
  /** C of the classifier. @default 3 */
  readonly cost?: number;
  /** Width of the RBF kernel. @default 1 / number of features */
  readonly gamma?: number;
  /** `'official'` uses the published code's faulty modified entropy. @default the published definition */
  readonly compat?: 'official';
}

const WHERE = 'svcMia';

function checkOptions(options: SvcMiaAttackOptions): readonly MembershipFeature[] {
  checkKeys(WHERE, options, ['features', 'shadowSize', 'cost', 'gamma', 'compat']);
  const { features = ['confidence'], cost, gamma, compat } = options;
  if (cost !== undefined) checkNumber(`${WHERE}: cost`, cost, { above: 0 });
  if (gamma !== undefined) checkNumber(`${WHERE}: gamma`, gamma, { above: 0 });
  if (compat !== undefined) checkOneOf(`${WHERE}: compat`, compat, ['official']);
  if (features === 'all') return MEMBERSHIP_FEATURES;
  if (!Array.isArray(features) || features.length === 0) {
    throw new AmunError(
      'invalid-option',
      `${WHERE}: features: expected 'all' or names of features, such as ['confidence'], got ${show(features)}.`,
    );
  }
  return features.map((feature) => checkOneOf(`${WHERE}: features`, feature, MEMBERSHIP_FEATURES));
}

/**
 * Attack by a support vector classifier on the model's own predictions, named `svc`. Gives the share of the forget set that is
 * called non-member (`efficacy`), for each feature. Like every attack on whole sets it understates what single examples give away.
 *
 * @throws AmunError `invalid-option`.
 */
export function svcMia(options: SvcMiaAttackOptions = {}): MembershipAttack {
  const features = checkOptions(options);
  const cap = checkInteger(`${WHERE}: shadowSize`, options.shadowSize ?? 2000, { min: 1 });
  const { cost = 3, gamma, compat } = options;
  return {
    name: 'svc',
    run: async ({ forget, retain, test }, { seed, signal }) => {
      const shadowSize = Math.min(cap, retain.labels.length, test.labels.length);
      const input = {
        shadowMembers: drawn(retain, shadowSize, randomStream(seed, 'svc', 'members')),
        shadowNonMembers: drawn(test, shadowSize, randomStream(seed, 'svc', 'non-members')),
        target: drawn(forget, forget.labels.length, randomStream(seed, 'svc', 'target')),
        classCount: forget.classCount,
      };
      const scores = await svcMiaScores(input, { features, cost, gamma, compat, signal });
      return {
        name: 'svc',
        efficacy: Object.fromEntries(features.map((feature) => [feature, scores[feature].nonMemberFraction])),
        details: {
          options: { features, shadowSize: cap, cost, gamma: gamma ?? '1 / features', ...(compat && { compat }) },
          shadowSize,
          supportVectors: Object.fromEntries(features.map((feature) => [feature, scores[feature].supportVectors])),
        },
      };
    },
  };
}

/** A random subset of `count` predictions, in their order. */
function drawn(
  { logits, labels, classCount }: Predictions,
  count: number,
  random: RandomStream,
): LabelledProbabilities {
  const chosen = random.sample(labels.length, count);
  const rows = new Float64Array(count * classCount);
  chosen.forEach((row, i) => {
    rows.set(logits.subarray(row * classCount, (row + 1) * classCount), i * classCount);
  });
  return { probabilities: softmax(rows, classCount), labels: chosen.map((row) => labels[row]) };
}
