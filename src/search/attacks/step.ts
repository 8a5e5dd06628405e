/**
 * One step of projected gradient ascent, from tensors to tensors, without host reads, so that an engine may compile it.
 *
 *   x' = clamp(x0 + project(x + stepSize · ε · direction(∇ loss(x)) − x0, ε))
 *
 * Source: Madry et al., "Towards Deep Learning Models Resistant to Adversarial Attacks" (2018), §2.1, with a step that is a
 * fraction of the radius as AMUN (Ali-E/AMUN, `pgdl2_modified.py`) takes it.
 * The loss is {@link logOdds} where the original has cross-entropy. Both gradients point the same way, so the steps are the same;
 * but cross-entropy's vanishes on confident examples, and the original adds 1e-10 to its length, so that there the step
 * depended on the batch size.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core';
import type { Bounds } from '../../core/bounds';
import { runStep } from '../../core/engine';
import type { ClassifierView } from '../../model/classifier';
import { inputGradient } from '../../model/gradients';
import { logOdds } from '../../model/losses';
import { type Norm, scaleRows } from '../norms';

/** Where the examples of a batch are. */
export interface StepInputs {
  /** Present points [B, …input]. */
  readonly x: Tensor;
  /** Clean examples [B, …input]. */
  readonly x0: Tensor;
  /** Their true classes [B, K]. */
  readonly oneHot: Tensor2D;
  /** Radii [B, 1, …]. */
  readonly epsilon: Tensor;
}

/** Where a step leads, and what was seen on the way. */
export type StepOutputs = {
  /** Next points [B, …input]. */
  readonly next: Tensor;
  /**
   * [B, K + 1]: the logits at the *present* points, and in the last column the gradient's length, up to a factor: 0 where it is
   * exactly zero, NaN where it is not finite. One tensor, so that it is read at once.
   */
  readonly report: Tensor2D;
};

/** Takes one step by the engine in use. The caller disposes what comes back, and keeps the inputs until then. */
export async function runPgdStep(
  view: ClassifierView,
  { x, x0, oneHot, epsilon }: StepInputs,
  norm: Norm,
  stepSize: number,
): Promise<StepOutputs> {
  const [next, report] = await runStep({
    key: `pgd ${norm.name} ${stepSize} ${view.stepKey}`,
    owner: view.model,
    inputs: [x, x0, oneHot, epsilon],
    variables: view.variables.map(({ variable }) => variable),
    weights: 'fixed',
    compute: ([x, x0, oneHot, epsilon]) => {
      const outputs = pgdStep(view, { x, x0, oneHot: oneHot as Tensor2D, epsilon }, norm, stepSize);
      return [outputs.next, outputs.report];
    },
  });
  return { next, report: report as Tensor2D };
}

/** One step, op by op. The caller disposes what comes back. */
export function pgdStep(view: ClassifierView, inputs: StepInputs, norm: Norm, stepSize: number): StepOutputs {
  return tf.tidy(() => {
    const { x, x0, oneHot, epsilon } = inputs;
    const { logits, gradient } = inputGradient(view, x, oneHot, logOdds);
    const scaled = scaleRows(gradient);
    const moved = tf.add(x, tf.mul(tf.mul(epsilon, stepSize), norm.direction(scaled)));
    const next = intoBall(moved, x0, epsilon, norm, view.bounds);
    return { next, report: tf.concat([logits, tf.reshape(scaled.length, [-1, 1])], 1) as Tensor2D };
  });
}

/** The points [B, …] moved into the ball around `x0`, then into the box: towards `x0`, so that they stay in the ball. */
export function intoBall(x: Tensor, x0: Tensor, epsilon: Tensor, norm: Norm, bounds: Bounds): Tensor {
  return tf.tidy(() => intoBox(tf.add(x0, norm.project(tf.sub(x, x0), epsilon)), bounds));
}

/** The points [B, …, channels] moved into the box. */
export function intoBox(x: Tensor, [low, high]: Bounds): Tensor {
  if (typeof low === 'number' && typeof high === 'number') return tf.clipByValue(x, low, high);
  const side = (bound: number | readonly number[]): Tensor | number =>
    typeof bound === 'number' ? bound : tf.tensor1d([...bound]);
  return tf.tidy(() => tf.maximum(tf.minimum(x, side(high)), side(low)));
}
