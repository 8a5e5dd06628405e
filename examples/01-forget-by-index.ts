/**
 * A deletion request: certain training images must go.
 *
 *   npx tsx examples/01-forget-by-index.ts
 */
import { Amun, evaluate, splitByIndices } from 'amun-ts';
import { useWasm } from 'amun-ts/wasm';
import { loadImages, percent, trainedModel } from './support';

await useWasm();
const { train, test } = loadImages(600, 300);
const model = await trainedModel(train);

// The request names examples by where they stand in the training data.
const requested = Array.from({ length: 40 }, (_, i) => i * 15);
const split = splitByIndices(train, requested, { test });

const before = await evaluate(model, split, { seed: 1 });
// With few images, batches of 32: the default of 128 would make too few steps for the model to change its mind.
const result = await new Amun({ batchSize: 32 }).unlearn(model, split, { seed: 1 });
const after = await evaluate(result.model, split, { seed: 1 });

console.log(
  `${result.state} after ${(result.durationMs / 1000).toFixed(1)} s: ${result.search?.found} of ${requested.length} neighbours found`,
);
console.log(
  `accuracy on the forgotten images: ${percent(before.forgetAccuracy)} before, ${percent(after.forgetAccuracy)} after`,
);
console.log(
  `accuracy on unseen images:        ${percent(before.testAccuracy)} before, ${percent(after.testAccuracy)} after`,
);
console.log(
  `confidence distance forget-test:  ${before.confidence.ksForgetTest.toFixed(3)} before, ${after.confidence.ksForgetTest.toFixed(3)} after`,
);

result.model.dispose();
split.dispose();
