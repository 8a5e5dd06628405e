/**
 * What the library computes on WebGPU and on cpu, in a process of its own: a driver in software is found by its environment. Prints JSON.
 */
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import {
  Amun,
  evaluate,
  type Examples,
  FineTune,
  GradientAscent,
  IncreasingEpsilonSearch,
  isAmunError,
  MinimumNormSearch,
  Pgd,
  RandomLabels,
  SalUn,
  svcMia,
  type Unlearner,
} from 'amun-ts';
import { useWebgpu } from 'amun-ts/node';

const { conv2d, batchNormalization, activation, maxPooling2d, averagePooling2d, flatten, dense } = tfl.layers;

function network(): tfl.LayersModel {
  const kernelInitializer = tfl.initializers.heNormal({ seed: 3 });
  return tfl.sequential({
    layers: [
      conv2d({ filters: 4, kernelSize: 3, padding: 'same', inputShape: [8, 8, 1], kernelInitializer }),
      batchNormalization(),
      activation({ activation: 'relu' }),
      maxPooling2d({ poolSize: 2 }),
      conv2d({ filters: 6, kernelSize: 3, strides: 2, padding: 'same', activation: 'relu', kernelInitializer }),
      averagePooling2d({ poolSize: 2 }),
      flatten(),
      dense({ units: 3, activation: 'softmax', kernelInitializer }),
    ],
  });
}

/** Random images; labels by which third of the image is the brightest, so that there is something to learn. */
function images(size: number, seed: number): Examples {
  return tf.tidy(() => {
    const noise = tf.randomUniform([size, 8, 8, 1], 0, 0.7, 'float32', seed);
    const labels = Array.from({ length: size }, (_, i) => (i * 7 + seed) % 3);
    const bright = tf.tensor(
      labels.flatMap((label) =>
        Array.from({ length: 64 }, (_, at) => (Math.floor((at % 8) / 2.7) === label ? 0.3 : 0)),
      ),
      [size, 8, 8, 1],
    );
    return { xs: tf.keep(tf.add(noise, bright)), ys: tf.keep(tf.tensor1d(labels, 'int32')) };
  });
}

const METHODS: Record<string, Unlearner> = {
  amun: new Amun({ search: new IncreasingEpsilonSearch({ attack: new Pgd({ steps: 10 }) }), epochs: 2, batchSize: 16 }),
  fineTune: new FineTune({ epochs: 2, batchSize: 16, learningRate: 0.02 }),
  gradientAscent: new GradientAscent({ epochs: 1, batchSize: 16, learningRate: 0.001 }),
  randomLabels: new RandomLabels({ epochs: 1, batchSize: 16, learningRate: 0.01 }),
  salUn: new SalUn({ method: new RandomLabels({ epochs: 1, batchSize: 16, learningRate: 0.01 }) }),
};

async function numbers(tensor: tf.Tensor): Promise<number[]> {
  return Array.from(await tensor.data());
}

/** Everything on the current backend, and what it leaves behind. */
async function everything() {
  const before = tf.memory().numTensors;
  const model = network();
  const split = { forget: images(20, 1), retain: images(60, 2), test: images(30, 3) };
  const searches: Record<string, unknown> = {};
  for (const search of [new IncreasingEpsilonSearch({ attack: new Pgd({ steps: 10 }) }), new MinimumNormSearch()]) {
    const { xs, found, distances, dispose } = await search.find(model, split.forget, { batchSize: 8 });
    searches[search.constructor.name] = { xs: await numbers(xs), found: [...found], distances: [...distances] };
    dispose();
  }
  const unlearned: Record<string, unknown> = {};
  for (const [name, method] of Object.entries(METHODS)) {
    const { model: changed, history, state } = await method.unlearn(model, split, { seed: 1 });
    const weights: number[][] = [];
    for (const weight of changed.getWeights()) weights.push(await numbers(weight));
    const evaluation = await evaluate(changed, split, { attacks: [svcMia({ shadowSize: 20 })], resamples: 10 });
    unlearned[name] = {
      state,
      losses: history.flatMap(({ losses }) => Object.values(losses)),
      weights,
      retain: evaluation.retainAccuracy,
    };
    changed.dispose();
  }
  for (const { xs, ys } of Object.values(split)) tf.dispose([xs, ys]);
  model.dispose();
  return { searches, unlearned, leaked: tf.memory().numTensors - before };
}

const codeOf = (error: unknown): string => (isAmunError(error) ? error.code : String(error));

const refused = await useWebgpu().then(() => 'nothing', codeOf);
await tf.setBackend('cpu');
const cpu = await everything();
const info = await useWebgpu({ allowSoftware: true });
// Small tensors would be left to the processor, and the GPU's kernels untested.
tf.env().set('WEBGPU_CPU_FORWARD', false);
const current = tf.getBackend();
const webgpu = await everything();

/** What a fixed kernel computes on both backends. */
async function fixed() {
  const values = tf.tensor2d([3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9], [3, 5]);
  const results = tf.tidy(() => [
    tf.cumsum(values, 1, false, true),
    tf.cumsum(values, 0, true, true),
    tf.cumprod(values, 1, false, true),
    tf.grad((x) => tf.sum(tf.square(tf.cumsum(x, 1))))(values),
    tf.argMax(tf.reshape(values, [15])),
    // Equal values share no gradient: one of each window gets it all.
    tf.sum(tf.grad((x) => tf.maxPool(x as tf.Tensor4D, 2, 2, 'valid'))(tf.fill([1, 4, 4, 1], -1))),
  ]);
  const all: { shape: number[]; values: number[] }[] = [];
  for (const result of results) all.push({ shape: result.shape, values: await numbers(result) });
  tf.dispose([values, ...results]);
  return all;
}

/** What comes of a computation: its code, where it is refused. */
const attempt = (compute: () => unknown): Promise<string> => (async () => compute())().then(() => 'computed', codeOf);

const fixedOnGpu = await fixed();
const dilation = await attempt(() => {
  const [x, filter] = [tf.ones([1, 6, 6, 2]), tf.ones([2, 2, 2])];
  return tf.tidy(() => tf.grad((y) => tf.dilation2d(y as tf.Tensor4D, filter as tf.Tensor3D, 1, 'same'))(x));
});
const sync = await attempt(() => tf.add(tf.ones([4]), 1).dataSync());
const refusal = await attempt(() => tf.transpose(tf.ones([2, 30, 40], 'int32'), [0, 2, 1]).data());
const sticky = await attempt(() => tf.add(tf.ones([4]), 1).data());
await useWebgpu({ allowSoftware: true });
const afterwards = await numbers(tf.add(tf.ones([4]), 1));
await tf.setBackend('cpu');
const fixedOnCpu = await fixed();
const errors = { refused, dilation, sync, refusal, sticky };
console.log(JSON.stringify({ info, current, cpu, webgpu, errors, afterwards, fixedOnGpu, fixedOnCpu }));
