/**
 * Retraining without the forget set: exact unlearning, and what every other method is measured by.
 */
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { AmunError } from '../core/errors';
import { checkKeys, checkOptionalFunction } from '../core/options';
import { reinitializedModel } from '../model/clone';
import { showShape } from '../data/check';
import type { ClassifierView } from '../model/classifier';
import { type BuildModel, freshModel } from '../model/fresh';
import { copyWeights, disposeModel } from '../model/variables';
import type { EpochPlan, RunContext } from './context';
import { resolveTraining, TRAINING_KEYS, type TrainingOptions } from './options';
import type { UnlearnRun } from './types';
import { Unlearner } from './unlearner';

/** Options of {@link Retrain}. */
export interface RetrainOptions extends TrainingOptions {
  /**
   * Makes an untrained model for a seed. One that takes no seed gets its initial weights redrawn from it, by its layers' own
   * initializers. @default the given model's architecture, redrawn
   */
  readonly build?: BuildModel;
}

/** Trains new weights on the retain set. Needs it. */
export class Retrain extends Unlearner {
  readonly name = 'Retrain';
  private readonly build: RetrainOptions['build'];

  /** @param options - 20 epochs, learning rate 0.1 falling along a cosine, unless told: pass what trained the original model. */
  constructor(options: RetrainOptions = {}) {
    checkKeys('Retrain', options, [...TRAINING_KEYS, 'build']);
    const { build, ...training } = options;
    super(resolveTraining('Retrain', training, { learningRate: 0.1, schedule: 'cosine', epochs: 20 }, []));
    this.build = checkOptionalFunction('Retrain: build', build);
  }

  override needsRetain(): boolean {
    return true;
  }

  override async workingView(where: string, view: ClassifierView, run: UnlearnRun): Promise<ClassifierView> {
    const fresh = view.withModel(await this.freshWeights(where, view, run.seed ?? 0));
    try {
      checkAlike(where, fresh, view);
      if (run.inPlace !== true) return fresh;
      copyWeights(where, fresh.variables, view.variables);
    } catch (error) {
      disposeModel(fresh.model);
      throw error;
    }
    disposeModel(fresh.model);
    return view.withModel(view.model);
  }

  /** An untrained model: what `build` makes, or the same architecture, its weights drawn from the seed. */
  private async freshWeights(where: string, view: ClassifierView, seed: number): Promise<LayersModel> {
    if (this.build === undefined) return reinitializedModel(where, view.model, seed);
    return (await freshModel(where, this.build, seed, view.model)).model;
  }

  plan(context: RunContext): EpochPlan {
    const passes = [{ name: 'retain', data: context.augmented(context.retain!) }];
    return () => passes;
  }
}

/** Checks that a new model takes the inputs and tells the classes that the old one did. */
function checkAlike(where: string, fresh: ClassifierView, view: ClassifierView): void {
  if (fresh.classCount !== view.classCount) {
    throw new AmunError(
      'class-count-mismatch',
      `${where}: build() made a model of ${fresh.classCount} classes, expected ${view.classCount}.`,
    );
  }
  if (fresh.inputShape.join() !== view.inputShape.join()) {
    throw new AmunError(
      'invalid-option',
      `${where}: build() made a model for inputs of shape ${showShape(fresh.inputShape)}, expected ${showShape(view.inputShape)}.`,
    );
  }
}
