/**
 * Figures of one model's predictions, before they are compared with a reference.
 */
import { AmunError } from '../core/errors';
import { RunControl } from '../core/run';
import { accuracy } from '../metrics/accuracy';
import { histogram, ksDistance } from '../metrics/histogram';
import { trueClassProbability } from '../metrics/probabilities';
import type { Predictions } from '../model/predict';
import { SETS } from './open-pool';
import type { Settings } from './settings';
import type { ConfidenceHistogram, EvaluatedSets, Evaluation, Interval, MembershipResult } from './types';
import { wilsonInterval } from './wilson';

/** What a single model's predictions tell. */
export type Figures = Omit<Evaluation, 'gaps' | 'averageGap' | 'averageGapSvc' | 'summary' | 'warnings' | 'durationMs'>;

/** How many examples each set has. */
export type Sizes = Evaluation['sizes'] & { readonly classCount: number };

/** Lets every attack refuse sets that it can't work with, before any work. */
export function checkAttacks({ attacks }: Settings, sizes: Sizes): void {
  for (const attack of attacks) attack.check?.(sizes);
}

/** Sizes of predicted sets. */
export function sizesOf({ forget, retain, test }: EvaluatedSets): Sizes {
  return {
    forget: forget.labels.length,
    retain: retain.labels.length,
    test: test.labels.length,
    classCount: forget.classCount,
  };
}

/** Computes all figures. Rejects with the signal's reason when aborted. */
export async function assess(sets: EvaluatedSets, settings: Settings, signal?: AbortSignal): Promise<Figures> {
  const { seed, resamples, attacks, bins } = settings;
  const [forget, retain, test] = SETS.map((set) => accuracyOf(sets[set]));
  const confidence = confidenceOf(sets, bins);
  const control = new RunControl({ signal }, 'attack', 'models', attacks.length);
  const membership: Record<string, MembershipResult> = {};
  for (const attack of attacks) {
    await control.checkpoint();
    membership[attack.name] = { ...(await attack.run(sets, { seed, signal, resamples })), name: attack.name };
  }
  await control.checkpoint();
  const { forget: forgetSize, retain: retainSize, test: testSize } = sizesOf(sets);
  return {
    forgetAccuracy: forget.share,
    forgetAccuracyInterval: forget.interval,
    retainAccuracy: retain.share,
    retainAccuracyInterval: retain.interval,
    testAccuracy: test.share,
    testAccuracyInterval: test.interval,
    confidence,
    membership,
    sizes: { forget: forgetSize, retain: retainSize, test: testSize },
    seed,
  };
}

function accuracyOf({ logits, labels, classCount }: Predictions): { share: number; interval: Interval } {
  const share = accuracy(logits, labels, classCount);
  return { share, interval: wilsonInterval(share, labels.length) };
}

function confidenceOf(sets: EvaluatedSets, bins: number): ConfidenceHistogram {
  const [forget, retain, test] = SETS.map((set) => {
    const { logits, labels, classCount } = sets[set];
    return trueClassProbability(logits, labels, classCount);
  });
  const shares = (values: Float64Array): number[] =>
    histogram(values, { bins }).counts.map((count) => count / values.length);
  return {
    forget: shares(forget),
    retain: shares(retain),
    test: shares(test),
    edges: histogram(forget, { bins }).edges,
    ksForgetTest: ksDistance(forget, test),
  };
}

/**
 * Refuses logits that are NaN or infinite, which finite weights may still produce: no figure means anything then.
 *
 * @throws AmunError `invalid-weights`.
 */
export function checkLogits(where: string, sets: EvaluatedSets): void {
  for (const set of SETS) {
    const { logits, classCount } = sets[set];
    const at = logits.findIndex((value) => !Number.isFinite(value));
    if (at < 0) continue;
    throw new AmunError(
      'invalid-weights',
      `${where}: the model puts out ${logits[at]} for example ${Math.floor(at / classCount)} of the ${set} set; its weights have grown too large. Restore it from a checkpoint taken before its training diverged.`,
    );
  }
}
