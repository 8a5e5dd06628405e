/**
 * The rounds of the search with a growing radius: each attacks the examples that are left, from where they are, within the
 * next radius.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { AmunError } from '../core/errors';
import { deriveSeed } from '../core/random';
import type { LabelledBatch } from '../data/labelled';
import type { AttackResult } from './attack';
import { logitsOf } from '../model/logits';
import { judgeRows } from './flips';
import { Neighbours } from './neighbours';
import { readAndDispose } from './per-example';
import { allRows, at, positionsOf } from './positions';
import { pickRows, RowCollector } from './row-collector';
import type { RoundsContext } from './rounds-context';
import { settle } from './settle';

/** Rows still without a neighbour, and where they have come to; absent at the examples themselves. */
interface Remaining {
  readonly rows: Int32Array;
  readonly xs?: Tensor;
}

/** Searches all rows. The caller disposes what comes back. */
export async function searchRounds(context: RoundsContext): Promise<Neighbours> {
  const neighbours = new Neighbours(context.examples.length);
  let remaining: Remaining | undefined;
  try {
    remaining = await screen(context, neighbours);
    for (const [round, radius] of context.radii.entries()) {
      if (remaining.rows.length === 0) break;
      const previous: Remaining = remaining;
      try {
        remaining = await searchRound(context, neighbours, previous, round);
      } finally {
        previous.xs?.dispose();
      }
      for (const row of remaining.rows) neighbours.giveUp(row, radius);
    }
    if (remaining.rows.length > 0) context.control.advance(remaining.rows.length);
    await addClean(context, neighbours);
    return neighbours;
  } catch (error) {
    neighbours.dispose();
    throw error;
  } finally {
    remaining?.xs?.dispose();
  }
}

/** Rows in batches, with the examples they stand for. */
async function* batches(
  { data, examples, batchSize, control, signal }: RoundsContext,
  rows: Int32Array,
): AsyncGenerator<LabelledBatch & { readonly rows: Int32Array; readonly start: number }> {
  for (let start = 0; start < rows.length; start += batchSize) {
    await control.checkpoint();
    const part = rows.slice(start, start + batchSize);
    const batch = await data.gather(
      part.map((row) => examples[row]),
      signal,
    );
    try {
      yield { ...batch, rows: part, start };
    } finally {
      batch.xs.dispose();
    }
  }
}

/** Settles what needs no attack: examples misclassified from the start, and those whose logits are not finite. */
async function screen(context: RoundsContext, neighbours: Neighbours): Promise<Remaining> {
  const { view, radii, control } = context;
  const left: number[] = [];
  for await (const { xs, labels, rows } of batches(context, allRows(neighbours.size))) {
    const verdicts = judgeRows(await readAndDispose(await logitsOf(view, xs)), view.classCount, labels);
    const flipped = positionsOf(rows, (i) => verdicts[i].flipped);
    if (flipped.length > 0) {
      const facts = flipped.map((i) => ({ label: verdicts[i].rival, epsilon: radii[0], distance: 0 }));
      neighbours.add(at(rows, flipped), pickRows(xs, flipped), facts);
    }
    const broken = positionsOf(rows, (i) => !verdicts[i].finite);
    for (const i of broken) neighbours.giveUp(rows[i], radii[0]);
    left.push(
      ...at(
        rows,
        positionsOf(rows, (i) => verdicts[i].finite && !verdicts[i].flipped),
      ),
    );
    control.advance(flipped.length + broken.length);
  }
  return { rows: Int32Array.from(left) };
}

async function searchRound(
  context: RoundsContext,
  neighbours: Neighbours,
  remaining: Remaining,
  round: number,
): Promise<Remaining> {
  const survivors = new RowCollector();
  try {
    for await (const batch of batches(context, remaining.rows)) {
      const size = batch.rows.length;
      const start = remaining.xs === undefined ? undefined : sliceRows(remaining.xs, batch.start, size);
      try {
        const result = await attackBatch(context, batch, start, round);
        try {
          await settle(context, neighbours, survivors, { batch, result, radius: context.radii[round] });
        } finally {
          tf.dispose([result.xs, result.ys]);
        }
      } finally {
        start?.dispose();
      }
    }
    return survivors.size === 0 ? { rows: new Int32Array() } : survivors.finish();
  } finally {
    survivors.dispose();
  }
}

async function attackBatch(
  { where, attack, view, radii, batchSize, seed, signal }: RoundsContext,
  { xs, labels, start: offset }: LabelledBatch & { readonly start: number },
  start: Tensor | undefined,
  round: number,
): Promise<AttackResult> {
  const ys = tf.tensor1d(labels, 'int32');
  try {
    const result = await attack.perturb(
      view,
      { xs, ys },
      {
        epsilon: new Float32Array(labels.length).fill(radii[round]),
        ...(start === undefined ? {} : { start }),
        batchSize,
        seed: deriveSeed(seed, 'attack', round, offset),
        ...(signal === undefined ? {} : { signal }),
      },
    );
    checkResult(where, result, xs);
    return result;
  } finally {
    ys.dispose();
  }
}

/** A strategy of the caller's may return anything. */
function checkResult(where: string, result: AttackResult, xs: Tensor): void {
  const fits = result?.xs !== undefined && tf.util.arraysEqual(result.xs.shape, xs.shape);
  if (fits && result.found?.length === xs.shape[0]) return;
  tf.dispose([result?.xs, result?.ys].filter((tensor) => tensor !== undefined));
  throw new AmunError(
    'callback-failed',
    `${where}: the attack's perturb() returned something else than { xs, ys, found } for ${xs.shape[0]} examples of shape [${xs.shape.slice(1)}].`,
  );
}

/** Gives every row that has no neighbour its clean example. */
async function addClean(context: RoundsContext, neighbours: Neighbours): Promise<void> {
  const missing = allRows(neighbours.size).filter((row) => neighbours.found[row] === 0);
  for await (const { xs, labels, rows } of batches(context, missing)) neighbours.addClean(rows, tf.clone(xs), labels);
}

function sliceRows(xs: Tensor, start: number, size: number): Tensor {
  return tf.slice(xs, [start, ...xs.shape.slice(1).map(() => 0)], [size, ...xs.shape.slice(1)]);
}
