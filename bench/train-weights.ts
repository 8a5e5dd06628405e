/**
 * Trains the resnet8 whose weights the benchmarks use, bench/weights/resnet8.bin: 20 epochs on the 10,000 training images of
 * examples/fashion-mnist, a learning rate of 0.1 falling along a cosine, seed 1.
 *
 *   npx tsx bench/train-weights.ts [engine]
 */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { Retrain } from 'amun-ts';
import { EMBEDDED } from '../examples/fashion-mnist/dataset';
import { type EngineName, startEngine } from './engines';
import { buildNetwork } from './models';
import { Workbench } from './operations/workbench';
import { TRAINED, writeWeights } from './weights';

const bench = new Workbench();
bench.open(EMBEDDED);
console.log(await startEngine((process.argv[2] ?? 'wasm') as EngineName));
mkdirSync(dirname(TRAINED), { recursive: true });
const [retain, forget] = [bench.images(0, 10_000), bench.images(0, 1, 'test')];
const build = (seed: number): LayersModel => buildNetwork('resnet8', { seed });
const method = new Retrain({ epochs: 20, learningRate: 0.1, schedule: 'cosine', build });
const onEpochEnd = async (model: LayersModel, epoch: number): Promise<void> => {
  await writeWeights(TRAINED, model);
  console.log(`epoch ${epoch}`);
};
const { state, history } = await method.unlearn(build(1), { forget, retain }, { seed: 1, onEpochEnd });
console.log(state, history.at(-1));
