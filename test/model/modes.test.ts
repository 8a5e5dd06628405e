/** Training mode: every mask from our seed, batch norm as asked, and layers put back whatever happens. */
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { drawFrom } from '../../src/core/engine';
import { randomStream } from '../../src/core/random';
import { asClassifier } from '../../src/model/classifier';
import { inputGradient, weightGradients } from '../../src/model/gradients';
import { crossEntropy, oneHotLabels } from '../../src/model/losses';
import { disposeModel } from '../../src/model/variables';
import { Custom } from './nets';
import {
  BACKENDS,
  errorOf,
  expectTensors,
  layerState,
  scramble,
  take,
  uniform,
  useBackend,
  weightsOf,
} from './support';

const { dense, dropout, reshape } = tfl.layers;

const training = (seed: number, batchNorm: 'train' | 'frozen' = 'train') =>
  ({ kind: 'training', batchNorm, draw: drawFrom(randomStream(seed, 'mode')) }) as const;

const GLOROT = { kernelInitializer: 'glorotUniform', recurrentInitializer: 'glorotUniform' } as const;

const around = (noise: tfl.layers.Layer, units = 12): LayersModel =>
  tfl.sequential({ layers: [dense({ units, activation: 'tanh', inputShape: [4] }), noise, dense({ units: 3 })] });

const recurrent = (layer: tfl.layers.Layer): LayersModel =>
  tfl.sequential({ layers: [reshape({ targetShape: [2, 2], inputShape: [4] }), layer, dense({ units: 3 })] });

const RATES = { dropout: 0.5, recurrentDropout: 0.5 };

/** Layers that draw random numbers in training. */
const NOISY: [string, () => LayersModel][] = [
  ['Dropout', () => around(dropout({ rate: 0.5 }))],
  ['Dropout with a seed of its own', () => around(dropout({ rate: 0.5, seed: 3 }))],
  [
    'SpatialDropout1D',
    () =>
      tfl.sequential({
        layers: [
          dense({ units: 24, inputShape: [4] }),
          reshape({ targetShape: [2, 12] }),
          tfl.layers.spatialDropout1d({ rate: 0.5 }),
          tfl.layers.flatten(),
          dense({ units: 3 }),
        ],
      }),
  ],
  ['GaussianNoise', () => around(tfl.layers.gaussianNoise({ stddev: 0.5 }))],
  ['GaussianDropout', () => around(tfl.layers.gaussianDropout({ rate: 0.5 }))],
  ['LSTM', () => recurrent(tfl.layers.lstm({ units: 6, ...GLOROT, ...RATES }))],
  ['GRU', () => recurrent(tfl.layers.gru({ units: 6, ...GLOROT, ...RATES }))],
  ['SimpleRNN', () => recurrent(tfl.layers.simpleRNN({ units: 6, ...GLOROT, ...RATES }))],
  [
    'stacked cells',
    () =>
      recurrent(
        tfl.layers.rnn({
          cell: [
            tfl.layers.lstmCell({ units: 5, ...GLOROT, ...RATES }),
            tfl.layers.gruCell({ units: 6, ...GLOROT, ...RATES }),
          ],
        }),
      ),
  ],
  [
    'Bidirectional',
    () =>
      recurrent(
        tfl.layers.bidirectional({
          layer: tfl.layers.lstm({ units: 6, ...GLOROT, ...RATES }) as tfl.RNN,
          mergeMode: 'concat',
        }),
      ),
  ],
  ['Dropout in a nested model', () => around(tfl.sequential({ layers: [dropout({ rate: 0.5, inputShape: [12] })] }))],
];

describe.each(BACKENDS)('training mode on %s', (backend) => {
  beforeAll(() => useBackend(backend));

  it.each(NOISY)('%s: the seed decides, and inference draws nothing', async (_name, build) => {
    const before = tf.memory().numTensors;
    const model = scramble(build());
    const view = asClassifier('test', model);
    const xs = uniform([3, 4], 1);
    const layers = layerState(model);
    expect(view.unseededLayers).toEqual([]);
    const run = (seed: number): Float32Array => take(view.forward(xs, training(seed)));
    const first = await expectTensors(0, () => run(1));
    expect(run(1)).toEqual(first);
    expect(run(2)).not.toEqual(first);
    const inference = take(view.logits(xs));
    expect(inference).not.toEqual(first);
    expect(take(view.logits(xs))).toEqual(inference);
    expect(layerState(model)).toEqual(layers);
    tf.dispose(xs);
    disposeModel(model);
    expect(tf.memory().numTensors).toBe(before);
  });

  it.each(NOISY)('%s: gradients flow, the same for the same seed', async (_name, build) => {
    const model = scramble(build());
    const view = asClassifier('test', model);
    const xs = uniform([3, 4], 1);
    const oneHot = oneHotLabels(Int32Array.of(0, 1, 2), 3);
    const run = (seed: number): number[] => {
      const { loss, gradients } = weightGradients(view, xs, oneHot, { loss: crossEntropy, mode: training(seed) });
      loss.dispose();
      return view.variables.flatMap(({ variable }) => Array.from(take(gradients[variable.name])));
    };
    const first = await expectTensors(0, () => run(1));
    expect(first.some((value) => value !== 0)).toBe(true);
    expect(run(1)).toEqual(first);
    expect(run(2)).not.toEqual(first);
    tf.dispose([xs, oneHot]);
    disposeModel(model);
  });

  it('GaussianNoise and GaussianDropout have the moments that their options say', () => {
    const count = 20_000;
    const xs = tf.fill([1, count], 2);
    const moments = (layer: tfl.layers.Layer): number[] => {
      const model = tfl.sequential({ layers: [layer] });
      const values = take(asClassifier('test', model).forward(xs, training(5)));
      const mean = values.reduce((sum, value) => sum + value, 0) / count;
      return [mean, Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / count)];
    };
    // Standard errors of the mean: 0.5 / √20000 = 0.0035 and 2 / √20000 = 0.014; five of them are allowed.
    const [mean, std] = moments(tfl.layers.gaussianNoise({ stddev: 0.5, inputShape: [count] }));
    expect(Math.abs(mean - 2)).toBeLessThan(0.018);
    expect(Math.abs(std - 0.5)).toBeLessThan(0.0125);
    // Times N(1, rate / (1 − rate)) with rate ½: standard deviation 2 · 1.
    const [mean2, std2] = moments(tfl.layers.gaussianDropout({ rate: 0.5, inputShape: [count] }));
    expect(Math.abs(mean2 - 2)).toBeLessThan(0.07);
    expect(Math.abs(std2 - 2)).toBeLessThan(0.05);
    tf.dispose(xs);
  });

  it('names AlphaDropout, whose draws no seed reaches', () => {
    const model = around(tfl.layers.alphaDropout({ rate: 0.5, name: 'alpha' }));
    expect(asClassifier('test', model).unseededLayers).toEqual(['alpha']);
    disposeModel(model);
  });

  it('updates moving statistics in `train`, not in `frozen`, also of a layer that is not trainable', () => {
    for (const trainable of [true, false]) {
      const model = scramble(around(tfl.layers.batchNormalization({ trainable })));
      const view = asClassifier('test', model);
      const xs = uniform([8, 4], 1);
      const before = weightsOf(model);
      take(view.forward(xs, training(1, 'frozen')));
      expect(weightsOf(model)).toEqual(before);
      take(view.forward(xs, training(1, 'train')));
      const after = weightsOf(model);
      const changed = Object.keys(after).filter((key) => String(after[key]) !== String(before[key]));
      expect(changed.length).toBe(2);
      expect(changed.every((key) => key.includes('moving_'))).toBe(true);
      tf.dispose(xs);
      disposeModel(model);
    }
  });

  it('keeps dropout on while batch norm is frozen', () => {
    const model = scramble(around(dropout({ rate: 0.5 })));
    const view = asClassifier('test', model);
    const xs = uniform([3, 4], 1);
    expect(take(view.forward(xs, training(1, 'frozen')))).toEqual(take(view.forward(xs, training(1, 'train'))));
    expect(take(view.forward(xs, training(1, 'frozen')))).not.toEqual(take(view.logits(xs)));
    tf.dispose(xs);
    disposeModel(model);
  });

  it('puts layers back, and leaks nothing, when a layer throws in the middle', async () => {
    const failing = new Custom({ kind: 'double' });
    const model = tfl.sequential({
      layers: [
        dense({ units: 4, inputShape: [4] }),
        tfl.layers.batchNormalization({}),
        dropout({ rate: 0.5 }),
        reshape({ targetShape: [2, 2] }),
        tfl.layers.lstm({ units: 4, ...GLOROT, ...RATES }),
        failing,
        dense({ units: 3, activation: 'softmax' }),
      ],
    });
    const view = asClassifier('test', model);
    const xs = uniform([3, 4], 1);
    const oneHot = oneHotLabels(Int32Array.of(0, 1, 2), 3);
    view.logits(xs).dispose();
    failing.call = () => {
      throw new Error('broken layer');
    };
    const layers = layerState(model);
    const before = weightsOf(model);
    const calls = [
      () => view.logits(xs),
      () => view.forward(xs, training(1, 'frozen')),
      () => inputGradient(view, xs, oneHot, crossEntropy),
      () => weightGradients(view, xs, oneHot, { loss: crossEntropy, mode: training(1, 'frozen') }),
    ];
    for (const call of calls) {
      const error = await expectTensors(0, () => errorOf(call));
      expect(error.message).toBe('broken layer');
      expect(layerState(model)).toEqual(layers);
    }
    expect(weightsOf(model)).toEqual(before);
    tf.dispose([xs, oneHot]);
    disposeModel(model);
  });
});
