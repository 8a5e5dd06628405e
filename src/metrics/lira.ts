/**
 * LiRA, the likelihood ratio attack: is an example's signal under the target model more like those of reference models that
 * were trained on it (IN), or of those that weren't (OUT)? Each side is taken as normal.
 *
 *   online   log N(s; μ_in, σ_in) − log N(s; μ_out, σ_out)
 *   offline  Φ((s − μ_out) / σ_out): 1 − the chance that an OUT model's signal is higher
 *
 * Carlini et al., "Membership Inference Attacks From First Principles", S&P 2022, §V. The signal is the log-odds of the
 * true class ({@link trueClassLogOdds}), whose distribution is nearly normal.
 *
 * Deviations from the published code, which `compat: 'official'` undoes: its offline score is −log N, so that signals far
 * *below* OUT count as members too; and its fixed variance of OUT is computed from IN data.
 */
import { checkKeys, checkOneOf } from '../core/options';
import { AmunError } from '../core/errors';
import { checkCompat } from './checks';
import { normalCdf } from './distributions';
import { checkReferenceSignals, referencesOf } from './references';
import type { ReferenceSignals } from './references';

/** Options of {@link liraScores}. */
export interface LiraOptions {
  /** Whether IN references take part. `'offline'` needs only OUT ones. @default 'online' */
  readonly mode?: 'online' | 'offline';
  /**
   * σ: `'fixed'` pools the variances within examples, best below some 64 references; `'per-example'` takes each example's
   * own, from two references of a side upwards; `'global'` is the spread over all signals of a side, examples' own
   * differences included, as in published code. @default 'fixed'
   */
  readonly variance?: 'fixed' | 'per-example' | 'global';
  /** μ: mean or median of an example's references. @default 'mean' */
  readonly centre?: 'mean' | 'median';
  /**
   * Scale of offline scores: the probability Φ(z), which is exactly 1 from z = 8.3 on, so that many can tie, or z itself, in
   * the same order without ties. @default 'probability'
   */
  readonly offlineScale?: 'probability' | 'standardised';
  /** `'official'` computes what the published code computes: see the deviations above. @default the definitions */
  readonly compat?: 'official';
}

interface Side {
  readonly centres: Float64Array;
  readonly deviations: Float64Array;
}

const WHERE = 'liraScores';

/** Keeps the density of references that all agree finite, as published code does. */
const DEVIATION_FLOOR = 1e-30;

/**
 * LiRA scores. Higher suggests membership: online a log-likelihood ratio (0 is even), offline in [0, 1] or standardised. The
 * ideal on forgotten examples is the retrained model's distribution.
 *
 * @param input Signals, any finite numbers, of the target and R references; `membership` says which were trained on what.
 * @returns [N].
 * @throws AmunError `invalid-inputs`, `invalid-labels`, `size-mismatch`, `empty-set`, `invalid-option`, `missing-reference`.
 */
export function liraScores(input: ReferenceSignals, options: LiraOptions = {}): Float64Array {
  const { mode, variance, centre, standardised, official } = resolve(options);
  checkReferenceSignals(WHERE, input);
  const signals = Float64Array.from(input.target);
  const out = sideOf(input, 0, variance, centre);
  // Published code takes the fixed spread of IN signals for both sides.
  const deviations = official && variance === 'global' ? sideOf(input, 1, variance, centre).deviations : out.deviations;
  const outDensity = (s: number, i: number) => logNormal(s, out.centres[i], deviations[i]);
  if (mode === 'online') {
    const { centres, deviations: spread } = sideOf(input, 1, variance, centre);
    return signals.map((s, i) => logNormal(s, centres[i], spread[i]) - outDensity(s, i));
  }
  if (official) return signals.map((s, i) => -outDensity(s, i));
  const z = signals.map((s, i) => (s - out.centres[i]) / deviations[i]);
  return standardised ? z : z.map(normalCdf);
}

function resolve(options: LiraOptions) {
  checkKeys(WHERE, options, ['mode', 'variance', 'centre', 'offlineScale', 'compat']);
  const { mode = 'online', variance = 'fixed', centre = 'mean', offlineScale = 'probability' } = options;
  checkOneOf(`${WHERE}: mode`, mode, ['online', 'offline']);
  checkOneOf(`${WHERE}: variance`, variance, ['fixed', 'per-example', 'global']);
  checkOneOf(`${WHERE}: centre`, centre, ['mean', 'median']);
  checkOneOf(`${WHERE}: offlineScale`, offlineScale, ['probability', 'standardised']);
  const official = checkCompat(WHERE, options.compat);
  return { mode, variance, centre, standardised: offlineScale === 'standardised', official };
}

/** Centre and deviation of each example's IN (1) or OUT (0) references. */
function sideOf(
  input: ReferenceSignals,
  member: 0 | 1,
  variance: NonNullable<LiraOptions['variance']>,
  centre: NonNullable<LiraOptions['centre']>,
): Side {
  const samples = Array.from(input.target, (_, i) => referencesOf(WHERE, input, i, member));
  const centres = Float64Array.from(samples, centre === 'mean' ? mean : median);
  if (variance === 'per-example') {
    requirePairs(samples, member);
    return {
      centres,
      deviations: Float64Array.from(samples, (values) => Math.sqrt(varianceOf(values)) + DEVIATION_FLOOR),
    };
  }
  const shared =
    variance === 'global' ? varianceOf(concatenated(samples)) : mean(Float64Array.from(samples, varianceOf));
  return { centres, deviations: new Float64Array(samples.length).fill(Math.sqrt(shared) + DEVIATION_FLOOR) };
}

function requirePairs(samples: readonly Float64Array[], member: 0 | 1): void {
  const alone = samples.findIndex((values) => values.length < 2);
  if (alone < 0) return;
  throw new AmunError(
    'missing-reference',
    `${WHERE}: example ${alone} has one reference model that was${member === 1 ? '' : "n't"} trained on it, which has no ` +
      `variance; train more references or use variance: 'fixed'.`,
  );
}

function concatenated(samples: readonly Float64Array[]): Float64Array {
  return Float64Array.from(samples.flatMap((values) => Array.from(values)));
}

function logNormal(value: number, centre: number, deviation: number): number {
  return -0.5 * ((value - centre) / deviation) ** 2 - Math.log(deviation * Math.sqrt(2 * Math.PI));
}

function mean(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}

function median(values: Float64Array): number {
  const sorted = values.slice().sort();
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Mean squared distance from the mean, not corrected for the degree of freedom, as published code has it. */
function varianceOf(values: Float64Array): number {
  const centre = mean(values);
  return mean(values.map((value) => (value - centre) ** 2));
}
