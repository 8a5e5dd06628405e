/**
 * Divergences of two discrete distributions, given as weights that are normalised first (histogram counts will do).
 *
 *   KL(p‖q) = Σ p log(p / q)        JS(p, q) = ½ KL(p‖m) + ½ KL(q‖m),  m = (p + q) / 2
 *
 * As in SciPy (`entropy`, and the square of `jensenshannon`). Two known faults elsewhere: the arguments of KL swapped, and
 * the mean over classes taken for the sum.
 */
import { AmunError } from '../core/errors';
import { checkKeys, checkOneOf } from '../core/options';
import { checkFinite, checkLength } from './checks';

/** Options of {@link klDivergence} and {@link jensenShannon}. */
export interface DivergenceOptions {
  /** Base of the logarithm: e or 2. @default 'nats' */
  readonly unit?: 'nats' | 'bits';
}

function distributionsOf(where: string, p: ArrayLike<number>, q: ArrayLike<number>, options: DivergenceOptions) {
  checkKeys(where, options, ['unit']);
  const unit = checkOneOf(`${where}: unit`, options.unit ?? 'nats', ['nats', 'bits']);
  const first = normalised(`${where}: p`, p);
  checkLength(`${where}: q`, q, p.length, 'as many as p');
  return { first, second: normalised(`${where}: q`, q), scale: unit === 'bits' ? 1 / Math.LN2 : 1 };
}

function normalised(where: string, weights: ArrayLike<number>): Float64Array {
  checkFinite(where, weights);
  let sum = 0;
  for (let i = 0; i < weights.length; i += 1) {
    if (weights[i] < 0) {
      throw new AmunError(
        'invalid-inputs',
        `${where}: expected weights of at least 0, got ${weights[i]} at index ${i}.`,
      );
    }
    sum += weights[i];
  }
  if (sum === 0) throw new AmunError('invalid-inputs', `${where}: expected a weight above 0, got zeros only.`);
  return Float64Array.from(weights, (weight) => weight / sum);
}

function kl(p: Float64Array, q: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < p.length; i += 1) if (p[i] > 0) sum += p[i] * Math.log(p[i] / q[i]);
  return sum;
}

/**
 * Kullback–Leibler divergence of p from q, at least 0; Infinity where p has weight that q lacks. Lower means more alike.
 *
 * @param p Weights of at least 0, not all 0.
 * @param q As many weights.
 * @throws AmunError `invalid-inputs`, `size-mismatch`, `empty-set`, `invalid-option`.
 */
export function klDivergence(p: ArrayLike<number>, q: ArrayLike<number>, options: DivergenceOptions = {}): number {
  const { first, second, scale } = distributionsOf('klDivergence', p, q, options);
  return kl(first, second) * scale;
}

/**
 * Jensen–Shannon divergence: symmetric, always finite, in [0, ln 2] nats or [0, 1] bits. Lower means more alike. It is the
 * divergence; the Jensen–Shannon *distance* is its square root.
 *
 * @param p Weights of at least 0, not all 0.
 * @param q As many weights.
 * @throws AmunError `invalid-inputs`, `size-mismatch`, `empty-set`, `invalid-option`.
 */
export function jensenShannon(p: ArrayLike<number>, q: ArrayLike<number>, options: DivergenceOptions = {}): number {
  const { first, second, scale } = distributionsOf('jensenShannon', p, q, options);
  const middle = first.map((weight, i) => (weight + second[i]) / 2);
  // Rounding may leave a few ulps below 0 for equal inputs.
  return Math.max(0, ((kl(first, middle) + kl(second, middle)) / 2) * scale);
}
