/**
 * Evaluation of any model, from arrays of logits alone.
 */
import { AmunError } from '../core/errors';
import { checkKeys, show } from '../core/options';
import { checkRun } from '../core/run';
import { checkClassLabels, checkRows } from '../metrics/checks';
import type { Predictions } from '../model/predict';
import { assess, checkAttacks, sizesOf } from './assess';
import { checkReferenceSizes } from './compare';
import { conclude } from './conclude';
import { type BySet, SETS } from './open-pool';
import { isEvaluation, resolveSettings, SETTING_KEYS } from './settings';
import type { EvaluatedSets, EvaluateOptions, Evaluation } from './types';

/** A model's outputs for a set of examples. */
export interface LogitSet {
  /** Row-major [N, K], finite. Of probabilities, pass their logarithms. */
  readonly logits: ArrayLike<number>;
  /** True class ids [N]. */
  readonly labels: ArrayLike<number>;
  /** K, at least 2. Of one sigmoid unit with logit z, pass rows [0, z]. */
  readonly classCount: number;
}

/** Options of {@link evaluateLogits}. */
export interface EvaluateLogitsOptions extends Omit<EvaluateOptions, 'reference' | 'onProgress' | 'workers'> {
  /** The retrained model's logits of the same examples, or its evaluation. */
  readonly reference?: BySet<LogitSet> | Evaluation;
}

const WHERE = 'evaluateLogits';

/**
 * Evaluates a model of which only the outputs are at hand, such as one in another framework. Same figures as `evaluate`.
 *
 * @throws AmunError `invalid-option`, `missing-retain`, `missing-test`, `invalid-inputs`, `invalid-labels`, `size-mismatch`,
 *   `class-count-mismatch`, `empty-set`; what the attacks throw. Rejects with the signal's reason when aborted.
 *
 * @example
 * ```ts
 * const evaluation = await evaluateLogits({
 *   forget: { logits: forgetLogits, labels: forgetLabels, classCount: 10 },
 *   retain: { logits: retainLogits, labels: retainLabels, classCount: 10 },
 *   test: { logits: testLogits, labels: testLabels, classCount: 10 },
 * });
 * ```
 */
export async function evaluateLogits(sets: BySet<LogitSet>, options: EvaluateLogitsOptions = {}): Promise<Evaluation> {
  const startedAt = performance.now();
  checkRun(WHERE, options, [...SETTING_KEYS, 'reference']);
  const settings = resolveSettings(WHERE, options);
  const { reference, signal } = options;
  const own = readSets(WHERE, sets);
  const sizes = sizesOf(own);
  const theirs =
    reference === undefined || isEvaluation(reference) ? reference : readSets(`${WHERE}: reference`, reference);
  if (theirs !== undefined) {
    checkReferenceSizes(WHERE, isEvaluation(theirs) ? theirs : { sizes: sizesOf(theirs) }, sizes);
  }
  checkAttacks(settings, sizes);
  const figures = await assess(own, settings, signal);
  const compared = theirs === undefined || isEvaluation(theirs) ? theirs : await assess(theirs, settings, signal);
  return conclude({ sets: own, figures, reference: compared, warnings: [], startedAt });
}

/** Checks logits and brings them into the form that attacks read. */
function readSets(where: string, sets: BySet<LogitSet>): EvaluatedSets {
  checkKeys(where, sets, SETS);
  const read = (set: keyof BySet<unknown>): Predictions => readSet(`${where}: ${set}`, set, sets?.[set]);
  const whole = { forget: read('forget'), retain: read('retain'), test: read('test') };
  for (const set of SETS) {
    if (whole[set].classCount === whole.forget.classCount) continue;
    throw new AmunError(
      'class-count-mismatch',
      `${where}: expected one class count, got ${whole.forget.classCount} for the forget set and ${whole[set].classCount} for the ${set} set.`,
    );
  }
  return whole;
}

const MISSING = { forget: 'invalid-inputs', retain: 'missing-retain', test: 'missing-test' } as const;

function readSet(where: string, name: keyof BySet<unknown>, set: LogitSet | undefined): Predictions {
  if (typeof set !== 'object' || (set as unknown) === null) {
    throw new AmunError(MISSING[name], `${where}: expected { logits, labels, classCount }, got ${show(set)}.`);
  }
  const { logits, labels, classCount } = set;
  const size = checkRows(`${where}: logits`, logits, classCount);
  checkClassLabels(`${where}: labels`, labels, size, classCount);
  return { logits: Float32Array.from(logits), labels: Int32Array.from(labels), classCount };
}
