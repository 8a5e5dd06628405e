/**
 * A model on disk, in and out, in plain Node: no tfjs-node needed.
 *
 *   npx tsx examples/06-save-and-load.ts
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Amun, evaluate, splitByFraction } from 'amun-ts';
import { fileCheckpoint, loadModel, saveModel, useFastestBackend } from 'amun-ts/node';
import { loadImages, percent, trainedModel } from './support';

const { backend, reason } = await useFastestBackend();
console.log(`backend ${backend}: ${reason}`);

const folder = await mkdtemp(join(tmpdir(), 'amun-'));
const { train, test } = loadImages(600, 300);
const split = splitByFraction(train, 0.05, { seed: 1, test });

await saveModel(await trainedModel(train), join(folder, 'original'));

// Later, in another process:
const model = await loadModel(join(folder, 'original'));
const checkpoint = fileCheckpoint(join(folder, 'run.ckpt')); // an interrupted run goes on from here
const result = await new Amun({ batchSize: 32 }).unlearn(model, split, { seed: 1, checkpoint });
await saveModel(result.model, join(folder, 'forgotten'));

const reloaded = await loadModel(join(folder, 'forgotten'));
for (const [name, each] of Object.entries({ original: model, forgotten: result.model, reloaded })) {
  const { forgetAccuracy, testAccuracy } = await evaluate(each, split, { attacks: [] });
  console.log(`${name}: forget ${percent(forgetAccuracy)}, test ${percent(testAccuracy)}`);
}
await rm(folder, { recursive: true });
