/**
 * Logits of one batch as a step, so that an engine may compute them.
 */
import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core';
import { runStep } from '../core/engine';
import type { ClassifierView } from './classifier';

/** Logits [B, K] of inputs [B, …] in inference mode. The caller disposes them, and keeps `xs` until they are there. */
export async function logitsOf(view: ClassifierView, xs: Tensor): Promise<Tensor2D> {
  const [logits] = await runStep({
    key: `logits ${view.stepKey}`,
    owner: view.model,
    inputs: [xs],
    variables: view.variables.map(({ variable }) => variable),
    weights: 'fixed',
    compute: ([batch]) => [view.logits(batch)],
  });
  return logits as Tensor2D;
}
