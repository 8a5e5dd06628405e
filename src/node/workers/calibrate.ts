/**
 * The first radius of a search that calibrates it: once for all examples, from the same probes as `IncreasingEpsilonSearch` draws, before
 * they are cut into chunks.
 */
import { boxSides } from '../../core/bounds';
import { randomStream } from '../../core/random';
import type { Classifier } from '../../model/classifier';
import type { SearchDescription } from './describe-search';
import { withOptions } from './describe-search';
import type { FoundNeighbours } from './protocol';

/** As in `search/increasing-epsilon`. */
const PROBES = 50;
const PROBE_FRACTION = 0.01;

/** Whether a search wants its first radius calibrated. */
export function needsCalibration(search: SearchDescription): boolean {
  return 'class' in search && search.options['initialEpsilon'] === 'calibrated';
}

/** Which of the examples are searched for it. */
export function calibrationRows(size: number, seed: number): Int32Array {
  return randomStream(seed, 'calibrate').sample(size, Math.min(PROBES, size));
}

/** The search of the probes. */
export function calibrationSearch(search: SearchDescription, { bounds }: Classifier): SearchDescription {
  return withOptions(search, { initialEpsilon: PROBE_FRACTION * Math.max(...boxSides(bounds)), refine: 0 });
}

/** The search with what the probes have told: the median of their radii, save of those misclassified from the start. */
export function calibrated(
  search: SearchDescription,
  { bounds }: Classifier,
  { found, epsilons, distances }: FoundNeighbours,
): SearchDescription {
  const radii = epsilons.filter((_, i) => found[i] === 1 && distances[i] > 0).sort();
  const middle = (radii[Math.floor((radii.length - 1) / 2)] + radii[Math.ceil((radii.length - 1) / 2)]) / 2;
  return withOptions(search, {
    initialEpsilon: radii.length === 0 ? PROBE_FRACTION * Math.max(...boxSides(bounds)) : middle,
  });
}
