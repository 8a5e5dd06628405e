/**
 * Unlearning on more data than memory holds: one epoch of AMUN over a retain set that is made example by example.
 *
 *     npx tsx bench/streaming.ts [--examples 1000000] [--method amun|fine-tune] [--backend wasm|cpu] [--json]
 *
 * The retain set is an `ExampleSource` of synthetic 28×28×1 images of 10 classes: a blurred pattern of its class plus noise, both
 * drawn from a hash of seed, example and pixel, so that nothing of it is stored. The model is dense, 784 → 32 → 10. What runs is the
 * whole of `unlearn()`: checks, the search for 100 forgotten examples, seeded batches of 128, one epoch. Prints examples per
 * second of that call and the peak resident memory of the process, which should hardly depend on the number of examples: four
 * bytes each for the order of the epoch, and as many for its batches.
 */
import { parseArgs } from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import * as tfl from '@tensorflow/tfjs-layers';
import { Amun, type Examples, type ExampleSource, FineTune } from 'amun-ts';
import { useWasm } from 'amun-ts/wasm';

const CLASSES = 10;
const SHAPE = [28, 28, 1] as const;
const PIXELS = 28 * 28;
const FORGOTTEN = 100;
const SEED = 1;

const { values: args } = parseArgs({
  options: {
    examples: { type: 'string', default: '1000000' },
    method: { type: 'string', default: 'amun' },
    backend: { type: 'string', default: 'wasm' },
    json: { type: 'boolean', default: false },
  },
});

/** 32 well-mixed bits of two integers (Wang, Jenkins). */
function mixed(a: number, b: number): number {
  let h = Math.imul(a ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(b + 1, 0xc2b2ae35);
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
  h = Math.imul(h ^ (h >>> 12), 0x297a2d39);
  return (h ^ (h >>> 15)) >>> 0;
}

/** Patterns [10, 784] in [0, 0.5]: each class's own, constant over squares of 4×4 pixels. */
const patterns = Float32Array.from({ length: CLASSES * PIXELS }, (_, i) => {
  const pixel = i % PIXELS;
  const square = 7 * Math.floor(pixel / 28 / 4) + Math.floor((pixel % 28) / 4);
  return (mixed(SEED, 49 * Math.floor(i / PIXELS) + square) % 1024) / 2048;
});

function synthetic(size: number): ExampleSource {
  return {
    size,
    inputShape: SHAPE,
    classCount: CLASSES,
    gather: async (indices) => {
      const xs = new Float32Array(indices.length * PIXELS);
      const ys = indices.map((index) => mixed(SEED, index) % CLASSES);
      indices.forEach((index, row) => {
        const pattern = ys[row] * PIXELS;
        for (let i = 0; i < PIXELS; i++) {
          xs[row * PIXELS + i] = patterns[pattern + i] + mixed(index, i) / 2 ** 33;
        }
      });
      return { xs: tf.tensor(xs, [indices.length, ...SHAPE]), ys: tf.tensor1d(ys, 'int32') };
    },
  };
}

function denseModel(): tfl.LayersModel {
  const initializer = (seed: number): object => ({ kernelInitializer: tfl.initializers.glorotUniform({ seed }) });
  return tfl.sequential({
    layers: [
      tfl.layers.flatten({ inputShape: [...SHAPE] }),
      tfl.layers.dense({ units: 32, activation: 'relu', ...initializer(1) }),
      tfl.layers.dense({ units: CLASSES, ...initializer(2) }),
    ],
  });
}

/** Examples past the retain set's last one, in memory. */
function forgotten(source: ExampleSource): Promise<Examples> {
  return source.gather(Int32Array.from({ length: FORGOTTEN }, (_, i) => source.size + i));
}

const size = Number(args.examples);
if (!Number.isSafeInteger(size) || size < 1) throw new Error(`--examples: expected a count, got '${args.examples}'`);
if (args.backend === 'wasm') await useWasm();
else await tf.setBackend('cpu');

const options = { epochs: 1, learningRate: 0.01 };
const method = args.method === 'amun' ? new Amun(options) : new FineTune(options);
const retain = synthetic(size);
const forget = await forgotten(retain);
const startedAt = performance.now();
const result = await method.unlearn(denseModel(), { forget, retain }, { seed: SEED });
const seconds = (performance.now() - startedAt) / 1000;

const figures = {
  method: method.name,
  backend: tf.getBackend(),
  examples: size,
  state: result.state,
  seconds,
  examplesPerSecond: size / seconds,
  peakMegabytes: process.resourceUsage().maxRSS / 1024,
};
if (args.json) console.log(JSON.stringify(figures));
else {
  console.log(
    `${figures.method} on ${figures.backend}: ${size} examples in ${seconds.toFixed(1)} s, ` +
      `${figures.examplesPerSecond.toFixed(0)} a second, peak ${figures.peakMegabytes.toFixed(0)} MB`,
  );
}
