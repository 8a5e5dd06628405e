/**
 * Makes the result of a search: for the library's own strategies and for yours.
 */
import type { Tensor } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { AmunError } from '../core/errors';
import type { AdversarialSet } from './adversarial-search';

/**
 * An {@link AdversarialSet} of these parts, with the `dispose` that they lack. It takes over `xs` and `ys`.
 *
 * @throws AmunError `size-mismatch` when the parts speak of different numbers of examples.
 *
 * @example
 * ```ts
 * class MySearch implements AdversarialSearch {
 *   async find(model, examples) {
 *     // …
 *     return adversarialSet({ xs, ys, epsilons, distances, found, gradientSteps: 0 });
 *   }
 * }
 * ```
 */
export function adversarialSet(parts: Omit<AdversarialSet, 'dispose'>): AdversarialSet {
  const { xs, ys, epsilons, distances, found, gradientSteps } = parts;
  const size = xs.shape[0];
  const sizes = { ys: ys.shape[0], epsilons: epsilons.length, distances: distances.length, found: found.length };
  for (const [name, length] of Object.entries(sizes)) {
    if (length === size) continue;
    throw new AmunError('size-mismatch', `adversarialSet: xs holds ${size} examples, but ${name} has ${length}.`);
  }
  const dispose = (): void => {
    tf.dispose([xs, ys] as Tensor[]);
  };
  return { xs, ys, epsilons, distances, found, gradientSteps, dispose };
}
