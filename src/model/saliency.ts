/**
 * SalUn's saliency mask: the weights that matter most for the examples to forget.
 *
 *   s = |Σ_batches ∇_θ (−CE)|,  m_i = 1 for the ⌊ratio · n⌋ largest s_i over all trainable weights together
 *
 * Source: Fan et al., "SalUn: Empowering Machine Unlearning via Gradient-based Weight Saliency", ICLR 2024, section 4. The
 * absolute value is taken after summing over batches, in inference mode, as the original code does. Unlike in that code the
 * forget images are not augmented, so the mask is a function of the data alone.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { LabelledBatch, LabelledData } from '../data/labelled';
import type { RunControl } from '../core/run';
import type { ClassifierView } from './classifier';
import { weightGradients } from './gradients';
import { crossEntropy, oneHotLabels } from './losses';
import type { WeightMask } from './sgd';

/** |summed gradient| of every trainable weight, by variable key. */
export async function weightSaliency(
  view: ClassifierView,
  data: LabelledData,
  batchSize: number,
  control: RunControl,
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, Float32Array>> {
  const sums = new Map<string, Float64Array>();
  for (let start = 0; start < data.size; start += batchSize) {
    await control.checkpoint();
    const indices = Int32Array.from({ length: Math.min(batchSize, data.size - start) }, (_, i) => start + i);
    const batch = await data.gather(indices, signal);
    const gradients = ascentGradients(view, batch);
    batch.xs.dispose();
    await accumulate(view, gradients, sums);
    control.advance(indices.length);
  }
  return new Map([...sums].map(([key, sum]) => [key, Float32Array.from(sum, Math.abs)]));
}

/** Gradients of −CE by tfjs variable name, in inference mode. */
function ascentGradients(view: ClassifierView, batch: LabelledBatch): tf.NamedTensorMap {
  return tf.tidy(() => {
    const oneHot = oneHotLabels(batch.labels, view.classCount);
    return weightGradients(view, batch.xs, oneHot, { loss: crossEntropy, mode: { kind: 'inference' }, scale: -1 })
      .gradients;
  });
}

async function accumulate(
  view: ClassifierView,
  gradients: tf.NamedTensorMap,
  sums: Map<string, Float64Array>,
): Promise<void> {
  for (const { key, variable, trainable } of view.variables) {
    if (!trainable) continue;
    const sum = sums.get(key) ?? new Float64Array(variable.size);
    sums.set(key, sum);
    const gradient = gradients[variable.name] as tf.Tensor | null | undefined;
    if (gradient === undefined || gradient === null) continue;
    const values = await gradient.data();
    gradient.dispose();
    for (let i = 0; i < sum.length; i += 1) sum[i] += values[i];
  }
}

/** The mask that keeps the `ratio` most salient weights trainable; of ties at the threshold, the first ones. */
export function saliencyMask(saliency: ReadonlyMap<string, Float32Array>, ratio: number): WeightMask {
  const total = [...saliency.values()].reduce((sum, values) => sum + values.length, 0);
  const kept = Math.floor(total * ratio);
  const all = new Float32Array(total);
  let offset = 0;
  for (const values of saliency.values()) {
    all.set(values, offset);
    offset += values.length;
  }
  const sorted = Float32Array.from(all).sort();
  const threshold = kept === 0 ? Infinity : sorted[total - kept];
  const above = all.reduce((count, value) => count + (value > threshold ? 1 : 0), 0);
  return bitsAt(saliency, threshold, kept - above);
}

function bitsAt(saliency: ReadonlyMap<string, Float32Array>, threshold: number, ties: number): WeightMask {
  let left = ties;
  const mask = new Map<string, Uint8Array>();
  for (const [key, values] of saliency) {
    mask.set(
      key,
      Uint8Array.from(values, (value) => {
        if (value > threshold) return 1;
        if (value < threshold || left === 0) return 0;
        left -= 1;
        return 1;
      }),
    );
  }
  return mask;
}
