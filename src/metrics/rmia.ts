/**
 * RMIA, the robust membership inference attack: an example looks like a member when the target model prefers it, against
 * reference models, more than it prefers most other data.
 *
 *   r(x) = p_target(x) / P(x)          score(x) = share of z in Z with r(x) / r(z) > γ
 *
 * P(x) is the average signal of models that may have seen x or not:
 *   online   mean of all references, about half of them trained on x
 *   offline  ½ ((1 + a) · mean of the references not trained on x + (1 − a))
 *
 * Zarifzadeh, Liu & Shokri, ICML 2024, §3. Settings of the published figures:
 *   AMUN       online, γ 2, plain mean, Z = every other example, members too
 *   the paper  γ 2, mean trimmed by 0.2 on each side, Z = the target's non-members
 *   Privacy Meter  offline, γ 1, plain mean, Z = separate examples that no reference was trained on
 *
 * Deviations from published code: an example is never compared with itself (the paper's code adds 1 to the count of
 * non-members in place of removing the pair); Z's references are all averaged (Privacy Meter keeps the larger half).
 * Counting takes O((N + |Z|) log |Z|) by sorting, also where signals are negative.
 */
import { AmunError } from '../core/errors';
import { checkInteger, checkKeys, checkNumber, checkOneOf } from '../core/options';
import { checkFilled } from './checks';
import { checkReferenceSignals, referencesOf } from './references';
import type { ReferenceSignals } from './references';

/** What {@link rmiaScores} compares. */
export interface RmiaInput extends ReferenceSignals {
  /**
   * Z: the data that examples are compared with. Signals of separate examples, or indices of examples in `target`.
   * @default every other example
   */
  readonly population?: ReferenceSignals | readonly number[] | Int32Array;
}

/** Options of {@link rmiaScores}. */
export interface RmiaOptions {
  /** Whether P(x) also averages references that were trained on x. `'offline'` reads `membership`. @default 'online' */
  readonly mode?: 'online' | 'offline';
  /** γ: how many times higher the ratio of x must be than that of z. Above 0. @default 2 */
  readonly gamma?: number;
  /** a of the offline average, in [0, 1]; the paper has 0.3 for CIFAR-10, 0.6 for CIFAR-100. Online doesn't read it. @default 0.3 */
  readonly offlineA?: number;
  /** Share of references cut from each end before averaging, in [0, 0.5); the paper has 0.2. @default 0 */
  readonly trim?: number;
}

/**
 * RMIA scores. Higher suggests membership; the ideal on forgotten examples is the retrained model's distribution.
 *
 * @param input Signals (see {@link membershipSignals}) of the target and R reference models. `membership` is needed
 *   offline where a reference was trained on an example; without it no reference was.
 * @returns [N] in [0, 1], multiples of 1 / |Z|.
 * @throws AmunError `invalid-inputs`, `invalid-labels`, `size-mismatch`, `empty-set`, `invalid-option`, `missing-reference`.
 */
export function rmiaScores(input: RmiaInput, options: RmiaOptions = {}): Float64Array {
  const where = 'rmiaScores';
  const resolved = resolve(where, options);
  checkReferenceSignals(where, input);
  const size = input.target.length;
  const { population } = input;
  if (population !== undefined && !isIndices(population)) {
    checkReferenceSignals(`${where}: population`, population);
    const counter = new ExceedanceCounter(ratiosOf(`${where}: population`, population, resolved), resolved.gamma);
    return ratiosOf(where, input, resolved).map((ratio) => counter.count(ratio) / counter.size);
  }
  const indices = population ?? Int32Array.from({ length: size }, (_, i) => i);
  const compared = selection(where, indices, size);
  const ratios = ratiosOf(where, input, resolved);
  const counter = new ExceedanceCounter(
    Float64Array.from(indices, (i) => ratios[i]),
    resolved.gamma,
  );
  return ratios.map((ratio, i) => {
    if (compared[i] === 0) return counter.count(ratio) / counter.size;
    const itself = exceeds(ratio, ratio, resolved.gamma) ? 1 : 0;
    return (counter.count(ratio) - itself) / (counter.size - 1);
  });
}

function resolve(where: string, options: RmiaOptions): Required<RmiaOptions> {
  checkKeys(where, options, ['mode', 'gamma', 'offlineA', 'trim']);
  const { mode = 'online', gamma = 2, offlineA = 0.3, trim = 0 } = options;
  checkOneOf(`${where}: mode`, mode, ['online', 'offline']);
  checkNumber(`${where}: gamma`, gamma, { above: 0 });
  checkNumber(`${where}: offlineA`, offlineA, { min: 0, max: 1 });
  checkNumber(`${where}: trim`, trim, { min: 0, below: 0.5 });
  return { mode, gamma, offlineA, trim };
}

function isIndices(population: NonNullable<RmiaInput['population']>): population is readonly number[] | Int32Array {
  return !('target' in population);
}

/** Checks that the population has distinct indices and leaves every example something to be compared with. */
function selection(where: string, indices: ArrayLike<number>, size: number): Uint8Array {
  checkFilled(`${where}: population`, indices);
  const selected = new Uint8Array(size);
  for (let i = 0; i < indices.length; i += 1) {
    checkInteger(`${where}: population[${i}]`, indices[i], { min: 0, below: size });
    if (selected[indices[i]] === 1) {
      throw new AmunError(
        'invalid-inputs',
        `${where}: population: index ${indices[i]} occurs twice; each z counts once.`,
      );
    }
    selected[indices[i]] = 1;
  }
  if (indices.length === 1) {
    throw new AmunError('empty-set', `${where}: population: its only example can't be compared with itself; add more.`);
  }
  return selected;
}

/** r = p_target / P of each example. */
function ratiosOf(where: string, signals: ReferenceSignals, options: Required<RmiaOptions>): Float64Array {
  const { mode, offlineA, trim } = options;
  return Float64Array.from(signals.target, (target, i) => {
    const average = trimmedMean(referencesOf(where, signals, i, mode === 'offline' ? 0 : undefined), trim);
    const expected = mode === 'offline' ? ((1 + offlineA) * average + (1 - offlineA)) / 2 : average;
    // Signals that underflow in every model say nothing either way.
    return target === 0 && expected === 0 ? 1 : target / expected;
  });
}

/** Mean without the lowest and highest ⌊cut · n⌋ values, as in scipy.stats.trim_mean. */
function trimmedMean(values: Float64Array, cut: number): number {
  const dropped = Math.floor(cut * values.length);
  const kept = dropped === 0 ? values : values.sort().subarray(dropped, values.length - dropped);
  let sum = 0;
  for (const value of kept) sum += value;
  return sum / kept.length;
}

/** Whether ratio / other > γ, without the division. */
function exceeds(ratio: number, other: number, gamma: number): boolean {
  if (other === 0) return ratio > 0;
  return other > 0 ? ratio > gamma * other : ratio < gamma * other;
}

/** Counts, for a ratio, how many of a population it {@link exceeds} by γ. */
class ExceedanceCounter {
  readonly size: number;
  private readonly positive: Float64Array;
  private readonly negative: Float64Array;
  private readonly zeros: number;

  constructor(ratios: Float64Array, gamma: number) {
    this.size = ratios.length;
    this.positive = ratios
      .filter((z) => z > 0)
      .map((z) => gamma * z)
      .sort();
    this.negative = ratios
      .filter((z) => z < 0)
      .map((z) => gamma * z)
      .sort();
    this.zeros = this.size - this.positive.length - this.negative.length;
  }

  count(ratio: number): number {
    const belowRatio = lowerBound(this.positive, ratio);
    // From the other end: entries strictly above the ratio.
    const aboveRatio = this.negative.length - upperBound(this.negative, ratio);
    return belowRatio + aboveRatio + (ratio > 0 ? this.zeros : 0);
  }
}

/** How many sorted values are below `limit`. */
function lowerBound(sorted: Float64Array, limit: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle] < limit) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** How many sorted values are at most `limit`. */
function upperBound(sorted: Float64Array, limit: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle] <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}
