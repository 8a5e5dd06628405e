/**
 * A whole class must go, and there is no time to retrain. The model must lose the class and keep the others.
 *
 *   npx tsx examples/02-forget-a-class.ts
 */
import { Amun, evaluate, RandomLabels, splitByClass } from 'amun-ts';
import { useWasm } from 'amun-ts/wasm';
import { CLASS_NAMES, loadImages, percent, trainedModel } from './support';

await useWasm();
const { train, test } = loadImages(600, 300);
const model = await trainedModel(train);

const bag = CLASS_NAMES.indexOf('Bag');
const split = await splitByClass(train, bag, { test }); // a tenth of the test images are bags, too

for (const method of [new Amun({ batchSize: 32 }), new RandomLabels({ batchSize: 32 })]) {
  const { model: forgotten, state } = await method.unlearn(model, split, { seed: 1 });
  const { forgetAccuracy, retainAccuracy, testAccuracy } = await evaluate(forgotten, split, { attacks: [] });
  console.log(
    `${method.name} (${state}): bags ${percent(forgetAccuracy)}, other training images ${percent(retainAccuracy)}, test ${percent(testAccuracy)}`,
  );
  forgotten.dispose();
}
split.dispose();
