/**
 * The search for nearest misclassified neighbours: the interface that every strategy implements.
 */
import type { Tensor, Tensor1D } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { RunOptions } from '../core/run';
import type { ExampleData } from '../data/examples';
import type { Classifier } from '../model/classifier';

/** Options of one search. */
export interface SearchRun extends RunOptions {
  /** Examples per gradient step. @default 128 */
  readonly batchSize?: number;
}

/**
 * One adversarial neighbour per example, in the examples' order. Owns its tensors: dispose it.
 */
export interface AdversarialSet {
  /** Neighbours [N, …input], in the examples' units and bounds. */
  readonly xs: Tensor;
  /** int32 [N]: the label that the model gives each neighbour. Where `found` is 0 it is the example's own label. */
  readonly ys: Tensor1D;
  /** Radius [N] in force when the label changed, in input units under the attack's norm. */
  readonly epsilons: Float32Array;
  /** Length [N] of the perturbation, in input units under the attack's norm; 0 for examples misclassified from the start. */
  readonly distances: Float32Array;
  /** 1 where a neighbour was found, else 0 [N]. */
  readonly found: Uint8Array;
  /** Gradients of single examples that were computed: what the search cost. */
  readonly gradientSteps: number;
  /** Disposes `xs` and `ys`. */
  dispose(): void;
}

/** A strategy that finds, for each example, the nearest input that the model puts into another class. */
export interface AdversarialSearch {
  /** Searches one neighbour per example. The model stays as it is, its batch-norm statistics included. */
  find(model: LayersModel | Classifier, examples: ExampleData, run?: SearchRun): Promise<AdversarialSet>;
}
