/**
 * Labelled data made of other labelled data, without copies: what is gathered passes through.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { AmunError } from '../core/errors';
import type { RandomStream } from '../core/random';
import type { Augment } from './augment';
import { applyAugment } from './augment';
import { showShape } from './check';
import { pickLabels } from './labels';
import type { LabelledBatch, LabelledData } from './labelled';

function refuseSequential(data: LabelledData, purpose: string): void {
  if (!data.sequential) return;
  throw new AmunError(
    'invalid-inputs',
    `This data can only be read in order, so it cannot be ${purpose}; read it into memory with fromDataset(…, { mode: 'materialize' }).`,
  );
}

/** The same inputs with other labels [N]. */
export function relabel(data: LabelledData, labels: Int32Array): LabelledData {
  refuseSequential(data, 'given new labels');
  if (labels.length !== data.size) {
    throw new AmunError('size-mismatch', `relabel: expected ${data.size} labels, got ${labels.length}.`);
  }
  return {
    ...data,
    labels,
    gather: async (indices, signal) => ({
      xs: (await data.gather(indices, signal)).xs,
      labels: pickLabels(labels, indices),
    }),
  };
}

/** The examples of these indices as data of its own. */
export function subsetData(data: LabelledData, indices: Int32Array): LabelledData {
  refuseSequential(data, 'taken apart');
  return {
    ...data,
    size: indices.length,
    labels: data.labels === undefined ? undefined : pickLabels(data.labels, indices),
    gather: (positions, signal) => data.gather(pickLabels(indices, positions), signal),
  };
}

/**
 * Batches changed at random on their way out; `nextStream` is asked for each batch's stream, so the caller names it.
 */
export function augmented(data: LabelledData, augment: Augment, nextStream: () => RandomStream): LabelledData {
  return {
    ...data,
    gather: async (indices, signal) => {
      const { xs, labels } = await data.gather(indices, signal);
      return { xs: applyAugment(augment, xs, nextStream()), labels };
    },
  };
}

/** The rows of a batch that come from one part: where they lie in it, and where they go. */
interface PartRows {
  readonly part: LabelledData;
  readonly rows: number[];
  readonly positions: number[];
}

/** Sorts global indices by the part they lie in; parts that are not touched are left out. */
function rowsByPart(parts: readonly LabelledData[], indices: Int32Array): PartRows[] {
  const groups = parts.map((part): PartRows => ({ part, rows: [], positions: [] }));
  indices.forEach((index, position) => {
    let row = index;
    let p = 0;
    while (row >= parts[p].size) {
      row -= parts[p].size;
      p += 1;
    }
    groups[p].rows.push(row);
    groups[p].positions.push(position);
  });
  return groups.filter(({ rows }) => rows.length > 0);
}

/** Joins batches and puts their rows at `positions`. */
function joinBatches(batches: readonly LabelledBatch[], positions: Int32Array): LabelledBatch {
  const order = new Int32Array(positions.length);
  const labels = new Int32Array(positions.length);
  const joined = batches.flatMap((batch) => Array.from(batch.labels));
  positions.forEach((position, row) => {
    order[position] = row;
    labels[position] = joined[row];
  });
  const xs = tf.tidy(() => {
    const sameType = batches.every((batch) => batch.xs.dtype === batches[0].xs.dtype);
    const inputs = batches.map((batch): Tensor => (sameType ? batch.xs : tf.cast(batch.xs, 'float32')));
    const all = tf.concat(inputs, 0);
    return order.every((row, position) => row === position) ? all : tf.gather(all, tf.tensor1d(order, 'int32'));
  });
  return { xs, labels };
}

async function gatherAcross(groups: readonly PartRows[], signal: AbortSignal | undefined): Promise<LabelledBatch> {
  const batches: LabelledBatch[] = [];
  try {
    for (const { part, rows } of groups) batches.push(await part.gather(Int32Array.from(rows), signal));
    return joinBatches(batches, Int32Array.from(groups.flatMap(({ positions }) => positions)));
  } finally {
    tf.dispose(batches.map(({ xs }) => xs));
  }
}

function allLabels(parts: readonly LabelledData[]): Int32Array | undefined {
  const labels: number[] = [];
  for (const part of parts) {
    if (part.labels === undefined) return undefined;
    for (const label of part.labels) labels.push(label);
  }
  return Int32Array.from(labels);
}

/**
 * One part after the other: index i of the second part is `first.size + i`. A batch that lies in a single part costs no
 * copy. Sequential if any part is: such a part then gives its next examples wherever its indices are asked for.
 *
 * @throws AmunError `empty-set` without parts, `invalid-inputs` when their inputs differ in shape.
 */
export function concatData(parts: readonly LabelledData[]): LabelledData {
  if (parts.length === 0) throw new AmunError('empty-set', 'concatData: expected at least one part.');
  if (parts.length === 1) return parts[0];
  const { inputShape } = parts[0];
  for (const part of parts) {
    if (part.inputShape.join() !== inputShape.join()) {
      throw new AmunError(
        'invalid-inputs',
        `Inputs of shape ${showShape(inputShape)} and ${showShape(part.inputShape)} cannot be batched together; resize them to one shape.`,
      );
    }
  }
  const size = parts.reduce((sum, part) => sum + part.size, 0);
  return {
    size,
    inputShape,
    labels: allLabels(parts),
    sequential: parts.some((part) => part.sequential),
    gather: (indices, signal) => {
      const groups = rowsByPart(parts, indices);
      return groups.length === 1
        ? groups[0].part.gather(Int32Array.from(groups[0].rows), signal)
        : gatherAcross(groups, signal);
    },
  };
}
