/**
 * RMIA against a model, with reference models trained beforehand: see `rmiaScores` for the score. Figures as AMUN has them: every
 * example of the pool is scored against all others, and sets are compared on equally large random parts of each.
 */
import { AmunError } from '../core/errors';
import { checkKeys, checkOneOf } from '../core/options';
import { randomStream } from '../core/random';
import { RunControl } from '../core/run';
import { rmiaScores } from '../metrics/rmia';
import { membershipSignals, type SignalOptions } from '../metrics/signals';
import { SETS } from './open-pool';
import { checkReferenceSet, poolSize, type ReferenceSet } from './reference-set';
import { separation } from './separation';
import type { MembershipRun, EvaluatedSets, MembershipAttack, MembershipResult } from './types';

/** Options of {@link rmia}. The defaults are the RMIA and AMUN papers' for CIFAR-10. */
export interface RmiaAttackOptions extends SignalOptions {
  /** Reference models of the same pool: what `trainReferences` returned for this split. */
  readonly references: ReferenceSet;
  /**
   * `online` averages all references, of which half were trained on the example; `offline` only those that weren't, which suits an
   * attacker who can't train on it. @default 'online'
   */
  readonly mode?: 'online' | 'offline';
  /** How many times higher an example's ratio must be than another's. Above 0. @default 2 */
  readonly gamma?: number;
  /** a of the offline average, in [0, 1]. Online doesn't read it. @default 0.3 */
  readonly offlineA?: number;
  /** Share of references cut from each end before averaging, in [0, 0.5). @default 0 */
  readonly trim?: number;
  /** What an example is compared with: all others, as AMUN has it, or the test set, as RMIA's paper. @default 'all' */
  readonly population?: 'all' | 'test';
  /**
   * `equal` compares sets on random parts as large as the smaller one, as AMUN has it; `all` uses every example, for narrower
   * intervals and finer false-positive rates. @default 'equal'
   */
  readonly samples?: 'equal' | 'all';
  /** @default 'taylor-soft-margin' */
  readonly signal?: NonNullable<SignalOptions['signal']>;
  /** @default 2 */
  readonly temperature?: number;
}

const WHERE = 'rmia';
const SIGNAL_KEYS = ['signal', 'temperature', 'margin', 'order', 'compat'];
const KEYS = ['references', 'mode', 'gamma', 'offlineA', 'trim', 'population', 'samples', ...SIGNAL_KEYS];

/** Options in force, as plain JSON. */
type Resolved = ReturnType<typeof resolve>;

function resolve(options: Omit<RmiaAttackOptions, 'references'>) {
  const { signal = 'taylor-soft-margin', temperature = 2, margin = 0.6, order = 4, compat } = options;
  const { mode = 'online', gamma = 2, offlineA = 0.3, trim = 0 } = options;
  const resolved = {
    signal: { signal, temperature, margin, order, ...(compat === undefined ? {} : { compat }) },
    score: { mode, gamma, offlineA, trim },
    population: checkOneOf(`${WHERE}: population`, options.population ?? 'all', ['all', 'test']),
    samples: checkOneOf(`${WHERE}: samples`, options.samples ?? 'equal', ['equal', 'all']),
  };
  // A trial run, so that each option is checked now, by the function that reads it.
  membershipSignals([0, 0], [0], 2, resolved.signal);
  rmiaScores({ target: [1, 1], references: [1, 1] }, resolved.score);
  return resolved;
}

/**
 * The RMIA attack, named `rmia`. Gives `forgetVsTest`, the AUC of the AMUN paper's "FT AUC", and `retainVsForget`.
 *
 * @throws AmunError `invalid-option`; `missing-reference` without references, or where an example has no reference that was (online)
 *   or wasn't trained on it; `size-mismatch`. In an evaluation of another pool than the references': `size-mismatch`,
 *   `class-count-mismatch`, `invalid-labels`.
 */
export function rmia(options: RmiaAttackOptions): MembershipAttack {
  checkKeys(WHERE, options, KEYS);
  const references = checkReferenceSet(`${WHERE}: references`, options?.references);
  const resolved = resolve(options);
  const models = modelsPerExample(references);
  const needed = resolved.score.mode === 'online' ? Math.min(models.in.min, models.out.min) : models.out.min;
  if (needed === 0) {
    throw new AmunError(
      'missing-reference',
      `${WHERE}: expected ${resolved.score.mode === 'online' ? 'references that were and others that were not' : 'a reference that was not'} trained on each example, got none for some; train more references, each on another half of the data.`,
    );
  }
  return {
    name: WHERE,
    check: (sizes) => checkPool(references, sizes),
    run: (sets, run) => attack(references, resolved, models, sets, run),
  };
}

/** Fewest and most references that were trained on an example (`in`) and that weren't (`out`). */
function modelsPerExample({ count, sizes, inclusion }: ReferenceSet) {
  const size = poolSize(sizes);
  let min = count;
  let max = 0;
  for (let example = 0; example < size; example += 1) {
    let included = 0;
    for (let i = example; i < inclusion.length; i += size) included += inclusion[i];
    min = Math.min(min, included);
    max = Math.max(max, included);
  }
  return { in: { min, max }, out: { min: count - max, max: count - min } };
}

function checkPool(
  references: ReferenceSet,
  sizes: { forget: number; retain: number; test: number; classCount: number },
): void {
  for (const set of SETS) {
    if (sizes[set] === references.sizes[set]) continue;
    throw new AmunError(
      'size-mismatch',
      `${WHERE}: the references were trained for ${references.sizes[set]} ${set} examples, the evaluation has ${sizes[set]}; train them on this split, or fit them to it with selectReferences().`,
    );
  }
  if (sizes.classCount !== references.classCount) {
    throw new AmunError(
      'class-count-mismatch',
      `${WHERE}: the references tell ${references.classCount} classes apart, the model ${sizes.classCount}.`,
    );
  }
}

async function attack(
  references: ReferenceSet,
  options: Resolved,
  models: ReturnType<typeof modelsPerExample>,
  sets: EvaluatedSets,
  run: MembershipRun,
): Promise<MembershipResult> {
  const scores = await poolScores(references, options, sets, run);
  const { forget, retain } = references.sizes;
  const of = {
    forget: scores.subarray(0, forget),
    retain: scores.subarray(forget, forget + retain),
    test: scores.subarray(forget + retain),
  };
  const compare = (positive: 'forget' | 'retain', negative: 'test' | 'forget') => {
    const name = `${WHERE}/${positive}-${negative}`;
    const parts =
      options.samples === 'all' ? [of[positive], of[negative]] : equalParts(of[positive], of[negative], run.seed, name);
    return separation(parts[0], parts[1], name, run);
  };
  return {
    name: WHERE,
    forgetVsTest: await compare('forget', 'test'),
    retainVsForget: await compare('retain', 'forget'),
    details: {
      options: { ...options.signal, ...options.score, population: options.population, samples: options.samples },
      references: references.count,
      inPerExample: models.in,
      outPerExample: models.out,
    },
  };
}

/** RMIA scores [N] of the pool, in its order. */
export async function poolScores(
  references: ReferenceSet,
  options: Pick<Resolved, 'signal' | 'score' | 'population'>,
  sets: EvaluatedSets,
  { signal }: Pick<MembershipRun, 'signal'> = {},
): Promise<Float64Array> {
  checkSameLabels(references, sets);
  const { count, classCount, sizes, labels, logits, inclusion } = references;
  const size = poolSize(sizes);
  const control = new RunControl({ signal }, WHERE, 'models', count);
  const target = Float64Array.from(
    SETS.flatMap((set) =>
      Array.from(membershipSignals(sets[set].logits, sets[set].labels, classCount, options.signal)),
    ),
  );
  const signals = new Float64Array(count * size);
  for (let model = 0; model < count; model += 1) {
    await control.checkpoint();
    const rows = logits.subarray(model * size * classCount, (model + 1) * size * classCount);
    signals.set(membershipSignals(rows, labels, classCount, options.signal), model * size);
  }
  await control.checkpoint();
  const from = sizes.forget + sizes.retain;
  const population =
    options.population === 'all' ? undefined : Int32Array.from({ length: sizes.test }, (_, i) => from + i);
  return rmiaScores({ target, references: signals, membership: inclusion, population }, options.score);
}

/** Another order, or other data, than the references saw would pass unnoticed otherwise. */
function checkSameLabels({ labels }: ReferenceSet, sets: EvaluatedSets): void {
  let at = 0;
  for (const set of SETS) {
    for (const [i, label] of sets[set].labels.entries()) {
      if (label !== labels[at]) {
        throw new AmunError(
          'invalid-labels',
          `${WHERE}: example ${i} of the ${set} set has label ${label}, but had ${labels[at]} when the references were trained; pass the same data in the same order, or fit the references to it with selectReferences().`,
        );
      }
      at += 1;
    }
  }
}

/** Random parts of both, as large as the smaller one. */
export function equalParts(a: Float64Array, b: Float64Array, seed: number, name: string): [Float64Array, Float64Array] {
  const size = Math.min(a.length, b.length);
  const part = (scores: Float64Array, side: string): Float64Array =>
    Float64Array.from(randomStream(seed, name, side).sample(scores.length, size), (i) => scores[i]);
  return [part(a, 'positive'), part(b, 'negative')];
}
