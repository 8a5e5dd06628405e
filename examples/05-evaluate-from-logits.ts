/**
 * Auditing any model, in any framework, from arrays of logits alone: no tensors, no tfjs model.
 *
 *   npx tsx examples/05-evaluate-from-logits.ts
 */
import { evaluateLogits, svcMia, thresholdMia } from 'amun-ts';

const CLASSES = 4;

/** Made-up logits: the larger `margin`, the surer the model of the true class. */
function logitsWithMargin(size: number, margin: number, shift: number) {
  const logits = new Float32Array(size * CLASSES);
  const labels = new Int32Array(size);
  for (let i = 0; i < size; i += 1) {
    labels[i] = i % CLASSES;
    for (let c = 0; c < CLASSES; c += 1) logits[i * CLASSES + c] = Math.sin(12.9 * i + 7.1 * c + shift);
    logits[i * CLASSES + labels[i]] += margin * (1 + 0.5 * Math.cos(3.7 * i + shift));
  }
  return { logits, labels, classCount: CLASSES };
}

const evaluation = await evaluateLogits(
  {
    forget: logitsWithMargin(200, 5, 1), // as sure as of training data: nothing was forgotten
    retain: logitsWithMargin(800, 5, 2),
    test: logitsWithMargin(400, 1, 3),
  },
  { attacks: [thresholdMia(), svcMia()], seed: 1 },
);

console.log(
  `forget-vs-test AUC: ${evaluation.membership['threshold-confidence']?.forgetVsTest?.auc.toFixed(3)} (0.5 if forgotten images look unseen)`,
);
console.log(evaluation.summary.join('\n'));
