/**
 * How alike two models answer the same examples.
 */
import { accuracy, predictedLabels } from './accuracy';
import { checkLength, checkRows } from './checks';

function checkPair(
  where: string,
  outputs: ArrayLike<number>,
  referenceOutputs: ArrayLike<number>,
  classCount: number,
): void {
  checkRows(`${where}: outputs`, outputs, classCount);
  checkLength(`${where}: referenceOutputs`, referenceOutputs, outputs.length, 'as many as outputs');
  checkRows(`${where}: referenceOutputs`, referenceOutputs, classCount);
}

/**
 * Share of examples to which two models give the same class, in [0, 1]: *completeness* when the second is the retrained
 * model. Higher is better; two retrained models with different seeds agree less than fully, and that is the ideal.
 *
 * @param outputs Logits or probabilities of the one model, row-major [N, K].
 * @param referenceOutputs The same of the other, [N, K].
 * @param classCount K, at least 2.
 * @throws AmunError `invalid-inputs`, `size-mismatch`, `empty-set`, `invalid-option`.
 */
export function predictionAgreement(
  outputs: ArrayLike<number>,
  referenceOutputs: ArrayLike<number>,
  classCount: number,
): number {
  checkPair('predictionAgreement', outputs, referenceOutputs, classCount);
  return accuracy(outputs, predictedLabels(referenceOutputs, classCount), classCount);
}

/**
 * Mean Euclidean distance between two models' outputs, such as probabilities, over examples: *activation distance* when the
 * second is the retrained model. Lower is better; two retrained models with different seeds differ too, and that is the ideal.
 *
 * @param outputs Row-major [N, K], finite.
 * @param referenceOutputs Row-major [N, K], finite.
 * @param classCount K, at least 2.
 * @throws AmunError `invalid-inputs`, `size-mismatch`, `empty-set`, `invalid-option`.
 */
export function activationDistance(
  outputs: ArrayLike<number>,
  referenceOutputs: ArrayLike<number>,
  classCount: number,
): number {
  checkPair('activationDistance', outputs, referenceOutputs, classCount);
  let sum = 0;
  for (let start = 0; start < outputs.length; start += classCount) {
    let squared = 0;
    for (let i = start; i < start + classCount; i += 1) squared += (outputs[i] - referenceOutputs[i]) ** 2;
    sum += Math.sqrt(squared);
  }
  return sum / (outputs.length / classCount);
}
