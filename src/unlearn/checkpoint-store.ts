/**
 * Where a run's state is kept.
 */

/** Stores one checkpoint. `amun-ts/node` has one on disk; anything that holds bytes will do. */
export interface CheckpointStore {
  /** The stored bytes, or undefined when there are none. */
  load(): Promise<Uint8Array | undefined>;
  /** Replaces what is stored, all or nothing. */
  save(bytes: Uint8Array): Promise<void>;
  /** Forgets what is stored. Called when a run completes. */
  clear(): Promise<void>;
}
