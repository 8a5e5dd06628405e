/**
 * Predicted classes, who is right, and how often. Ties go to the first class, as in PyTorch, NumPy and tfjs.
 */
import { checkClassLabels, checkRows } from './checks';

/** Index within the row of its first largest entry. */
function argMax(values: ArrayLike<number>, start: number, size: number): number {
  let best = 0;
  for (let i = 1; i < size; i += 1) if (values[start + i] > values[start + best]) best = i;
  return best;
}

/**
 * The class that each row gives the most.
 *
 * @param outputs Logits or probabilities, row-major [N, K], finite.
 * @param classCount K, at least 2.
 * @returns Class ids [N]; the lowest of tied ones.
 * @throws AmunError `invalid-inputs`, `size-mismatch`, `empty-set`, `invalid-option`.
 */
export function predictedLabels(outputs: ArrayLike<number>, classCount: number): Int32Array {
  const rows = checkRows('predictedLabels: outputs', outputs, classCount);
  return Int32Array.from({ length: rows }, (_, row) => argMax(outputs, row * classCount, classCount));
}

/**
 * 1 where the predicted class is the true one, else 0.
 *
 * @param outputs Logits or probabilities, row-major [N, K], finite.
 * @param labels True class ids [N].
 * @param classCount K, at least 2.
 * @throws AmunError `invalid-inputs`, `invalid-labels`, `size-mismatch`, `empty-set`, `invalid-option`.
 */
export function correctness(outputs: ArrayLike<number>, labels: ArrayLike<number>, classCount: number): Uint8Array {
  const rows = checkRows('correctness: outputs', outputs, classCount);
  checkClassLabels('correctness: labels', labels, rows, classCount);
  return Uint8Array.from({ length: rows }, (_, row) =>
    argMax(outputs, row * classCount, classCount) === labels[row] ? 1 : 0,
  );
}

/**
 * Share of examples whose predicted class is the true one, in [0, 1]. Higher is better on retain and test data; on
 * forgotten data the ideal is the retrained model's value (near test accuracy for random examples), not 0.
 *
 * @param outputs Logits or probabilities, row-major [N, K], finite.
 * @param labels True class ids [N].
 * @param classCount K, at least 2.
 * @throws AmunError `invalid-inputs`, `invalid-labels`, `size-mismatch`, `empty-set`, `invalid-option`.
 */
export function accuracy(outputs: ArrayLike<number>, labels: ArrayLike<number>, classCount: number): number {
  const right = correctness(outputs, labels, classCount);
  let count = 0;
  for (const bit of right) count += bit;
  return count / right.length;
}
