/**
 * The examples of one batch that are still attacked. What has flipped or can't go on leaves, so that the work shrinks.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { ClassifierView } from '../../model/classifier';
import { logitsOf } from '../../model/logits';
import { oneHotLabels } from '../../model/losses';
import type { Norm } from '../norms';
import { perExample } from '../per-example';
import { pickRows } from '../row-collector';
import { runPgdStep, type StepOutputs } from './step';

/** What the host knows of each example in the batch. */
export interface BatchFacts {
  /** Numbers of the examples in the attack's call [B]. */
  readonly rows: Int32Array;
  /** Their true classes [B]. */
  readonly labels: Int32Array;
  /** Their radii [B]. */
  readonly epsilons: Float32Array;
}

/** Points on the backend with their facts on the host. It owns its tensors: dispose it. */
export class ActiveBatch {
  /** Takes over `x0`, the clean examples, and `x`, where they are now: both [B, …input]. */
  constructor(
    private readonly view: ClassifierView,
    private x0: Tensor,
    private x: Tensor,
    private facts: BatchFacts,
  ) {}

  get size(): number {
    return this.facts.rows.length;
  }

  get labels(): Int32Array {
    return this.facts.labels;
  }

  /** Computes a step. The caller disposes it. */
  async step(norm: Norm, stepSize: number): Promise<StepOutputs> {
    const { labels, epsilons } = this.facts;
    const oneHot = oneHotLabels(labels, this.view.classCount);
    const epsilon = perExample(epsilons, this.x.shape.length);
    try {
      return await runPgdStep(this.view, { x: this.x, x0: this.x0, oneHot, epsilon }, norm, stepSize);
    } finally {
      tf.dispose([oneHot, epsilon]);
    }
  }

  /** Logits [B, K] where the examples are now. The caller disposes them. */
  logits(): Promise<Tensor> {
    return logitsOf(this.view, this.x);
  }

  /** Numbers and present points of the examples at these positions. The caller disposes the points. */
  pick(positions: readonly number[]): { rows: Int32Array; xs: Tensor } {
    const rows = Int32Array.from(positions, (position) => this.facts.rows[position]);
    return { rows, xs: positions.length === this.size ? tf.clone(this.x) : pickRows(this.x, positions) };
  }

  /** Moves the examples at these positions to their rows of `next`, and lets the others go. The caller keeps `next`. */
  advance(next: Tensor, positions: readonly number[]): void {
    const { rows, labels, epsilons } = this.facts;
    if (positions.length === rows.length) {
      this.x.dispose();
      this.x = tf.clone(next);
      return;
    }
    this.facts = {
      rows: Int32Array.from(positions, (i) => rows[i]),
      labels: Int32Array.from(positions, (i) => labels[i]),
      epsilons: Float32Array.from(positions, (i) => epsilons[i]),
    };
    if (positions.length === 0) return;
    const [x, x0] = [pickRows(next, positions), pickRows(this.x0, positions)];
    tf.dispose([this.x, this.x0]);
    this.x = x;
    this.x0 = x0;
  }

  dispose(): void {
    tf.dispose([this.x0, this.x]);
  }
}
