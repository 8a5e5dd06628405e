/**
 * The three sets that an evaluation compares, checked and opened.
 */
import { AmunError } from '../core/errors';
import { show } from '../core/options';
import type { LabelledData } from '../data/labelled';
import { openData } from '../data/open';
import { checkSplitKeys, type ForgetSplit } from '../data/splits';
import type { ClassifierView } from '../model/classifier';
import { type Need, probeModel } from '../model/prepare';

/** One of what there is for each set. */
export interface BySet<T> {
  /** For the forget set. */
  readonly forget: T;
  /** For the retain set. */
  readonly retain: T;
  /** For the test set. */
  readonly test: T;
}

/** Names of the sets, in the order of a pool. */
export const SETS = ['forget', 'retain', 'test'] as const;

/** A split with all three sets. */
export type WholeSplit = ForgetSplit & Required<Pick<ForgetSplit, 'retain' | 'test'>>;

/**
 * Refuses a split that lacks a set. Reads nothing.
 *
 * @throws AmunError `invalid-inputs`, `invalid-option`, `missing-retain`, `missing-test`.
 */
export function checkWholeSplit(where: string, split: ForgetSplit): WholeSplit {
  if (
    typeof split !== 'object' ||
    (split as unknown) === null ||
    (split as Partial<ForgetSplit>).forget === undefined
  ) {
    const came = typeof split === 'object' && (split as unknown) !== null ? 'no forget set' : show(split);
    throw new AmunError('invalid-inputs', `${where}: expected a split { forget, retain, test }, got ${came}.`);
  }
  checkSplitKeys(where, split);
  if (split.retain === undefined) {
    throw new AmunError(
      'missing-retain',
      `${where}: expected retain data, which forgetting is compared with; pass { forget, retain, test } (splitByIndices() makes it).`,
    );
  }
  if (split.test === undefined) {
    throw new AmunError(
      'missing-test',
      `${where}: expected test data that the model was never trained on, which forgotten examples are compared with; pass { forget, retain, test }.`,
    );
  }
  return split as WholeSplit;
}

/** Opens the three sets as the model expects them, and runs the model on a few of their examples. */
export async function openPool(
  where: string,
  split: WholeSplit,
  view: ClassifierView,
  need: Need,
): Promise<BySet<LabelledData>> {
  const { inputShape, classCount } = view;
  const [low, high] = view.bounds;
  const open = (set: keyof BySet<unknown>): Promise<LabelledData> =>
    openData(`${where}: ${set}`, split[set], { inputShape, classCount, bounds: { low, high } });
  const opened = { forget: await open('forget'), retain: await open('retain'), test: await open('test') };
  await probe(where, view, Object.values(opened), need);
  return opened;
}

/** How many examples a model is tried on. */
const PROBE_SIZE = 2;

async function probe(where: string, view: ClassifierView, sets: readonly LabelledData[], need: Need): Promise<void> {
  // A sequential source would lose the examples that it gives here.
  const data = sets.find(({ sequential }) => !sequential);
  if (data === undefined) {
    if (view.headKind !== 'unknown') return;
    throw new AmunError(
      'ambiguous-outputs',
      `${where}: can't tell whether the model puts out logits or probabilities, as its last layer is not a known one; say it with classifier(model, { outputs }).`,
    );
  }
  const { xs } = await data.gather(Int32Array.from({ length: Math.min(PROBE_SIZE, data.size) }, (_, i) => i));
  try {
    await probeModel(where, view, xs, need);
  } finally {
    xs.dispose();
  }
}
