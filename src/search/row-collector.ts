/**
 * Rows of a tensor that become ready in any order, and end as one tensor in theirs.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** Rows `positions` of a tensor [N, …] as a new one [positions, …]. */
export function pickRows(xs: Tensor, positions: readonly number[] | Int32Array): Tensor {
  return tf.tidy(() => tf.gather(xs, tf.tensor1d(Array.from(positions), 'int32')));
}

/** Collects rows piece by piece. It owns its pieces until {@link finish}; dispose it in any case. */
export class RowCollector {
  private pieces: Tensor[] = [];
  private rows: number[] = [];

  /** How many rows there are. */
  get size(): number {
    return this.rows.length;
  }

  /** Takes over `xs` [B, …], which holds these rows in this order. */
  add(rows: readonly number[] | Int32Array, xs: Tensor): void {
    this.pieces.push(xs);
    for (const row of rows) this.rows.push(row);
  }

  /** All rows in ascending order, and their numbers; the caller disposes `xs`. The collector is empty afterwards. */
  finish(): { rows: Int32Array; xs: Tensor } {
    const order = this.rows.map((_, i) => i).sort((a, b) => this.rows[a] - this.rows[b]);
    const joined = this.pieces.length === 1 ? tf.clone(this.pieces[0]) : tf.concat(this.pieces, 0);
    // Freed before the rows are sorted, so that there are never three copies.
    this.dispose();
    const inOrder = order.every((position, i) => position === i);
    const rows = Int32Array.from(order, (position) => this.rows[position]);
    this.rows = [];
    if (inOrder) return { rows, xs: joined };
    try {
      return { rows, xs: pickRows(joined, order) };
    } finally {
      joined.dispose();
    }
  }

  dispose(): void {
    for (const piece of this.pieces) piece.dispose();
    this.pieces = [];
  }
}
