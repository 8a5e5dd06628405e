/**
 * Which examples to forget: the split of training data that unlearning and evaluation take.
 */
import * as tf from '@tensorflow/tfjs-core';
import { AmunError } from '../core/errors';
import { checkInteger, checkKeys, checkNumber, show } from '../core/options';
import { randomStream } from '../core/random';
import { batchPlan } from './batches';
import { checkedSize, checkIndices, takeExamples } from './combine';
import type { ExampleData, Examples, ExampleSource } from './examples';
import { isExampleSource } from './examples';
import { readLabels } from './labels';
import { openData } from './open';

/** What to forget, and what is known besides. */
export interface ForgetSplit {
  /** The training examples to forget. */
  readonly forget: ExampleData;
  /** The rest of the training data. Some methods and figures need it. */
  readonly retain?: ExampleData;
  /** Examples that the model was never trained on. Evaluation compares the forgotten ones with them. */
  readonly test?: ExampleData;
}

/** What a part of the data is: tensors of tensors, a view of a source. */
export type PartOf<Data extends ExampleData> = Data extends ExampleSource ? ExampleSource : Examples;

/** A split of one data set, with where each example lay in it. */
export interface IndexedSplit<Data extends ExampleData = ExampleData> extends ForgetSplit {
  /** The examples to forget. */
  readonly forget: Data;
  /** The examples to keep. */
  readonly retain: Data;
  /** Indices of the forget set in the data, in its order. */
  readonly forgetIndices: Int32Array;
  /** Indices of the retain set in the data, in its order. */
  readonly retainIndices: Int32Array;
  /** Indices of the test set, where it was taken from the same data. */
  readonly testIndices?: Int32Array;
  /** Disposes the tensors that the split made. The data, and a `test` that was passed in, stay the caller's. */
  dispose(): void;
}

/** Options of every split. */
export interface SplitOptions {
  /** Examples that the model was never trained on; passed on as they are. */
  readonly test?: ExampleData;
}

/** Options of splits that draw at random. */
export interface RandomSplitOptions extends SplitOptions {
  /** Seed of the draw. @default 0 */
  readonly seed?: number;
}

/** Options of {@link splitByClass}. */
export interface ClassSplitOptions extends RandomSplitOptions {
  /** Which part of the classes' examples to forget, drawn at random, in (0, 1]. @default 1 */
  readonly fraction?: number;
  /** Aborts reading the labels of a source. */
  readonly signal?: AbortSignal;
}

/** Index lists that share no example. */
export interface SplitIndices {
  /** Examples to forget. */
  readonly forget: ArrayLike<number>;
  /** Examples to keep. @default all that the other lists leave */
  readonly retain?: ArrayLike<number>;
  /** Examples of the same data that the model was not trained on. @default none */
  readonly test?: ArrayLike<number>;
}

const PARTS = ['forget', 'retain', 'test'] as const;
type Part = (typeof PARTS)[number];

/** What an {@link IndexedSplit} has besides. */
const INDEXED_KEYS = ['forgetIndices', 'retainIndices', 'testIndices', 'dispose'];

/**
 * Refuses a split with a key that no split has: a misspelt `retain` would be left out in silence.
 *
 * @throws AmunError `invalid-option` naming the key.
 */
export function checkSplitKeys(where: string, split: object): void {
  const known: readonly string[] = [...PARTS, ...INDEXED_KEYS];
  const key = Object.keys(split).find((candidate) => !known.includes(candidate));
  if (key === undefined) return;
  throw new AmunError(
    'invalid-option',
    `${where}: the split has a key '${key}', which is none of ${PARTS.join(', ')}; correct it, or leave it out.`,
  );
}

type Assigned = { forget: Int32Array; retain: Int32Array; test?: Int32Array };

/**
 * Checks each list, and that no example is in two or twice in one. What no list names is retained, unless `retain` is
 * given.
 */
function assign(where: string, lists: SplitIndices, size: number): Assigned {
  // Position in PARTS plus one, 0 for none: a byte per example, as there may be millions.
  const owner = new Uint8Array(size);
  const claim = (part: Part, list: ArrayLike<number>): Int32Array => {
    const indices = checkIndices(`${where}: ${part}`, list, size);
    for (const index of indices) {
      if (owner[index] !== 0) {
        const other = PARTS[owner[index] - 1];
        const both = other === part ? `twice in '${part}'` : `both in '${other}' and in '${part}'`;
        throw new AmunError('split-overlap', `${where}: index ${index} is ${both}; every example has one place.`);
      }
      owner[index] = PARTS.indexOf(part) + 1;
    }
    return indices;
  };
  const forget = claim('forget', lists.forget);
  const test = lists.test === undefined ? undefined : claim('test', lists.test);
  if (lists.retain !== undefined) return { forget, retain: claim('retain', lists.retain), test };
  const rest = Int32Array.from({ length: size }, (_, i) => i).filter((index) => owner[index] === 0);
  if (rest.length === 0) {
    throw new AmunError(
      'empty-set',
      `${where}: nothing is left to retain of ${size} examples; to forget without retain data, pass { forget: data } as the split.`,
    );
  }
  return { forget, retain: rest, test };
}

function buildSplit<Data extends ExampleData>(
  where: string,
  data: Data,
  { forget, retain, test }: Assigned,
  testData: ExampleData | undefined,
): IndexedSplit<PartOf<Data>> {
  const owned: ExampleData[] = [];
  const take = (indices: Int32Array): PartOf<Data> => {
    const examples = takeExamples(where, data, indices) as PartOf<Data>;
    owned.push(examples);
    return examples;
  };
  return {
    forget: take(forget),
    retain: take(retain),
    ...(test === undefined ? { test: testData } : { test: take(test), testIndices: test }),
    forgetIndices: forget,
    retainIndices: retain,
    dispose: () => {
      for (const examples of owned) if (!isExampleSource(examples)) tf.dispose([examples.xs, examples.ys]);
    },
  };
}

/**
 * Forgets the examples of these indices; the others are retained, or what an explicit `retain` list names. Of
 * tensors, the parts are new tensors, which `dispose()` of the result frees; of a source, views without copies.
 *
 * @throws AmunError `split-overlap` for an index in two places, `invalid-option` for one that is not whole or out of
 * range, `empty-set` when nothing is forgotten or nothing is left, `invalid-inputs` for a source that can only be
 * read in order.
 */
export function splitByIndices<Data extends ExampleData>(
  data: Data,
  indices: ArrayLike<number> | SplitIndices,
  options: SplitOptions = {},
): IndexedSplit<PartOf<Data>> {
  const where = 'splitByIndices';
  checkKeys(where, options, ['test']);
  const size = checkedSize(where, data);
  if (typeof indices !== 'object' || (indices as unknown) === null) {
    throw new AmunError('invalid-option', `${where}: expected an array of indices, got ${show(indices)}.`);
  }
  const lists = 'forget' in indices ? indices : { forget: indices };
  if ('forget' in indices) checkKeys(where, indices, ['forget', 'retain', 'test']);
  if (lists.test !== undefined && options.test !== undefined) {
    throw new AmunError('invalid-option', `${where}: test: pass either its indices or its examples, not both.`);
  }
  return buildSplit(where, data, assign(where, lists, size), options.test);
}

/** Draws `fraction` of the candidates, ascending; at least one. */
function draw(where: string, candidates: Int32Array, fraction: number, seed: number): Int32Array {
  const count = Math.round(fraction * candidates.length);
  if (count === 0) {
    throw new AmunError(
      'empty-set',
      `${where}: a fraction of ${fraction} of ${candidates.length} examples is less than one; choose a larger one.`,
    );
  }
  return randomStream(seed, where)
    .sample(candidates.length, count)
    .map((position) => candidates[position]);
}

/**
 * Forgets a random fraction of the data, in (0, 1), and retains the rest; the size is rounded. The same seed draws
 * the same examples. Ownership as with {@link splitByIndices}.
 *
 * @throws AmunError `invalid-option`, `empty-set`, `invalid-inputs`.
 */
export function splitByFraction<Data extends ExampleData>(
  data: Data,
  fraction: number,
  options: RandomSplitOptions = {},
): IndexedSplit<PartOf<Data>> {
  const where = 'splitByFraction';
  checkKeys(where, options, ['seed', 'test']);
  checkNumber(`${where}: fraction`, fraction, { above: 0, below: 1 });
  const seed = checkInteger(`${where}: seed`, options.seed ?? 0, { min: 0 });
  const all = Int32Array.from({ length: checkedSize(where, data) }, (_, i) => i);
  const forget = draw(where, all, fraction, seed);
  return buildSplit(where, data, assign(where, { forget }, all.length), options.test);
}

/** How many examples of a source are loaded at a time to learn their labels. */
const LABEL_BATCH = 128;

async function labelsOf(where: string, data: ExampleData, signal?: AbortSignal): Promise<Int32Array> {
  if (!isExampleSource(data)) return readLabels(where, data.ys);
  const opened = await openData(where, data, { inputShape: data.inputShape, classCount: data.classCount });
  const labels = new Int32Array(opened.size);
  for (const indices of batchPlan(opened.size, LABEL_BATCH, undefined)) {
    const batch = await opened.gather(indices, signal);
    tf.dispose(batch.xs);
    labels.set(batch.labels, indices[0]);
  }
  return labels;
}

/**
 * Forgets one or several classes, or a random fraction of their examples, and retains the rest. Reads all labels; of
 * a source that means loading it once. Ownership as with {@link splitByIndices}.
 *
 * @throws AmunError `invalid-option`, `empty-set` for a class without examples or when nothing is left,
 * `invalid-labels`, `invalid-inputs`.
 */
export async function splitByClass<Data extends ExampleData>(
  data: Data,
  classes: number | readonly number[],
  options: ClassSplitOptions = {},
): Promise<IndexedSplit<PartOf<Data>>> {
  const where = 'splitByClass';
  checkKeys(where, options, ['fraction', 'seed', 'test', 'signal']);
  options.signal?.throwIfAborted();
  const fraction = checkNumber(`${where}: fraction`, options.fraction ?? 1, { above: 0, max: 1 });
  const seed = checkInteger(`${where}: seed`, options.seed ?? 0, { min: 0 });
  const wanted = (Array.isArray(classes) ? classes : [classes]) as readonly number[];
  for (const id of wanted) checkInteger(`${where}: class`, id, { min: 0 });
  const size = checkedSize(where, data);
  const labels = await labelsOf(where, data, options.signal);
  for (const id of wanted) {
    if (!labels.includes(id)) throw new AmunError('empty-set', `${where}: no example has class ${id}.`);
  }
  const members = Int32Array.from({ length: size }, (_, i) => i).filter((i) => wanted.includes(labels[i]));
  if (members.length === 0) throw new AmunError('empty-set', `${where}: no classes were named; pass at least one.`);
  const forget = draw(where, members, fraction, seed);
  return buildSplit(where, data, assign(where, { forget }, size), options.test);
}
