/**
 * The loop of the minimum-norm search: one batch that examples join, step through together, and leave.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { RunControl } from '../core/run';
import { Descender, type Sighting } from './descender';
import { DescentBatch } from './descent-batch';
import { judgeRows } from './flips';
import { Neighbours } from './neighbours';
import type { Norm } from './norms';
import type { OpenedSearch } from './open';
import { readAndDispose } from './per-example';
import { at, positionsOf } from './positions';
import { pickRows } from './row-collector';
import { keepVerified } from './verify';

/** What the search works with throughout. */
export interface DescentContext extends OpenedSearch {
  readonly norm: Norm;
  /** Steps of one descent. */
  readonly steps: number;
  /** Largest radius. */
  readonly maxEpsilon: number;
  /** Bisections along the found direction. */
  readonly refine: number;
  /** How far neighbours are moved on beyond the boundary, as a fraction of their distance. */
  readonly overshoot: number;
  readonly control: RunControl;
  readonly signal?: AbortSignal;
}

/** Searches all examples. The caller disposes what comes back. */
export async function descend(context: DescentContext): Promise<Neighbours> {
  const { view, data, norm, control } = context;
  const neighbours = new Neighbours(data.size);
  const batch = new DescentBatch(view, norm);
  try {
    let joined = 0;
    for (;;) {
      await control.checkpoint();
      joined += await fill(context, batch, joined);
      if (batch.size === 0) return neighbours;
      await stepOnce(context, neighbours, batch);
    }
  } catch (error) {
    neighbours.dispose();
    throw error;
  } finally {
    batch.dispose();
  }
}

/** Brings the batch to its full size, if there are examples left, and returns how many have joined. */
async function fill(context: DescentContext, batch: DescentBatch, joined: number): Promise<number> {
  const { data, batchSize, steps, maxEpsilon, signal } = context;
  const room = Math.min(batchSize - batch.size, data.size - joined);
  if (room <= 0) return 0;
  const rows = Int32Array.from({ length: room }, (_, i) => joined + i);
  const { xs, labels } = await data.gather(rows, signal);
  const descenders = Array.from(rows, (row, i) => new Descender(row, labels[i], steps, maxEpsilon));
  batch.join(descenders, xs);
  return room;
}

/** Takes one step with the batch, and lets those go that are done. */
async function stepOnce(context: DescentContext, neighbours: Neighbours, batch: DescentBatch): Promise<void> {
  const { next, report } = await batch.step();
  neighbours.gradientSteps += batch.size;
  try {
    const sightings = sightingsOf(context, batch, await readAndDispose(report));
    const states = batch.descenders.map((descender, i) => descender.see(sightings[i]));
    batch.remember(positionsOf(sightings, (i) => sightings[i].flipped));
    batch.moveTo(next);
    const arrived = positionsOf(states, (i) => states[i] === 'arrives');
    const ended = positionsOf(states, (i) => states[i] === 'ends here');
    if (arrived.length + ended.length === 0) return;
    const searching = await settle(context, neighbours, batch, arrived, ended);
    const staying = positionsOf(states, (i) => states[i] === 'goes on' || searching.has(i));
    context.control.advance(batch.size - staying.length);
    batch.keep(staying);
  } finally {
    next.dispose();
  }
}

/** What the step's report [B, K + 3] says of each example. */
function sightingsOf({ view }: DescentContext, batch: DescentBatch, report: Float32Array): readonly Sighting[] {
  const { classCount } = view;
  const width = classCount + 3;
  return judgeRows(report, classCount, batch.labels, { width }).map(({ flipped, finite }, i) => {
    const [length, distance, radius] = report.subarray(i * width + classCount, (i + 1) * width);
    // A neighbour in a corner of the box can't go on, but back.
    const movable = finite && Number.isFinite(length) && (length > 0 || flipped);
    return { flipped, movable, distance, radius };
  });
}

/**
 * Takes over the neighbours of those that are done, where a fresh forward pass confirms them: the last point if it is one, for it
 * is nearer than all before it, else the nearest before it. Returns the positions that have none yet, and more to try.
 */
async function settle(
  context: DescentContext,
  neighbours: Neighbours,
  batch: DescentBatch,
  arrived: readonly number[],
  ended: readonly number[],
): Promise<ReadonlySet<number>> {
  const { descenders, rows, labels, x0, x, nearest } = batch;
  const last = { x0, xs: x, rows, labels, radiusAt: (i: number) => descenders[i].lastRadius };
  const before = { ...last, xs: nearest, radiusAt: (i: number) => descenders[i].neighbourRadius };
  const open = [...(await keepVerified(context, neighbours, arrived, last)), ...ended];
  const remembered = open.filter((i) => descenders[i].hasNeighbour);
  const refuted = new Set(await keepVerified(context, neighbours, remembered, before));
  const without = open.filter((i) => !descenders[i].hasNeighbour || refuted.has(i));
  const endedHere = new Set(ended);
  const searching = new Set(without.filter((i) => !endedHere.has(i) && descenders[i].grow()));
  giveUp(
    neighbours,
    batch,
    without.filter((i) => !searching.has(i)),
  );
  return searching;
}

/** Gives the examples at these positions back as they are. */
function giveUp(neighbours: Neighbours, batch: DescentBatch, positions: readonly number[]): void {
  if (positions.length === 0) return;
  for (const i of positions) neighbours.giveUp(batch.descenders[i].row, batch.descenders[i].lastRadius);
  const xs = tf.tidy(() => pickRows(batch.x0, positions));
  neighbours.addClean(at(batch.rows, positions), xs, at(batch.labels, positions));
}
