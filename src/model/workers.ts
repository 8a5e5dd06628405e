/**
 * Workers as the rest of the library sees them: something that predicts and trains elsewhere, such as in the threads of
 * `amun-ts/node`. The core knows no threads.
 */
import { AmunError } from '../core/errors';
import { show } from '../core/options';
import type { Progress, RunControl } from '../core/run';
import type { LabelledData } from '../data/labelled';
import type { ClassifierView } from './classifier';
import type { FitOptions } from './fit';
import type { Predictions } from './predict';

/** Workers that take over parts of long calls, with the same results: `createWorkers()` of `amun-ts/node` makes them. */
export interface Workers {
  /** How many parts are worked on at a time. */
  readonly size: number;
}

/** A model to be trained on a part of a pool, and to predict all of it. */
export interface TrainingJob {
  readonly view: ClassifierView;
  readonly pool: LabelledData;
  /** Examples of the pool to train on. */
  readonly rows: Int32Array;
  readonly options: FitOptions;
  readonly onProgress: (progress: Progress) => void;
}

/** What workers do for the library. */
export interface ModelWorkers extends Workers {
  /** Logits of every example, as `predict` computes them. */
  predict(
    where: string,
    view: ClassifierView,
    data: LabelledData,
    run: { readonly control: RunControl; readonly signal?: AbortSignal | undefined },
  ): Promise<Predictions>;
  /** Trains a copy of the view's model by `fit`, and predicts the pool with it. */
  train(where: string, job: TrainingJob): Promise<Predictions>;
}

/** Where workers keep what they do for the library, whichever copy of it made them. */
export const MODEL_WORKERS = Symbol.for('amun-ts.workers');

/**
 * What the caller's workers can do.
 *
 * @throws AmunError `invalid-option`.
 */
export function modelWorkers(where: string, workers: Workers): ModelWorkers {
  const able = (workers as { [MODEL_WORKERS]?: ModelWorkers } | null | undefined)?.[MODEL_WORKERS];
  if (able !== undefined) return able;
  throw new AmunError(
    'invalid-option',
    `${where}: workers: expected what createWorkers() of amun-ts/node resolved to, got ${show(workers)}.`,
  );
}
