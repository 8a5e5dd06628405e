/**
 * What each search for adversarial neighbours costs and how near its neighbours are: the paper's loop, the same with a calibrated
 * first radius and with bisection, and the minimum-norm search with 6, 8 and 16 gradients, on training images of Fashion-MNIST.
 * Without --model it trains a network first, and with --save keeps it. --offset leaves out as many images at the beginning, so that
 * what was settled on some images can be checked on others.
 *
 *   npx tsx bench/search.ts [--network resnet8] [--epochs 8] [--images 1000] [--offset 0] [--norm l2]
 *     [--model DIR | --save DIR] [--json]
 */
import { parseArgs } from 'node:util';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import {
  type AdversarialSearch,
  type AdversarialSet,
  type Examples,
  IncreasingEpsilonSearch,
  MinimumNormSearch,
  type NormName,
  Pgd,
  Retrain,
  subsetExamples,
} from 'amun-ts';
import { loadModel, saveModel } from 'amun-ts/node';
import { useWasm } from 'amun-ts/wasm';
import { buildModel, type ModelName } from '../examples/fashion-mnist/models';
import { loadImages } from '../examples/support';

const { values: options } = parseArgs({
  options: {
    network: { type: 'string', default: 'resnet8' },
    epochs: { type: 'string', default: '8' },
    images: { type: 'string', default: '1000' },
    offset: { type: 'string', default: '0' },
    norm: { type: 'string', default: 'l2' },
    model: { type: 'string' },
    save: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});

const TRAINING_IMAGES = 10_000;

/** First radius of the paper's loop: its own for l2, and one about as far from the boundary for linf. */
const INITIAL = { l2: 0.04, linf: 0.002 } as const;

function searches(norm: NormName): Record<string, AdversarialSearch> {
  const attack = new Pgd({ norm, steps: 50 });
  const increasing = (more: { calibrated?: boolean; refine?: number }): AdversarialSearch =>
    new IncreasingEpsilonSearch({
      attack,
      initialEpsilon: more.calibrated === true ? 'calibrated' : INITIAL[norm],
      refine: more.refine ?? 0,
    });
  return {
    'paper’s loop': increasing({}),
    '… refined': increasing({ refine: 6 }),
    '… calibrated': increasing({ calibrated: true }),
    '… calibrated, refined': increasing({ calibrated: true, refine: 6 }),
    'minimum norm, 6 steps': new MinimumNormSearch({ norm, steps: 6 }),
    'minimum norm': new MinimumNormSearch({ norm }),
    '… refined 6': new MinimumNormSearch({ norm, refine: 6 }),
    'minimum norm, 16 steps': new MinimumNormSearch({ norm, steps: 16 }),
  };
}

async function train(network: ModelName, epochs: number, { xs, ys }: Examples, test: Examples): Promise<LayersModel> {
  const build = (seed: number): LayersModel => buildModel(network, seed);
  const learningRate = network === 'resnet8' ? 0.1 : 0.05;
  const method = new Retrain({ epochs, learningRate, schedule: 'cosine', build });
  const { model } = await method.unlearn(build(1), { forget: test, retain: { xs, ys } }, { seed: 1 });
  return model;
}

/** The value below which a share of the values lies. */
function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}

/** Distances of neighbours that were searched: those found, and not misclassified from the start. */
const searched = ({ found, distances }: AdversarialSet): readonly number[] =>
  Array.from(distances).filter((distance, i) => found[i] === 1 && distance > 0);

/** One search, beside the distances of the paper's loop. */
interface Row {
  readonly name: string;
  readonly found: number;
  readonly gradientsPerImage: number;
  readonly seconds: number;
  readonly median: number;
  readonly p90: number;
  /** Distances as fractions of those of the paper's loop, image by image: median and 90th percentile. */
  readonly ratioMedian: number;
  readonly ratioP90: number;
}

async function measure(
  name: string,
  search: AdversarialSearch,
  model: LayersModel,
  images: Examples,
  paper: Float32Array | undefined,
): Promise<{ row: Row; distances: Float32Array }> {
  const startedAt = performance.now();
  const set = await search.find(model, images);
  const seconds = (performance.now() - startedAt) / 1000;
  const distances = searched(set);
  const base = paper ?? set.distances;
  const ratios = Array.from(set.distances, (distance, i) => distance / base[i]).filter((ratio) => ratio > 0);
  set.dispose();
  const row = {
    name,
    found: set.found.reduce((sum, flag) => sum + flag, 0) / set.found.length,
    gradientsPerImage: set.gradientSteps / set.found.length,
    seconds,
    median: quantile(distances, 0.5),
    p90: quantile(distances, 0.9),
    ratioMedian: quantile(ratios, 0.5),
    ratioP90: quantile(ratios, 0.9),
  };
  return { row, distances: set.distances };
}

await useWasm();
const { train: all, test } = loadImages(TRAINING_IMAGES, 1000);
const network = options.network as ModelName;
const model =
  options.model === undefined
    ? await train(network, Number(options.epochs), all, test)
    : await loadModel(options.model);
if (options.save !== undefined) await saveModel(model, options.save);
const offset = Number(options.offset);
const images = subsetExamples(
  all,
  Array.from({ length: Number(options.images) }, (_, i) => offset + i),
);
const rows: Row[] = [];
let paper: Float32Array | undefined;
for (const [name, search] of Object.entries(searches(options.norm as NormName))) {
  const { row, distances } = await measure(name, search, model, images, paper);
  paper ??= distances;
  rows.push(row);
  if (!options.json) {
    const { found, gradientsPerImage, seconds, median, p90, ratioMedian, ratioP90 } = row;
    console.log(
      `${name.padEnd(24)} found ${(100 * found).toFixed(1)} %  gradients ${gradientsPerImage.toFixed(1).padStart(6)}  ${seconds.toFixed(1).padStart(6)} s` +
        `  distance ${median.toFixed(4)} (90 %: ${p90.toFixed(4)})  × paper’s ${ratioMedian.toFixed(3)} (90 %: ${ratioP90.toFixed(3)})`,
    );
  }
}
if (options.json) {
  console.log(JSON.stringify({ network, norm: options.norm, images: Number(options.images), offset, rows }));
}
