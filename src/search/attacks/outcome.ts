/**
 * What an attack has achieved so far, example by example.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { AttackResult } from '../attack';
import { RowCollector } from '../row-collector';

/** How an example's attack ended: misclassified, without a way on, or with its steps used up. */
export type Ending = 'found' | 'stuck' | 'out of steps';

/** Collects where examples end. It owns tensors until {@link finish}; dispose it in any case. */
export class Outcome {
  gradientSteps = 0;
  readonly points = new RowCollector();
  private readonly labels: Int32Array;
  private readonly found: Uint8Array;
  private readonly stuck: Uint8Array;

  constructor(size: number) {
    this.labels = new Int32Array(size);
    this.found = new Uint8Array(size);
    this.stuck = new Uint8Array(size);
  }

  /** Notes how one example ended; its point comes with {@link points}. */
  note(row: number, label: number, ending: Ending): void {
    this.labels[row] = label;
    this.found[row] = ending === 'found' ? 1 : 0;
    this.stuck[row] = ending === 'stuck' ? 1 : 0;
  }

  /** The result, once every example has ended. */
  finish(): AttackResult {
    const { xs } = this.points.finish();
    const { found, stuck, gradientSteps } = this;
    return { xs, ys: tf.tensor1d(this.labels, 'int32'), found, stuck, gradientSteps };
  }

  dispose(): void {
    this.points.dispose();
  }
}
