/**
 * What a search has found so far, example by example.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { AdversarialSet } from './adversarial-search';
import { adversarialSet } from './adversarial-set';
import { RowCollector } from './row-collector';

/** A neighbour as the host knows it. */
export interface Neighbour {
  readonly label: number;
  readonly epsilon: number;
  readonly distance: number;
}

/** Collects neighbours. It owns tensors until {@link finish}; dispose it in any case. */
export class Neighbours {
  gradientSteps = 0;
  readonly found: Uint8Array;
  readonly epsilons: Float32Array;
  readonly distances: Float32Array;
  private readonly labels: Int32Array;
  private readonly points = new RowCollector();

  constructor(readonly size: number) {
    this.found = new Uint8Array(size);
    this.epsilons = new Float32Array(size);
    this.distances = new Float32Array(size);
    this.labels = new Int32Array(size);
  }

  /** Takes over `xs`, the neighbours of these rows. */
  add(rows: Int32Array, xs: Tensor, facts: readonly Neighbour[]): void {
    this.points.add(rows, xs);
    rows.forEach((row, i) => {
      this.found[row] = 1;
      this.labels[row] = facts[i].label;
      this.epsilons[row] = facts[i].epsilon;
      this.distances[row] = facts[i].distance;
    });
  }

  /** Takes over `xs`, the clean examples of rows that have no neighbour, so that they pass for nothing else. */
  addClean(rows: Int32Array, xs: Tensor, labels: Int32Array): void {
    this.points.add(rows, xs);
    rows.forEach((row, i) => {
      this.labels[row] = labels[i];
    });
  }

  /** Notes the radius up to which a row was searched in vain. */
  giveUp(row: number, epsilon: number): void {
    this.epsilons[row] = epsilon;
  }

  /** The result, once there is a point for every row. */
  finish(): AdversarialSet {
    const { found, epsilons, distances, gradientSteps } = this;
    const { xs } = this.points.finish();
    return adversarialSet({ xs, ys: tf.tensor1d(this.labels, 'int32'), epsilons, distances, found, gradientSteps });
  }

  dispose(): void {
    this.points.dispose();
  }
}
