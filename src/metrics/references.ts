/**
 * Signals of a target model beside those of reference models, which shadow attacks (RMIA, LiRA) compare. Reference
 * models are trained on known parts of the data: a reference is IN for an example that it was trained on, else OUT.
 */
import { AmunError } from '../core/errors';
import { checkBits, checkFilled, checkFinite } from './checks';

/** Signals of N examples under the target and R reference models. */
export interface ReferenceSignals {
  /** The target model's signals [N]. */
  readonly target: ArrayLike<number>;
  /** The reference models' signals, row-major [R, N]. */
  readonly references: ArrayLike<number>;
  /** Row-major [R, N]: 1 where the reference was trained on the example, else 0. */
  readonly membership?: ArrayLike<number>;
}

/** Checks signals and returns R. */
export function checkReferenceSignals(where: string, signals: ReferenceSignals): number {
  checkFinite(`${where}: target`, signals.target);
  checkFilled(`${where}: references`, signals.references);
  const size = signals.target.length;
  if (signals.references.length % size !== 0) {
    throw new AmunError(
      'size-mismatch',
      `${where}: references: expected a multiple of ${size} entries (row-major [models, examples]), got ${signals.references.length}.`,
    );
  }
  checkFinite(`${where}: references`, signals.references);
  if (signals.membership !== undefined) {
    checkBits(`${where}: membership`, signals.membership, signals.references.length, 'one per entry of references');
  }
  return signals.references.length / size;
}

/**
 * The references' signals of one example: those of models that were (`member` 1) or weren't (0) trained on it, or all.
 *
 * @throws AmunError `missing-reference` when there is none.
 */
export function referencesOf(where: string, signals: ReferenceSignals, example: number, member?: 0 | 1): Float64Array {
  const { references, membership, target } = signals;
  const chosen: number[] = [];
  for (let i = example; i < references.length; i += target.length) {
    if (member === undefined || (membership?.[i] ?? 0) === member) chosen.push(references[i]);
  }
  if (chosen.length > 0) return Float64Array.from(chosen);
  throw new AmunError(
    'missing-reference',
    `${where}: example ${example} has no reference model that was${member === 1 ? '' : "n't"} trained on it; ` +
      'train more references, each on another half of the data.',
  );
}
