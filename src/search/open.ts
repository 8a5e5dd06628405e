/**
 * What attacks and searches check before they begin, in one place.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { AmunError } from '../core/errors';
import { claimModel } from '../core/locks';
import { checkInteger } from '../core/options';
import { checkRun } from '../core/run';
import type { ExampleData } from '../data/examples';
import type { LabelledData } from '../data/labelled';
import { openData } from '../data/open';
import { asClassifier, type Classifier, type ClassifierView } from '../model/classifier';
import { prepareModel, probeModel } from '../model/prepare';
import { allLayers, layersOf } from '../model/tfjs-layers';
import type { SearchRun } from './adversarial-search';

/** Examples per gradient step, unless told. */
const BATCH_SIZE = 128;

/** A model and data that may be searched, and the run's options filled in. */
export interface OpenedSearch {
  readonly view: ClassifierView;
  readonly data: LabelledData;
  readonly batchSize: number;
  readonly seed: number;
  /** Gives the model back. */
  release(): void;
}

/** What one caller checks beyond the others. */
interface ExtraChecks {
  /** Options it has besides those of a {@link SearchRun}. */
  readonly extraKeys?: readonly string[];
  /** Called with the data, before the first tensor is made. */
  readonly check?: (data: LabelledData) => void;
}

/** Views that a running search has checked: the attacks it calls batch by batch need not do so again. */
const checkedViews = new WeakSet<ClassifierView>();

/** Spares the attacks called with this view the checks of the model, until the function that comes back is called. */
export function markChecked(view: ClassifierView): () => void {
  checkedViews.add(view);
  return () => checkedViews.delete(view);
}

/**
 * Checks options, model and data, claims the model for reading, and tries one gradient.
 *
 * @throws AmunError `invalid-option`; what {@link prepareModel}, {@link openData} and {@link probeModel} throw; `invalid-inputs`
 *   for data that can only be read in order, or of whole numbers; `gradient-unsupported` for embeddings; `model-busy`.
 */
export async function openSearch(
  where: string,
  model: LayersModel | Classifier,
  examples: ExampleData,
  run: SearchRun | undefined,
  { extraKeys = [], check }: ExtraChecks = {},
): Promise<OpenedSearch> {
  checkRun(where, run, ['batchSize', ...extraKeys]);
  const { batchSize = BATCH_SIZE, seed = 0 } = run ?? {};
  checkInteger(`${where}: batchSize`, batchSize, { min: 1 });
  const isChecked = checkedViews.has(model as ClassifierView);
  const view = isChecked ? asClassifier(where, model) : await prepareModel(where, model, 'input-gradient');
  const release = view.isPrivate ? (): void => undefined : claimModel(view.model, 'read', where);
  try {
    if (!isChecked) checkContinuous(where, view);
    const data = await openSearchData(where, view, examples);
    check?.(data);
    if (!isChecked) await probe(where, view, data, run?.signal);
    return { view, data, batchSize, seed, release };
  } catch (error) {
    release();
    throw error;
  }
}

/** tfjs gives the indices of an embedding a gradient that means nothing. */
function checkContinuous(where: string, view: ClassifierView): void {
  const embedding = allLayers(layersOf(view.model)).find((layer) => layer.getClassName() === 'Embedding');
  if (embedding === undefined) return;
  throw new AmunError(
    'gradient-unsupported',
    `${where}: the layer '${embedding.name}' looks inputs up by number, so that they have no gradient to follow; use a search of your own for discrete inputs.`,
  );
}

async function openSearchData(where: string, view: ClassifierView, examples: ExampleData): Promise<LabelledData> {
  const [low, high] = view.bounds;
  const { inputShape, classCount } = view;
  const data = await openData(where, examples, { inputShape, classCount, bounds: { low, high } });
  if (data.sequential) {
    throw new AmunError(
      'invalid-inputs',
      `${where}: expected examples that can be read by index, got a source that can only be read in order; materialise it first.`,
    );
  }
  return data;
}

async function probe(where: string, view: ClassifierView, data: LabelledData, signal?: AbortSignal): Promise<void> {
  const { xs } = await data.gather(
    Int32Array.from({ length: Math.min(2, data.size) }, (_, i) => i),
    signal,
  );
  try {
    if (xs.dtype !== 'float32') {
      throw new AmunError(
        'invalid-inputs',
        `${where}: expected inputs of type float32, which can be moved by fractions, got ${xs.dtype}; convert them with tf.cast.`,
      );
    }
    await probeModel(where, view, xs, 'input-gradient');
  } finally {
    tf.dispose(xs);
  }
}
