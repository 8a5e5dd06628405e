/**
 * Which training set and rate serve AMUN best where there is no retain data: 3,000 images of Fashion-MNIST, the small network of
 * the demonstration, every setting on three seeds.
 *
 *   npx tsx bench/without-retain.ts
 */
import {
  Amun,
  type AmunTrainingSet,
  evaluate,
  type Evaluation,
  GradientAscent,
  IncreasingEpsilonSearch,
  Retrain,
  splitByFraction,
} from 'amun-ts';
import { useWasm } from 'amun-ts/wasm';
import { buildModel } from '../examples/fashion-mnist/models';
import { STANDARD } from '../examples/fashion-mnist/plan';
import { loadImages } from '../examples/support';

const SEEDS = [1, 2, 3];
const RATES = [0.02, 0.01, 0.005, 0.002];
const EPOCHS = 10;

const percent = (share: number): string => (100 * share).toFixed(1).padStart(5);

function line(name: string, { forgetAccuracy, retainAccuracy, testAccuracy, averageGapSvc }: Evaluation): void {
  const gap = averageGapSvc === undefined ? '' : `gap (SVC) ${percent(averageGapSvc)}`;
  console.log(
    `${name.padEnd(44)} forget ${percent(forgetAccuracy)}  retain ${percent(retainAccuracy)}  test ${percent(testAccuracy)}  ${gap}`,
  );
}

await useWasm();
const { train, test } = loadImages(STANDARD.train, STANDARD.test);
for (const seed of SEEDS) {
  console.log(`\nseed ${seed}`);
  const split = splitByFraction(train, STANDARD.forgetFraction, { seed, test });
  const build = (s: number) => buildModel(STANDARD.model, s);
  const training = new Retrain({ ...STANDARD.training, build });
  const blank = build(seed);
  const { model: original } = await training.unlearn(blank, { forget: test, retain: train }, { seed });
  const { model: retrained } = await training.unlearn(blank, split, { seed: seed + 500 });
  const reference = await evaluate(retrained, split, { seed });
  line('Original', await evaluate(original, split, { seed, reference }));
  line('Retrain', reference);

  const { forget } = split;
  const adversarial = await new IncreasingEpsilonSearch({ initialEpsilon: 'calibrated' }).find(original, forget, {
    seed,
  });
  for (const learningRate of RATES) {
    const options = { learningRate, epochs: EPOCHS, schedule: { every: 5 } } as const;
    for (const trainOn of ['adversarial', 'adversarial+forget'] satisfies AmunTrainingSet[]) {
      const result = await new Amun({ ...options, trainOn, adversarial }).unlearn(original, { forget }, { seed });
      line(
        `Amun ${trainOn} ${learningRate} (${result.state})`,
        await evaluate(result.model, split, { seed, reference }),
      );
      result.model.dispose();
    }
    const ascent = await new GradientAscent({ ...options, learningRate: learningRate / 10 }).unlearn(
      original,
      { forget },
      { seed },
    );
    line(
      `GradientAscent ${learningRate / 10} (${ascent.state})`,
      await evaluate(ascent.model, split, { seed, reference }),
    );
    ascent.model.dispose();
  }
  adversarial.dispose();
  split.dispose();
  for (const model of [blank, original, retrained]) model.dispose();
}
