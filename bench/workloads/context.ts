/**
 * What all workloads of a run share.
 */
import type { Subject } from '../peers/subject';
import type { Plan } from '../plan';
import type { Ratios } from '../ratios';

/** The processes of a run. */
export interface Cast {
  /** The library on the engine that is measured. */
  readonly ours: Subject;
  /** The library on wasm: the same process where that is the engine measured. */
  readonly wasm: Subject;
  /** PyTorch, or why it is not there. */
  readonly torch: Subject | string;
  /** Further engines of the library that are there, such as tfjs-node. */
  readonly others: readonly Subject[];
}

/** One run. */
export interface Context {
  readonly plan: Plan;
  readonly cast: Cast;
  readonly ratios: Ratios;
  /** Says what is being done. */
  log(line: string): void;
}

/** PyTorch, if it is there. */
export function torchOf({ torch }: Cast): Subject | undefined {
  return typeof torch === 'string' ? undefined : torch;
}
