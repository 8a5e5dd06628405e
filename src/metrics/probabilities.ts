/**
 * From logits to probabilities, in float64 and without overflow: the row's maximum is subtracted before exponentials.
 */
import { checkClassLabels, checkRows } from './checks';

/** log Σ exp(v) over `values[start … end)` without entry `skip`; −Infinity where nothing is left. */
export function logSumExp(values: ArrayLike<number>, start: number, end: number, skip = -1): number {
  let max = -Infinity;
  for (let i = start; i < end; i += 1) if (i !== skip && values[i] > max) max = values[i];
  if (max === -Infinity) return max;
  let sum = 0;
  for (let i = start; i < end; i += 1) if (i !== skip) sum += Math.exp(values[i] - max);
  return max + Math.log(sum);
}

/**
 * Softmax of each row.
 *
 * @param logits Row-major [N, K], finite.
 * @param classCount K, at least 2. A single sigmoid unit with logit z is the two-class row [0, z].
 * @returns Row-major [N, K] in [0, 1], rows summing to 1.
 * @throws AmunError `invalid-inputs`, `size-mismatch`, `empty-set`, `invalid-option`.
 */
export function softmax(logits: ArrayLike<number>, classCount: number): Float64Array {
  return logSoftmaxOf('softmax: logits', logits, classCount).map(Math.exp);
}

/**
 * Logarithm of the {@link softmax} of each row, exact where the softmax itself underflows to 0.
 *
 * @param logits Row-major [N, K], finite.
 * @param classCount K, at least 2.
 * @returns Row-major [N, K], at most 0, in nats.
 * @throws AmunError `invalid-inputs`, `size-mismatch`, `empty-set`, `invalid-option`.
 */
export function logSoftmax(logits: ArrayLike<number>, classCount: number): Float64Array {
  return logSoftmaxOf('logSoftmax: logits', logits, classCount);
}

function logSoftmaxOf(where: string, logits: ArrayLike<number>, classCount: number): Float64Array {
  const rows = checkRows(where, logits, classCount);
  const logs = new Float64Array(logits.length);
  for (let row = 0; row < rows; row += 1) {
    const start = row * classCount;
    const total = logSumExp(logits, start, start + classCount);
    for (let i = start; i < start + classCount; i += 1) logs[i] = logits[i] - total;
  }
  return logs;
}

/**
 * The probability that the model gives each example's true class: its *confidence*, in [0, 1]. Higher suggests that the
 * example was trained on; the ideal distribution on forgotten examples is the retrained model's.
 *
 * @param logits Row-major [N, K], finite.
 * @param labels True class ids [N].
 * @param classCount K, at least 2.
 * @throws AmunError `invalid-inputs`, `invalid-labels`, `size-mismatch`, `empty-set`, `invalid-option`.
 */
export function trueClassProbability(
  logits: ArrayLike<number>,
  labels: ArrayLike<number>,
  classCount: number,
): Float64Array {
  return trueClassLogOddsOf('trueClassProbability', logits, labels, classCount).map(sigmoid);
}

/**
 * Log-odds of the true class, z_y − log Σ_{j≠y} exp z_j: {@link trueClassProbability} on a scale where memorised examples
 * do not all crowd at 1 (LiRA, Carlini et al. 2022, §IV; their formula in logits). Higher suggests membership; the ideal
 * is the retrained model's distribution.
 *
 * @param logits Row-major [N, K], finite.
 * @param labels True class ids [N].
 * @param classCount K, at least 2.
 * @throws AmunError `invalid-inputs`, `invalid-labels`, `size-mismatch`, `empty-set`, `invalid-option`.
 */
export function trueClassLogOdds(
  logits: ArrayLike<number>,
  labels: ArrayLike<number>,
  classCount: number,
): Float64Array {
  return trueClassLogOddsOf('trueClassLogOdds', logits, labels, classCount);
}

function trueClassLogOddsOf(
  where: string,
  logits: ArrayLike<number>,
  labels: ArrayLike<number>,
  classCount: number,
): Float64Array {
  const rows = checkRows(`${where}: logits`, logits, classCount);
  checkClassLabels(`${where}: labels`, labels, rows, classCount);
  return Float64Array.from({ length: rows }, (_, row) => {
    const start = row * classCount;
    const own = start + labels[row];
    return logits[own] - logSumExp(logits, start, start + classCount, own);
  });
}

function sigmoid(logOdds: number): number {
  if (logOdds >= 0) return 1 / (1 + Math.exp(-logOdds));
  const odds = Math.exp(logOdds);
  return odds / (1 + odds);
}
