/**
 * Models with initial weights that a seed determines: what retraining and reference models start from.
 */
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { AmunError } from '../core/errors';
import { asClassifier, type Classifier, type ClassifierView } from './classifier';
import { reinitializedModel } from './clone';
import { disposeModel } from './variables';

/**
 * Makes a new model with the initial weights that the seed determines, for example through the `seed` of tfjs' initializers. A
 * function that takes no parameter is called too: its model's weights are then drawn anew from the seed, each by its layer's own
 * initializer. The library disposes the models that it gets.
 */
export type BuildModel = (seed: number) => LayersModel | Classifier | Promise<LayersModel | Classifier>;

/**
 * Builds a model for the seed and reads it as a classifier. The caller disposes `view.model`.
 *
 * @param original - A model that `build` must not return: it is not the library's to train or dispose.
 * @throws AmunError `callback-failed` when `build` throws; `invalid-option` when it returns `original`; what `asClassifier` and
 *   `reinitializedModel` throw.
 */
export async function freshModel(
  where: string,
  build: BuildModel,
  seed: number,
  original?: LayersModel,
): Promise<ClassifierView> {
  const view = asClassifier(`${where}: build()`, await built(where, build, seed));
  if (view.model === original) {
    throw new AmunError('invalid-option', `${where}: build() returned the model to be retrained; return a new one.`);
  }
  if (build.length > 0) return view.withModel(view.model);
  try {
    return view.withModel(await reinitializedModel(where, view.model, seed));
  } finally {
    disposeModel(view.model);
  }
}

async function built(where: string, build: BuildModel, seed: number): Promise<LayersModel | Classifier> {
  try {
    return await build(seed);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new AmunError('callback-failed', `${where}: build() threw, which ends the run: ${reason}`, { cause });
  }
}
