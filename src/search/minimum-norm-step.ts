/**
 * One step of the minimum-norm search, from tensors to tensors, without host reads, so that an engine may compile it.
 *
 *   ε = ‖x − x0‖ − (m(x) − m*) / s,   where s is the growth of the margin m along d, the direction of unit length that it grows fastest in
 *   x' = clamp(x0 + project(x + α · ε · d − x0, ε))
 *
 * ε is where m would reach the target m* if it were linear: a Newton step for the radius, which grows while x is classified
 * right and shrinks while it is not. It may be held from above, so that each neighbour is nearer than the last, and from below.
 * Only inputs that can still move count for d and s: one on the side of its range that the gradient points beyond cannot.
 * Sources: the step is that of FMN (Pintor et al., "Fast Minimum-norm Adversarial Attacks through Adaptive Norm Constraints",
 * NeurIPS 2021, algorithm 1); the radius is DeepFool's (Moosavi-Dezfooli et al., CVPR 2016) where FMN has it until the first
 * neighbour and a factor close to 1 from then on.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core';
import { boxSides, type Bounds } from '../core/bounds';
import { runStep } from '../core/engine';
import { TINY } from '../core/float32';
import type { ClassifierView } from '../model/classifier';
import { inputGradient } from '../model/gradients';
import { margin, margins } from '../model/margin-loss';
import { intoBall, intoBox } from './attacks/step';
import { FLIP_MARGIN } from './flips';
import { type Norm, type ScaledRows, scaleRows } from './norms';

/** Where the examples of a batch are, and within which limits they move. */
export interface DescentInputs {
  /** Present points [B, …input]. */
  readonly x: Tensor;
  /** Clean examples [B, …input]. */
  readonly x0: Tensor;
  /** Their true classes [B, K]. */
  readonly oneHot: Tensor2D;
  /** Length of the step, as a fraction of the radius [B, 1, …]. */
  readonly stepSize: Tensor;
  /** Smallest radius [B, 1, …]. */
  readonly least: Tensor;
  /** Largest radius [B, 1, …]: it wins. */
  readonly most: Tensor;
}

/** Where a step leads, and what was seen on the way. */
export interface DescentOutputs {
  /** Next points [B, …input]. */
  readonly next: Tensor;
  /**
   * [B, K + 3]: the logits at the *present* points; the gradient's length there, up to a factor: 0 where nothing can move, NaN
   * where it is not finite; the present points' distance; the next points' radius.
   */
  readonly report: Tensor2D;
}

/** The target m*, in units of the margin that a flip needs: past it, so that rounding does not undo the flip. */
const TARGET = 2 * FLIP_MARGIN;

/** The radius shrinks to no less than this fraction of the distance in one step: m is not linear that far. */
const LEAST_SHRINK = 0.5;

/** Takes one step by the engine in use. The caller disposes what comes back, and keeps the inputs until then. */
export async function runDescentStep(view: ClassifierView, inputs: DescentInputs, norm: Norm): Promise<DescentOutputs> {
  const { x, x0, oneHot, stepSize, least, most } = inputs;
  const [next, report] = await runStep({
    key: `minimum norm ${norm.name} ${view.stepKey}`,
    owner: view.model,
    inputs: [x, x0, oneHot, stepSize, least, most],
    variables: view.variables.map(({ variable }) => variable),
    weights: 'fixed',
    compute: ([x, x0, oneHot, stepSize, least, most]) => {
      const outputs = descentStep(view, { x, x0, oneHot: oneHot as Tensor2D, stepSize, least, most }, norm);
      return [outputs.next, outputs.report];
    },
  });
  return { next, report: report as Tensor2D };
}

/** One step, op by op. The caller disposes what comes back. */
function descentStep(view: ClassifierView, inputs: DescentInputs, norm: Norm): DescentOutputs {
  const { x, x0, oneHot, stepSize, least, most } = inputs;
  const { logits, gradient } = inputGradient(view, x, oneHot, margin);
  const scaled = scaleRows(movable(x, gradient, view.bounds));
  const distance = norm.length(tf.sub(x, x0));
  const linear = tf.sub(distance, tf.div(excess(logits, oneHot, distance.shape), slope(norm, scaled)));
  const radius = tf.minimum(tf.maximum(tf.maximum(linear, tf.mul(distance, LEAST_SHRINK)), least), most);
  const moved = tf.add(x, tf.mul(tf.mul(radius, stepSize), norm.direction(scaled)));
  const columns = [scaled.length, distance, radius].map((column) => tf.reshape(column, [-1, 1]) as Tensor2D);
  return { next: intoBall(moved, x0, radius, norm, view.bounds), report: tf.concat([logits, ...columns], 1) };
}

/** m(x) − m* in the shape of figures per example. */
function excess(logits: Tensor2D, oneHot: Tensor2D, shape: number[]): Tensor {
  const largest = tf.maximum(tf.max(tf.abs(logits), 1, true), 1);
  return tf.reshape(tf.sub(margins(logits, oneHot), tf.mul(largest, TARGET)), shape);
}

function slope(norm: Norm, scaled: ScaledRows): Tensor {
  return tf.maximum(norm.slope(scaled), TINY);
}

/** The gradient [B, …] with zeros where following it leads out of the box at once. */
function movable(x: Tensor, gradient: Tensor, bounds: Bounds): Tensor {
  const stride = Math.max(...boxSides(bounds));
  const room = tf.sub(intoBox(tf.add(x, tf.mul(tf.sign(gradient), stride)), bounds), x);
  return tf.mul(gradient, tf.abs(tf.sign(room)));
}
