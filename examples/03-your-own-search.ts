/**
 * Your own AdversarialSearch: any object with a `find` method. This one walks from each image towards the nearest training
 * image that the model puts into another class, and stops where the label changes.
 *
 *   npx tsx examples/03-your-own-search.ts
 */
import * as tf from '@tensorflow/tfjs-core';
import {
  type AdversarialSearch,
  adversarialSet,
  Amun,
  type Classifier,
  classifier,
  evaluate,
  type Examples,
  splitByFraction,
} from 'amun-ts';
import { useWasm } from 'amun-ts/wasm';
import { loadImages, percent, trainedModel } from './support';

/** Bisections of the way to the other image: 2⁻¹⁰ of it is left. */
const BISECTIONS = 10;

class TowardsOtherImages implements AdversarialSearch {
  readonly name = 'TowardsOtherImages';

  constructor(private readonly others: Examples) {}

  async find(model: Parameters<AdversarialSearch['find']>[0], data: Parameters<AdversarialSearch['find']>[1]) {
    const { xs, ys } = data as Examples;
    const target = 'logits' in model ? model : classifier(model);
    const labels = await ys.data();
    const neighbours: tf.Tensor[] = [];
    const found: { label: number; distance: number }[] = [];
    for (let i = 0; i < labels.length; i += 1) {
      const walk = this.walk(target, tf.slice(xs, i, 1), labels[i]);
      neighbours.push(walk.xs);
      found.push(walk);
    }
    const stacked = tf.concat(neighbours, 0);
    tf.dispose(neighbours);
    const distances = Float32Array.from(found, ({ distance }) => distance);
    return adversarialSet({
      xs: stacked,
      ys: tf.tensor1d(
        found.map(({ label }) => label),
        'int32',
      ),
      epsilons: distances,
      distances,
      found: new Uint8Array(labels.length).fill(1),
      gradientSteps: 0,
    });
  }

  /** The nearest other image of another predicted class, and the first point on the way to it that has its class. */
  private walk(target: Classifier, x: tf.Tensor, label: number): { xs: tf.Tensor; label: number; distance: number } {
    const predict = (input: tf.Tensor): Int32Array =>
      tf.tidy(() => tf.argMax(target.logits(input), 1).dataSync<'int32'>().slice());
    const classes = predict(this.others.xs);
    const lengths = tf.tidy(() =>
      tf
        .sum(tf.square(tf.sub(this.others.xs, x)), [1, 2, 3])
        .dataSync()
        .slice(),
    );
    const candidates = Array.from(lengths.keys()).filter((i) => classes[i] !== label);
    const nearest = candidates.reduce((a, b) => (lengths[b] < lengths[a] ? b : a));
    const end = tf.slice(this.others.xs, nearest, 1);
    let [low, high] = [0, 1];
    for (let step = 0; step < BISECTIONS; step += 1) {
      const middle = (low + high) / 2;
      const [predicted] = tf.tidy(() => predict(tf.add(x, tf.mul(tf.sub(end, x), middle))));
      if (predicted === label) low = middle;
      else high = middle;
    }
    const xs = tf.tidy(() => tf.add(x, tf.mul(tf.sub(end, x), high)));
    tf.dispose([x, end]);
    return { xs, label: predict(xs)[0], distance: high * Math.sqrt(lengths[nearest]) };
  }
}

await useWasm();
const { train, test } = loadImages(300, 200);
const model = await trainedModel(train);
const split = splitByFraction(train, 0.1, { seed: 1, test });

const before = await evaluate(model, split, { attacks: [] });
const search = new TowardsOtherImages(split.retain);
const result = await new Amun({ search, batchSize: 32 }).unlearn(model, split, { seed: 1 });
const after = await evaluate(result.model, split, { attacks: [] });
console.log(`${result.state}: median distance ${result.search?.medianDistance.toFixed(2)}`);
console.log(`forget accuracy: ${percent(before.forgetAccuracy)} before, ${percent(after.forgetAccuracy)} after`);
console.log(`test accuracy:   ${percent(before.testAccuracy)} before, ${percent(after.testAccuracy)} after`);
result.model.dispose();
