/**
 * A run's state after a whole epoch: weights, momenta, history, and what was computed before the first epoch. Random streams are
 * named by epoch, so there is no generator state to keep, and a resumed run is bit-identical to one that was never interrupted.
 */
import { AmunError } from '../core/errors';
import type { WeightSnapshot } from '../model/variables';
import { decode, encode, type StoredArray } from './binary';
import type { CheckpointStore } from './checkpoint-store';
import type { EpochRecord } from './types';

/** Arrays that a method computed before its first epoch, such as an adversarial set. */
export type Memo = Readonly<Record<string, StoredArray>>;

/** What a checkpoint holds. */
export interface CheckpointState {
  /** Identifies the run: method, options, seed, data sizes, initial weights. */
  readonly fingerprint: string;
  /** Whole epochs done. */
  readonly epoch: number;
  readonly history: readonly EpochRecord[];
  readonly weights: WeightSnapshot;
  readonly momenta: WeightSnapshot;
  readonly memos: ReadonlyMap<string, Memo>;
}

interface Header {
  readonly fingerprint: string;
  readonly epoch: number;
  readonly history: readonly EpochRecord[];
}

const SEPARATOR = '\u0000';

function collect(state: CheckpointState): Map<string, StoredArray> {
  const arrays = new Map<string, StoredArray>();
  for (const [key, values] of state.weights) arrays.set(['weight', key].join(SEPARATOR), values);
  for (const [key, values] of state.momenta) arrays.set(['momentum', key].join(SEPARATOR), values);
  for (const [memo, parts] of state.memos) {
    for (const [key, values] of Object.entries(parts)) arrays.set(['memo', memo, key].join(SEPARATOR), values);
  }
  return arrays;
}

/** Saves the state. */
export async function saveCheckpoint(store: CheckpointStore, state: CheckpointState): Promise<void> {
  const { fingerprint, epoch, history } = state;
  await store.save(encode({ json: { fingerprint, epoch, history } satisfies Header, arrays: collect(state) }));
}

/**
 * Loads the state of this very run.
 *
 * @throws AmunError `checkpoint-mismatch` when another run, or something else, is stored there.
 */
export async function loadCheckpoint(
  where: string,
  store: CheckpointStore,
  fingerprint: string,
): Promise<CheckpointState | undefined> {
  const bytes = await store.load();
  if (bytes === undefined) return undefined;
  const stored = decode(where, bytes);
  const header = stored.json as Header;
  if (header.fingerprint !== fingerprint) {
    throw new AmunError(
      'checkpoint-mismatch',
      `${where}: the checkpoint belongs to another run (method, options, seed, data or initial weights differ); clear it or use another one. Stored: ${header.fingerprint}; this run: ${fingerprint}.`,
    );
  }
  const weights = new Map<string, Float32Array>();
  const momenta = new Map<string, Float32Array>();
  const memos = new Map<string, Record<string, StoredArray>>();
  for (const [name, values] of stored.arrays) {
    const [kind, first, second] = name.split(SEPARATOR);
    if (kind === 'weight') weights.set(first, values as Float32Array);
    else if (kind === 'momentum') momenta.set(first, values as Float32Array);
    else memos.set(first, { ...memos.get(first), [second]: values });
  }
  return { fingerprint, epoch: header.epoch, history: header.history, weights, momenta, memos };
}
