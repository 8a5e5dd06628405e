/**
 * Entropy of the predicted distribution, and Song & Mittal's modified entropy, which knows the true class.
 *
 *   entropy          H(p)    = −Σ_j p_j log p_j
 *   modified entropy M(p, y) = −(1 − p_y) log p_y − Σ_{j≠y} p_j log(1 − p_j)
 *
 * Song & Mittal, "Systematic Evaluation of Privacy Risks of Machine Learning Models", USENIX Security 2021, §4.2.
 *
 * Deviation from the SVC attack's published code (SalUn, AMUN: `SVC_MIA.py`, `m_entropy`): it indexes whole columns by
 * the label vector and takes log p where log(1 − p) belongs, so its value ignores each row's own label and depends on
 * which labels the set happens to hold. That value exists only under `compat: 'official'`.
 */
import { checkClassLabels, checkCompat, checkProbabilities } from './checks';
import { checkKeys } from '../core/options';

/** log(1e-30): the official code's stand-in for log 0, which keeps values finite for the SVM. */
const LOG_FLOOR = Math.log(1e-30);

function floored(log: number): number {
  return log > LOG_FLOOR ? log : LOG_FLOOR;
}

/**
 * Shannon entropy of each row, in nats, in [0, log K]. Lower suggests that the example was trained on; the ideal on
 * forgotten examples is the retrained model's distribution.
 *
 * @param probabilities Row-major [N, K], rows summing to 1.
 * @param classCount K, at least 2.
 * @throws AmunError `invalid-inputs`, `size-mismatch`, `empty-set`, `invalid-option`.
 */
export function entropy(probabilities: ArrayLike<number>, classCount: number): Float64Array {
  const rows = checkProbabilities('entropy: probabilities', probabilities, classCount);
  return Float64Array.from({ length: rows }, (_, row) => {
    let sum = 0;
    for (let i = row * classCount; i < (row + 1) * classCount; i += 1) {
      const p = probabilities[i];
      if (p > 0) sum -= p * Math.log(p);
    }
    return sum;
  });
}

/** Options of {@link modifiedEntropy}. */
export interface ModifiedEntropyOptions {
  /** `'official'` reproduces the faulty value of the published SVC attack. @default the published definition */
  readonly compat?: 'official';
}

/**
 * Modified entropy of each row, in nats: 0 for a certain and right prediction, large for a certain and wrong one (log 0
 * counts as log 1e-30, about −69). Lower suggests that the example was trained on; the ideal on forgotten examples is the
 * retrained model's distribution.
 *
 * @param probabilities Row-major [N, K], rows summing to 1.
 * @param labels True class ids [N].
 * @param classCount K, at least 2.
 * @throws AmunError `invalid-inputs`, `invalid-labels`, `size-mismatch`, `empty-set`, `invalid-option`.
 */
export function modifiedEntropy(
  probabilities: ArrayLike<number>,
  labels: ArrayLike<number>,
  classCount: number,
  options: ModifiedEntropyOptions = {},
): Float64Array {
  checkKeys('modifiedEntropy', options, ['compat']);
  const official = checkCompat('modifiedEntropy', options.compat);
  const rows = checkProbabilities('modifiedEntropy: probabilities', probabilities, classCount);
  checkClassLabels('modifiedEntropy: labels', labels, rows, classCount);
  if (official) return officialModifiedEntropy(probabilities, labels, classCount);
  return Float64Array.from({ length: rows }, (_, row) => {
    let sum = 0;
    for (let j = 0; j < classCount; j += 1) {
      // A float32 softmax may exceed 1 by a rounding.
      const p = Math.min(1, probabilities[row * classCount + j]);
      sum -= j === labels[row] ? (1 - p) * floored(Math.log(p)) : p * floored(Math.log1p(-p));
    }
    return sum;
  });
}

/** −Σ (1 − p_c) log p_c over classes present among the labels − Σ p_c log p_c over the others. */
function officialModifiedEntropy(
  probabilities: ArrayLike<number>,
  labels: ArrayLike<number>,
  classCount: number,
): Float64Array {
  const present = new Uint8Array(classCount);
  for (let i = 0; i < labels.length; i += 1) present[labels[i]] = 1;
  return Float64Array.from({ length: labels.length }, (_, row) => {
    let sum = 0;
    for (let j = 0; j < classCount; j += 1) {
      const p = probabilities[row * classCount + j];
      sum -= (present[j] === 1 ? 1 - p : p) * (p > 0 ? Math.log(p) : LOG_FLOOR);
    }
    return sum;
  });
}
