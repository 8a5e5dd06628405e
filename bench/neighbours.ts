/**
 * How near neighbours should be for AMUN to forget well: the paper's loop beside the minimum-norm search, which ends at the boundary
 * itself, with its neighbours moved on beyond it by several fractions of their distance. 3,000 images of Fashion-MNIST, a network of
 * the demonstration; gaps to a retrained network with and without retain data, over splits by several seeds.
 *
 *   npx tsx bench/neighbours.ts [--seeds 1,2,3] [--overshoots 0,0.02,0.05,0.1,0.2] [--retain-rates 0.05] [--forget-rates 0.02]
 *     [--network resnet8] [--engine native] [--json]
 *
 * Differences are those to the paper's loop at the same rate on the same split; distances are the median and the 90th percentile, as
 * fractions of the paper's loop's on the same split.
 */
import { parseArgs } from 'node:util';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import {
  type AdversarialSearch,
  type AdversarialSet,
  Amun,
  evaluate,
  type Evaluation,
  type ForgetSplit,
  IncreasingEpsilonSearch,
  MinimumNormSearch,
  Retrain,
  splitByFraction,
} from 'amun-ts';
import { buildModel, type ModelName } from '../examples/fashion-mnist/models';
import { FULL_PLAN, STANDARD } from '../examples/fashion-mnist/plan';
import { loadImages } from '../examples/support';
import { type EngineName, startEngine } from './engines';

const { values: options } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1,2,3' },
    overshoots: { type: 'string', default: '0,0.02,0.05,0.1,0.2' },
    'retain-rates': { type: 'string', default: '0.05' },
    'forget-rates': { type: 'string', default: '0.02' },
    network: { type: 'string', default: STANDARD.model },
    engine: { type: 'string', default: 'wasm' },
    json: { type: 'boolean', default: false },
  },
});

const network = options.network as ModelName;

const PAPER = 'paper’s loop';

const numbers = (list: string): number[] => list.split(',').map(Number);

const searches: readonly (readonly [string, AdversarialSearch])[] = [
  [PAPER, new IncreasingEpsilonSearch()],
  ...numbers(options.overshoots).map(
    (overshoot) => [`minimum norm, overshoot ${overshoot}`, new MinimumNormSearch({ overshoot })] as const,
  ),
];

/** What AMUN trains on, and at which rates. */
const settings = [
  ...numbers(options['retain-rates']).map((learningRate) => ({ retain: true, learningRate })),
  ...numbers(options['forget-rates']).map((learningRate) => ({ retain: false, learningRate })),
];

/** One seed's networks, and what the retrained one is like. */
interface Subject {
  readonly seed: number;
  readonly split: ForgetSplit;
  readonly original: LayersModel;
  readonly reference: Evaluation;
}

/** One unlearning. */
interface Gap {
  readonly search: string;
  readonly retain: boolean;
  readonly learningRate: number;
  readonly seed: number;
  readonly state: string;
  readonly forgetAccuracy: number;
  readonly retainAccuracy: number;
  readonly testAccuracy: number;
  /** Average gap (SVC) to the retrained network. */
  readonly gap: number;
}

/** One search. */
interface Distances {
  readonly search: string;
  readonly seed: number;
  readonly found: number;
  readonly gradientsPerImage: number;
  readonly median: number;
  readonly p90: number;
}

const log = (text: string): void => {
  if (options.json) console.error(text);
  else console.log(text);
};

const percent = (share: number): string => (100 * share).toFixed(2);

async function prepare(seed: number): Promise<Subject> {
  const { train, test } = loadImages(STANDARD.train, STANDARD.test);
  const split = splitByFraction(train, STANDARD.forgetFraction, { seed, test });
  const build = (s: number): LayersModel => buildModel(network, s);
  const { training } = network === FULL_PLAN.model ? FULL_PLAN : STANDARD;
  const method = new Retrain({ ...training, build });
  const blank = build(seed);
  const { model: original } = await method.unlearn(blank, { forget: test, retain: train }, { seed });
  const { model: retrained } = await method.unlearn(blank, split, { seed: seed + 500 });
  const reference = await evaluate(retrained, split, { seed });
  for (const model of [blank, retrained]) model.dispose();
  return { seed, split, original, reference };
}

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}

function distancesOf(search: string, seed: number, { found, distances, gradientSteps }: AdversarialSet): Distances {
  const searched = Array.from(distances).filter((distance, i) => found[i] === 1 && distance > 0);
  return {
    search,
    seed,
    found: found.reduce((sum, flag) => sum + flag, 0) / found.length,
    gradientsPerImage: gradientSteps / found.length,
    median: quantile(searched, 0.5),
    p90: quantile(searched, 0.9),
  };
}

async function forget(
  { seed, split, original, reference }: Subject,
  search: string,
  adversarial: AdversarialSet,
  { retain, learningRate }: (typeof settings)[number],
): Promise<Gap> {
  const data = retain ? split : { forget: split.forget };
  const { model, state } = await new Amun({ adversarial, learningRate }).unlearn(original, data, { seed });
  const { forgetAccuracy, retainAccuracy, testAccuracy, averageGapSvc } = await evaluate(model, split, {
    seed,
    reference,
  });
  model.dispose();
  const gap = averageGapSvc ?? NaN;
  const setting = `${retain ? 'with' : 'without'} retain ${learningRate}`;
  log(
    `seed ${seed}  ${search.padEnd(28)} ${setting.padEnd(20)} forget ${percent(forgetAccuracy)}  test ${percent(testAccuracy)}  gap (SVC) ${percent(gap)}`,
  );
  return { search, retain, learningRate, seed, state, forgetAccuracy, retainAccuracy, testAccuracy, gap };
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Standard deviation of a sample; NaN for a single value. */
function deviation(values: readonly number[]): number {
  const middle = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1));
}

function summarise(gaps: readonly Gap[], distances: readonly Distances[]) {
  const gapsOf = (search: string, { retain, learningRate }: (typeof settings)[number]): number[] =>
    gaps
      .filter((row) => row.search === search && row.retain === retain && row.learningRate === learningRate)
      .map(({ gap }) => gap);
  return searches.map(([search]) => {
    const own = distances.filter((row) => row.search === search);
    const paper = distances.filter((row) => row.search === PAPER);
    return {
      search,
      gradientsPerImage: mean(own.map(({ gradientsPerImage }) => gradientsPerImage)),
      medianRatio: mean(own.map(({ median }, i) => median / paper[i].median)),
      p90Ratio: mean(own.map(({ p90 }, i) => p90 / paper[i].p90)),
      settings: settings.map((setting) => {
        const [mine, theirs] = [gapsOf(search, setting), gapsOf(PAPER, setting)];
        const differences = mine.map((gap, i) => gap - theirs[i]);
        return { ...setting, gap: mean(mine), difference: mean(differences), deviation: deviation(differences) };
      }),
    };
  });
}

await startEngine(options.engine as EngineName);
const gaps: Gap[] = [];
const distances: Distances[] = [];
for (const seed of numbers(options.seeds)) {
  const subject = await prepare(seed);
  for (const [name, search] of searches) {
    const adversarial = await search.find(subject.original, subject.split.forget, { seed });
    distances.push(distancesOf(name, seed, adversarial));
    for (const setting of settings) gaps.push(await forget(subject, name, adversarial, setting));
    adversarial.dispose();
  }
  subject.original.dispose();
}
const rows = summarise(gaps, distances);
if (options.json) console.log(JSON.stringify({ network, engine: options.engine, rows, gaps, distances }));
log('\nAverage gap (SVC) in per cent, and difference to the paper’s loop at the same rate: mean ± standard deviation');
for (const { search, gradientsPerImage, medianRatio, p90Ratio, settings: means } of rows) {
  log(
    `\n${search}: gradients ${gradientsPerImage.toFixed(1)}  distance × paper’s ${medianRatio.toFixed(3)} (90 %: ${p90Ratio.toFixed(3)})`,
  );
  for (const { retain, learningRate, gap, difference, deviation: spread } of means) {
    const setting = `${retain ? 'with' : 'without'} retain data, rate ${learningRate}`;
    log(
      `  ${setting.padEnd(36)} ${percent(gap).padStart(6)}   ${percent(difference).padStart(6)} ± ${percent(spread)}`,
    );
  }
}
