/**
 * What is done with a point that an attack says is misclassified: it is checked in a forward pass of its own, and moved back
 * towards its example by bisection as far as it stays misclassified.
 *
 *   x(t) = x_adv − (1 − t)(x_adv − x0);  t = 1 is x_adv to the bit
 *
 * The original code stores the first misclassified point. Along its own direction that is a median 6 % too far.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { ClassifierView } from '../model/classifier';
import { logitsOf } from '../model/logits';
import { intoBox } from './attacks/step';
import { FLIP_MARGIN, judgeRows, type Verdict } from './flips';
import type { Norm } from './norms';
import { perExample, readAndDispose } from './per-example';

/** Examples and the points that attacks ended at. The caller keeps the tensors. */
export interface Claims {
  /** Clean examples [B, …input]. */
  readonly x0: Tensor;
  /** Points said to be misclassified [B, …input]. */
  readonly xs: Tensor;
  /** True classes [B]. */
  readonly labels: Int32Array;
}

/** Checked points. The caller disposes `xs`. */
export interface Shortened {
  /** Points [B, …input], as near to their examples as bisection brought them. */
  readonly xs: Tensor;
  /** Their lengths under the norm [B]. */
  readonly distances: Float32Array;
  /** What the model makes of each. Where it is not flipped, the claim was wrong. */
  readonly verdicts: readonly Verdict[];
}

/**
 * The margin of the check is half of that of the attack: the attack's forward pass may have rounded differently, and half a
 * margin is still far more than rounding.
 */
const CHECK_MARGIN = FLIP_MARGIN / 2;

/** Checks claims, and shortens those that hold by `steps` bisections: to within 2^-steps of the way. */
export async function shorten(
  view: ClassifierView,
  claims: Claims,
  norm: Norm,
  { steps, checkpoint }: { readonly steps: number; readonly checkpoint: () => Promise<void> },
): Promise<Shortened> {
  const { labels } = claims;
  const judgeAt = (t: Float32Array, margin: number): Promise<readonly Verdict[]> =>
    judgePoints(view, pointsAt(view, claims, t), labels, margin);

  const near = new Float32Array(labels.length); // the largest t known to be classified right
  const far = new Float32Array(labels.length).fill(1); // the smallest known to be misclassified
  const verdicts = [...(await judgeAt(far, CHECK_MARGIN))];
  for (let step = 0; step < steps; step += 1) {
    await checkpoint();
    const middle = near.map((t, i) => (t + far[i]) / 2);
    (await judgeAt(middle, FLIP_MARGIN)).forEach((verdict, i) => {
      if (!verdicts[i].flipped || !verdict.flipped) near[i] = middle[i];
      else {
        far[i] = middle[i];
        verdicts[i] = verdict;
      }
    });
  }
  const xs = pointsAt(view, claims, far);
  try {
    return { xs, distances: await lengthsOf(xs, claims.x0, norm), verdicts };
  } catch (error) {
    xs.dispose();
    throw error;
  }
}

/** What the model makes of points [B, …input], which are disposed. */
export async function judgePoints(
  view: ClassifierView,
  points: Tensor,
  labels: Int32Array,
  margin: number,
): Promise<readonly Verdict[]> {
  const logits = await logitsOf(view, points).finally(() => {
    points.dispose();
  });
  return judgeRows(await readAndDispose(logits), view.classCount, labels, { margin });
}

/** Lengths of the rows of xs − x0 [B]. */
export function lengthsOf(xs: Tensor, x0: Tensor, norm: Norm): Promise<Float32Array> {
  return readAndDispose(tf.tidy(() => tf.reshape(norm.length(tf.sub(xs, x0)), [-1])));
}

/** Points [B, …input] on the lines from the examples through the claims, at t [B]: beyond the claims where t > 1. */
export function pointsAt(view: ClassifierView, { x0, xs }: Claims, t: Float32Array): Tensor {
  return tf.tidy(() => {
    const back = perExample(
      t.map((value) => 1 - value),
      xs.shape.length,
    );
    return intoBox(tf.sub(xs, tf.mul(back, tf.sub(xs, x0))), view.bounds);
  });
}
