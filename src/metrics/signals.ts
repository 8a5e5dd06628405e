/**
 * Membership signals: one number per example, from its logits and true label, that tends to be higher for examples that
 * the model was trained on. With v = z / T:
 *
 *   softmax             e^{v_y} / Σ_j e^{v_j}
 *   soft-margin         e^{v_y − m} / (e^{v_y − m} + Σ_{j≠y} e^{v_j})
 *   taylor              t(v_y) / Σ_j t(v_j),   t(v) = Σ_{k=0…n} v^k / k!
 *   taylor-soft-margin  t(v_y − m) / (t(v_y − m) + Σ_{j≠y} t(v_j))
 *   log-logit-scaling   v_y − log Σ_{j≠y} e^{v_j}
 *
 * Zarifzadeh, Liu & Shokri, "Low-Cost High-Power Membership Inference Attacks", ICML 2024, appendix A; the last one:
 * Carlini et al., "Membership Inference Attacks From First Principles", S&P 2022, §IV.
 *
 * Deviations from the published code (`signals.py`), which `compat: 'official'` undoes:
 * - its Taylor loop stops one term early, so that order 4 is a cubic: negative below v = −1.596, which turns ratios of
 *   signals around. Here the order counts the last term and must be even: such a polynomial is positive everywhere;
 * - `taylor` and `log-logit-scaling` ignore the temperature there;
 * - exponentials overflow there beyond v = 88 (float32); here nothing overflows, and nothing is floored at 1e-45.
 */
import { checkKeys, checkNumber, checkOneOf, checkInteger } from '../core/options';
import { checkClassLabels, checkCompat, checkRows } from './checks';
import { logSumExp } from './probabilities';

/** Names of the membership signals. */
export const MEMBERSHIP_SIGNALS = [
  'softmax',
  'soft-margin',
  'taylor',
  'taylor-soft-margin',
  'log-logit-scaling',
] as const;

/** A membership signal: see {@link membershipSignals}. */
export type MembershipSignal = (typeof MEMBERSHIP_SIGNALS)[number];

/** Options of {@link membershipSignals}. */
export interface SignalOptions {
  /** Which signal. The RMIA paper uses `'taylor-soft-margin'` on CIFAR, `'softmax'` on tables. @default 'softmax' */
  readonly signal?: MembershipSignal;
  /** T, by which logits are divided; the RMIA paper has 2 on CIFAR-10. Above 0. @default 1 */
  readonly temperature?: number;
  /** m of the two margin signals, in units of v; others don't read it. @default 0.6 */
  readonly margin?: number;
  /** n of the two Taylor signals, even, from 2 to 8; any from 2 under `compat`. Others don't read it. @default 4 */
  readonly order?: number;
  /** `'official'` computes what the published code computes: see the deviations above. @default the definitions */
  readonly compat?: 'official';
}

type ResolvedSignalOptions = Required<Omit<SignalOptions, 'compat'>> & { official: boolean };

function resolve(options: SignalOptions): ResolvedSignalOptions {
  const where = 'membershipSignals';
  checkKeys(where, options, ['signal', 'temperature', 'margin', 'order', 'compat']);
  const { signal = 'softmax', temperature = 1, margin = 0.6, order = 4 } = options;
  const official = checkCompat(where, options.compat);
  checkOneOf(`${where}: signal`, signal, MEMBERSHIP_SIGNALS);
  checkNumber(`${where}: temperature`, temperature, { above: 0 });
  checkNumber(`${where}: margin`, margin);
  checkInteger(`${where}: order`, order, { min: 2, max: 8 });
  if (!official && order % 2 === 1) checkOneOf(`${where}: order`, String(order), ['2', '4', '6', '8']);
  return { signal, temperature, margin, order, official };
}

/**
 * The signal of each example. Higher suggests membership. Ratios of signals are what RMIA compares; the ideal on
 * forgotten examples is the retrained model's distribution.
 *
 * @param logits Row-major [N, K], finite.
 * @param labels True class ids [N].
 * @param classCount K, at least 2.
 * @returns One signal for each example, in [0, 1], except `'log-logit-scaling'`, which is any number, and Taylor signals under `compat`.
 * @throws AmunError `invalid-inputs`, `invalid-labels`, `size-mismatch`, `empty-set`, `invalid-option`.
 */
export function membershipSignals(
  logits: ArrayLike<number>,
  labels: ArrayLike<number>,
  classCount: number,
  options: SignalOptions = {},
): Float64Array {
  const resolved = resolve(options);
  const rows = checkRows('membershipSignals: logits', logits, classCount);
  checkClassLabels('membershipSignals: labels', labels, rows, classCount);
  const ignoresTemperature = resolved.signal === 'taylor' || resolved.signal === 'log-logit-scaling';
  const temperature = resolved.official && ignoresTemperature ? 1 : resolved.temperature;
  const margin = resolved.signal.endsWith('soft-margin') ? resolved.margin : 0;
  const row = new Float64Array(classCount);
  return Float64Array.from({ length: rows }, (_, i) => {
    for (let j = 0; j < classCount; j += 1) row[j] = logits[i * classCount + j] / temperature;
    row[labels[i]] -= margin;
    return signalOf(row, labels[i], resolved);
  });
}

/** The signal of one row of v, the margin already taken from its true class. */
function signalOf(row: Float64Array, label: number, { signal, order, official }: ResolvedSignalOptions): number {
  if (signal === 'log-logit-scaling') return row[label] - logSumExp(row, 0, row.length, label);
  if (!signal.startsWith('taylor')) return Math.exp(row[label] - logSumExp(row, 0, row.length));
  if (official) {
    const terms = row.map((v) => taylor(v, order - 1));
    return terms[label] / terms.reduce((sum, term) => sum + term, 0);
  }
  const logs = row.map((v) => logTaylor(v, order));
  return Math.exp(logs[label] - logSumExp(logs, 0, logs.length));
}

/** Σ_{k=0…order} v^k / k!, by Horner's rule. */
function taylor(v: number, order: number): number {
  let sum = 1;
  for (let k = order; k >= 1; k -= 1) sum = 1 + (v / k) * sum;
  return sum;
}

/** log t(v) for an even order; large |v| have |v|^order taken out, which would overflow. */
function logTaylor(v: number, order: number): number {
  if (Math.abs(v) <= 1) return Math.log(taylor(v, order));
  // t(v) / v^order = Σ_k (1/v)^(order − k) / k!, again by Horner's rule.
  let factorial = 1;
  let sum = 1;
  for (let k = 1; k <= order; k += 1) {
    factorial *= k;
    sum = sum / v + 1 / factorial;
  }
  return order * Math.log(Math.abs(v)) + Math.log(sum);
}
