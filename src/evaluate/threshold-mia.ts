/**
 * The simplest membership attack: one threshold on one score of the model's own prediction, so that no shadow model is needed.
 * Scores are those of `thresholdScores`; higher means member.
 *
 * Yeom et al., "Privacy Risk in Machine Learning", CSF 2018, §3.2; Song & Mittal, USENIX Security 2021, §4.
 */
import { checkKeys, checkOneOf } from '../core/options';
import { softmax, trueClassLogOdds } from '../metrics/probabilities';
import { THRESHOLD_SCORES, thresholdScores, type ThresholdScore } from '../metrics/thresholdmia';
import type { Predictions } from '../model/predict';
import { separation } from './separation';
import type { MembershipAttack } from './types';

/** Options of {@link thresholdMia}. */
export interface ThresholdMiaOptions {
  /**
   * What the threshold is put on. `entropy` needs no labels; the others read the true class. `loss` orders examples as `confidence`
   * does, but still tells them apart where probabilities are rounded to 1. @default 'confidence'
   */
  readonly score?: ThresholdScore;
}

/**
 * Attack by a threshold on one score, the best one in hindsight. Its name is `threshold-` and the score's, such as
 * `threshold-confidence`. It averages over the whole set, so that it understates what single examples give away: prefer `rmia` where
 * reference models can be trained.
 *
 * @throws AmunError `invalid-option`.
 */
export function thresholdMia(options: ThresholdMiaOptions = {}): MembershipAttack {
  checkKeys('thresholdMia', options, ['score']);
  const score = checkOneOf('thresholdMia: score', options.score ?? 'confidence', THRESHOLD_SCORES);
  const name = `threshold-${score}`;
  return {
    name,
    run: async ({ forget, retain, test }, run) => {
      const [forgotten, kept, unseen] = [forget, retain, test].map((set) => scoresOf(set, score));
      return {
        name,
        forgetVsTest: await separation(forgotten, unseen, `${name}/forget-test`, run),
        retainVsForget: await separation(kept, forgotten, `${name}/retain-forget`, run),
        details: { options: { score } },
      };
    },
  };
}

function scoresOf({ logits, labels, classCount }: Predictions, score: ThresholdScore): Float64Array {
  // A threshold sees only the order, and log-odds, which rise as the loss falls, never saturate.
  if (score === 'loss') return trueClassLogOdds(logits, labels, classCount);
  return thresholdScores({ probabilities: softmax(logits, classCount), labels }, classCount, score);
}
