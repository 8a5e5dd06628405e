/**
 * Seeded random numbers. A stream is named: `randomStream(seed, 'batches', epoch)` gives the same draws whatever else was
 * drawn before, so that an epoch can be repeated or resumed without storing generator state.
 */
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/** A sequence of random draws that its seed and name determine. */
export interface RandomStream {
  /** An integer in [0, bound). */
  int(bound: number): number;
  /** A number in [0, 1). */
  float(): number;
  /** A standard normal number (Box-Muller). */
  normal(): number;
  /** A random order of 0 … size-1 (Fisher-Yates). */
  permutation(size: number): Int32Array;
  /** `count` distinct numbers of 0 … size-1, ascending. */
  sample(size: number, count: number): Int32Array;
}

/** FNV-1a over the name's UTF-16 code units: spreads stream names over 32-bit seeds. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return value | 0;
}

/** A 31-bit seed derived from a seed and a name, for libraries that take a number. */
export function deriveSeed(seed: number, ...name: readonly (string | number)[]): number {
  return randomStream(seed, 'derive', ...name).int(0x7fffffff);
}

/** The stream that `seed` and `name` determine. */
export function randomStream(seed: number, ...name: readonly (string | number)[]): RandomStream {
  const generator = xoroshiro128plus(hash(`${seed}/${name.join('/')}`));
  const int = (bound: number): number => uniformInt(generator, 0, bound - 1);
  const float = (): number => uniformFloat64(generator);

  const permutation = (size: number): Int32Array => {
    const order = Int32Array.from({ length: size }, (_, i) => i);
    for (let i = size - 1; i > 0; i -= 1) {
      const j = int(i + 1);
      const swapped = order[i];
      order[i] = order[j];
      order[j] = swapped;
    }
    return order;
  };

  return {
    int,
    float,
    normal: () => Math.sqrt(-2 * Math.log(1 - float())) * Math.cos(2 * Math.PI * float()),
    permutation,
    sample: (size, count) => permutation(size).slice(0, count).sort(),
  };
}
