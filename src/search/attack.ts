/**
 * Attacks within a fixed radius: what searches with a growing radius are built on.
 */
import type { Tensor, Tensor1D } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { Examples } from '../data/examples';
import type { Classifier } from '../model/classifier';
import type { SearchRun } from './adversarial-search';

/** Options of one attack. */
export interface AttackRun extends SearchRun {
  /** Radius of the ball around each example, in input units under the attack's norm: one number, or one per example [N]. */
  readonly epsilon: number | Float32Array;
  /** Where to start [N, …input], for a warm start. The caller keeps it. @default the examples themselves */
  readonly start?: Tensor;
}

/** Where an attack ended. The caller disposes `xs` and `ys`. */
export interface AttackResult {
  /** Last iterate [N, …input]: the first misclassified one where `found`. */
  readonly xs: Tensor;
  /** int32 [N]: the label that the model gives `xs`. */
  readonly ys: Tensor1D;
  /** 1 where `xs` is misclassified, else 0 [N]. */
  readonly found: Uint8Array;
  /** 1 where going on is pointless [N]: the gradient is exactly zero or not finite. */
  readonly stuck: Uint8Array;
  /** Gradients of single examples that were computed. */
  readonly gradientSteps: number;
}

/** A norm by name: Euclidean, or largest absolute value. */
export type NormName = 'l2' | 'linf';

/** An attack within a fixed radius. */
export interface Attack {
  /** The norm under which radii and distances are measured. */
  readonly norm: NormName;
  /** Perturbs each example within its radius until the model puts it into another class than its label. */
  perturb(model: LayersModel | Classifier, examples: Examples, run: AttackRun): Promise<AttackResult>;
}
