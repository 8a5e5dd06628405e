/**
 * What the rounds of a search share.
 */
import type { RunControl } from '../core/run';
import type { Attack } from './attack';
import type { Norm } from './norms';
import type { OpenedSearch } from './open';

/** What a search works with throughout. */
export interface RoundsContext extends OpenedSearch {
  readonly where: string;
  readonly attack: Attack;
  readonly norm: Norm;
  /** Radii of the rounds, ascending. */
  readonly radii: readonly number[];
  /** Bisections along the found direction. */
  readonly refine: number;
  /** Which examples are searched: row i of everything here is example `examples[i]` of the data. */
  readonly examples: Int32Array;
  readonly control: RunControl;
  readonly signal?: AbortSignal;
}
