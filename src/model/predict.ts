/**
 * Logits of whole data sets, batch by batch, on the host.
 */
import type { LabelledData } from '../data/labelled';
import type { RunControl } from '../core/run';
import type { ClassifierView } from './classifier';
import { logitsOf } from './logits';

/** Logits and labels of a data set, on the host. */
export interface Predictions {
  /** Logits [N, K], row-major. */
  readonly logits: Float32Array;
  /** Class ids [N]. */
  readonly labels: Int32Array;
  /** Classes K. */
  readonly classCount: number;
}

/** Examples per forward pass, unless told. */
export const PREDICT_BATCH = 256;

/** Logits of every example in inference mode. Rejects with the signal's reason when aborted. */
export async function predict(
  view: ClassifierView,
  data: LabelledData,
  control: RunControl,
  signal?: AbortSignal,
  batchSize = PREDICT_BATCH,
): Promise<Predictions> {
  const logits = new Float32Array(data.size * view.classCount);
  const labels = new Int32Array(data.size);
  for (let start = 0; start < data.size; start += batchSize) {
    await control.checkpoint();
    const indices = Int32Array.from({ length: Math.min(batchSize, data.size - start) }, (_, i) => start + i);
    const batch = await data.gather(indices, signal);
    try {
      const output = await logitsOf(view, batch.xs);
      logits.set(await output.data(), start * view.classCount);
      output.dispose();
    } finally {
      batch.xs.dispose();
    }
    labels.set(batch.labels, start);
    control.advance(indices.length);
  }
  return { logits, labels, classCount: view.classCount };
}
