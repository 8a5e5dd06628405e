/**
 * How fast each backend trains and attacks resnet8, the small residual network of the demonstration, on one core.
 *
 *   npx tsx bench/backends.ts
 */
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { useWasm } from 'amun-ts/wasm';
import { buildModel } from '../examples/fashion-mnist/models';
import { randomStream } from '../src/core/random';
import { ClassifierView } from '../src/model/classifier';
import { inputGradient } from '../src/model/gradients';
import { logOdds, oneHotLabels } from '../src/model/losses';
import { Sgd } from '../src/model/sgd';
import { trainStep } from '../src/model/train-step';

/** Steps that are timed after one that is not. The pure-JS backend is too slow for more than one small batch. */
const RUNS = [
  { backend: 'cpu', batch: 4, steps: 1 },
  { backend: 'wasm', batch: 128, steps: 10 },
] as const;

async function rate(batch: number, steps: number, step: () => Promise<void>): Promise<string> {
  await step();
  const startedAt = performance.now();
  for (let i = 0; i < steps; i += 1) await step();
  return ((1000 * batch * steps) / (performance.now() - startedAt)).toFixed(1);
}

for (const { backend, batch, steps } of RUNS) {
  if (backend === 'wasm') await useWasm();
  else await tf.setBackend(backend);
  const model = buildModel('resnet8', 1);
  const view = new ClassifierView(model);
  const xs = tf.randomUniform([batch, 28, 28, 1], 0, 1, 'float32', 1);
  const labels = Int32Array.from({ length: batch }, (_, i) => i % 10);
  const optimizer = new Sgd(view.variables, { momentum: 0.9, weightDecay: 5e-4 });
  const mode = { kind: 'training', batchNorm: 'train', random: randomStream(1, 'bench') } as const;
  const training = await rate(batch, steps, async () => {
    await trainStep(view, { xs: tf.clone(xs), labels }, { optimizer, mode, learningRate: 0.01 });
  });
  const oneHot = oneHotLabels(labels, 10);
  const attack = await rate(batch, steps, async () => {
    const { logits, gradient } = inputGradient(view, xs, oneHot, logOdds);
    await gradient.data();
    tf.dispose([logits, gradient]);
  });
  const inference = await rate(batch, steps, async () => {
    const logits = view.logits(xs);
    await logits.data();
    logits.dispose();
  });
  console.log(
    `${backend.padEnd(5)} batch ${batch}: training ${training}, input gradients ${attack}, inference ${inference} images/s`,
  );
  optimizer.dispose();
}
