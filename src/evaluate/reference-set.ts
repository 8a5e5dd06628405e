/**
 * What reference models say about a pool of examples: all that reference attacks need of them, as plain arrays. The models
 * themselves are gone by then.
 */
import { AmunError } from '../core/errors';
import { show } from '../core/options';

/** Sizes of the three parts of a pool. */
export interface PoolSizes {
  /** The forget set. */
  readonly forget: number;
  /** The retain set. */
  readonly retain: number;
  /** The test set. */
  readonly test: number;
}

/**
 * Logits of R reference models on a pool of N examples (the forget set, then the retain set, then the test set), with what each
 * model was trained on. Made by `trainReferences`.
 */
export interface ReferenceSet {
  /** How many reference models there are, R. */
  readonly count: number;
  /** K. */
  readonly classCount: number;
  /** How many examples of the pool, in this order, belong to which set. They sum to N. */
  readonly sizes: PoolSizes;
  /** Class ids of the pool [N]. */
  readonly labels: Int32Array;
  /** Row-major [R, N]: 1 where the model was trained on the example, else 0. */
  readonly inclusion: Uint8Array;
  /** Row-major [R, N, K]. */
  readonly logits: Float32Array;
  /** How the models were trained, for the record: plain JSON. */
  readonly training: Readonly<Record<string, unknown>>;
}

/** Number of examples in a pool. */
export function poolSize({ forget, retain, test }: PoolSizes): number {
  return forget + retain + test;
}

/** Refuses what is not a reference set, or one whose arrays do not fit its counts. */
export function checkReferenceSet(where: string, value: unknown): ReferenceSet {
  const set = value as Partial<ReferenceSet> | null | undefined;
  if (typeof set !== 'object' || set?.sizes === undefined) {
    throw new AmunError(
      'missing-reference',
      `${where}: expected references as trainReferences() makes them, got ${show(value)}.`,
    );
  }
  const { count = 0, classCount = 0 } = set;
  const size = poolSize(set.sizes);
  const expected = { labels: size, inclusion: count * size, logits: count * size * classCount };
  for (const key of ['labels', 'inclusion', 'logits'] as const) {
    if (set[key]?.length !== expected[key] || expected[key] === 0) {
      throw new AmunError(
        'size-mismatch',
        `${where}: ${key}: expected ${expected[key]} entries for ${count} models, ${size} examples and ${classCount} classes, got ${set[key]?.length ?? 'none'}.`,
      );
    }
  }
  return set as ReferenceSet;
}

/** Indices into a pool, for each set of another split of it. */
export interface PoolIndices {
  /** Positions of the forget set. */
  readonly forget: ArrayLike<number>;
  /** Positions of the retain set. */
  readonly retain: ArrayLike<number>;
  /** Positions of the test set. */
  readonly test: ArrayLike<number>;
}

/**
 * The same references for another split of the same pool: another forget set needs no new models. Position i of the old pool is
 * example i of forget, retain and test, put one after the other.
 *
 * @throws AmunError `missing-reference`, `size-mismatch`; `empty-set` for an empty list; `invalid-option` for an index outside the
 *   pool; `split-overlap` for an example that is named twice.
 */
export function selectReferences(references: ReferenceSet, indices: PoolIndices): ReferenceSet {
  const where = 'selectReferences';
  const { count, classCount, sizes, labels, inclusion, logits } = checkReferenceSet(where, references);
  const from = poolSize(sizes);
  const chosen = chosenIndices(where, indices, from);
  const size = chosen.length;
  const selected = {
    labels: chosen.map((index) => labels[index]),
    inclusion: new Uint8Array(count * size),
    logits: new Float32Array(count * size * classCount),
  };
  for (let model = 0; model < count; model += 1) {
    chosen.forEach((index, i) => {
      const source = model * from + index;
      const target = model * size + i;
      selected.inclusion[target] = inclusion[source];
      selected.logits.set(logits.subarray(source * classCount, (source + 1) * classCount), target * classCount);
    });
  }
  const { forget, retain, test } = indices;
  return {
    ...references,
    ...selected,
    sizes: { forget: forget.length, retain: retain.length, test: test.length },
  };
}

function chosenIndices(where: string, indices: PoolIndices, size: number): Int32Array {
  const taken = new Uint8Array(size);
  const chosen: number[] = [];
  for (const part of ['forget', 'retain', 'test'] as const) {
    const list = Array.from(indices[part]);
    if (list.length === 0)
      throw new AmunError('empty-set', `${where}: ${part}: expected at least one index, got none.`);
    for (const index of list) {
      if (!Number.isInteger(index) || index < 0 || index >= size) {
        throw new AmunError(
          'invalid-option',
          `${where}: ${part}: expected indices from 0 to ${size - 1}, got ${show(index)}.`,
        );
      }
      if (taken[index] === 1) {
        throw new AmunError(
          'split-overlap',
          `${where}: ${part}: index ${index} is named twice; every example has one place.`,
        );
      }
      taken[index] = 1;
      chosen.push(index);
    }
  }
  return Int32Array.from(chosen);
}
