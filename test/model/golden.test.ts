/** The networks of the golden files: forward pass, batch norm in training mode, and the strided convolution. */
import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { drawFrom } from '../../src/core/engine';
import { randomStream } from '../../src/core/random';
import { asClassifier } from '../../src/model/classifier';
import {
  goldenBn,
  goldenCnn,
  goldenMlp,
  goldenModels,
  goldenTensor,
  type GoldenTensor,
  type GoldenWeights,
} from '../golden/models';
import { BACKENDS, expectTensors, take, useBackend, weightsOf, worst, worstRelative } from './support';

const stored = goldenModels();

const argmaxRows = (values: Float32Array, width: number): number[] =>
  Array.from({ length: values.length / width }, (_, row) => {
    const slice = values.subarray(row * width, (row + 1) * width);
    return slice.indexOf(Math.max(...slice));
  });

const NETS: [string, () => tfl.LayersModel, GoldenTensor, GoldenTensor, number[]][] = [
  ['cnn', goldenCnn, stored.images, stored.cnn.logits, stored.cnn.pred],
  ['bn', goldenBn, stored.images, stored.bn.logits_eval, stored.bn.pred],
  ['mlp', goldenMlp, stored.mlp.inputs, stored.mlp.logits, stored.mlp.pred],
];

const training = (batchNorm: 'train' | 'frozen') =>
  ({ kind: 'training', batchNorm, draw: drawFrom(randomStream(0, 'test')) }) as const;

function movingStatistics(model: tfl.LayersModel): Record<string, number[]> {
  return Object.fromEntries(Object.entries(weightsOf(model)).filter(([key]) => key.includes('moving_')));
}

function worstStatistic(actual: Record<string, number[]>, expected: GoldenWeights): number {
  expect(Object.keys(actual).sort()).toEqual(Object.keys(expected).sort());
  return Math.max(...Object.keys(expected).map((key) => worstRelative(actual[key], expected[key].data, 1e-3)));
}

describe.each(BACKENDS)('golden networks on %s', (backend) => {
  beforeAll(() => useBackend(backend));

  it.each(NETS)('%s: logits within 1e-4, predictions exact', async (_name, build, inputs, logits, predictions) => {
    const model = build();
    const xs = goldenTensor(inputs);
    const view = asClassifier('test', model);
    const values = take(await expectTensors(1, () => view.logits(xs)));
    expect(worst(values, logits.data)).toBeLessThan(1e-4);
    expect(argmaxRows(values, logits.shape[1])).toEqual(predictions);
    tf.dispose(xs);
    model.dispose();
  });

  it('bn: batch statistics in training mode, and moving statistics after one update', () => {
    const model = goldenBn();
    const xs = goldenTensor(stored.images);
    const view = asClassifier('test', model);
    const logits = take(view.forward(xs, training('train')));
    expect(worst(logits, stored.bn.train_mode.logits.data)).toBeLessThan(1e-4);
    expect(worstStatistic(movingStatistics(model), stored.bn.train_mode.moving_after)).toBeLessThan(1e-4);
    tf.dispose(xs);
    model.dispose();
  });

  it('bn: frozen batch norm computes as in inference and keeps its moving statistics', () => {
    const model = goldenBn();
    const before = weightsOf(model);
    const xs = goldenTensor(stored.images);
    const view = asClassifier('test', model);
    const logits = take(view.forward(xs, training('frozen')));
    expect(worst(logits, stored.bn.logits_eval.data)).toBeLessThan(1e-4);
    expect(weightsOf(model)).toEqual(before);
    tf.dispose(xs);
    model.dispose();
  });

  it('convolution of stride 2: explicit padding is PyTorch’s, `same` is not', () => {
    const { input, kernel, ...op } = stored.ops.conv_stride2;
    const x = goldenTensor(input) as tf.Tensor4D;
    const filter = goldenTensor(kernel) as tf.Tensor4D;
    const padded = (image: tf.Tensor4D): tf.Tensor4D =>
      tf.conv2d(tf.pad(image, op.explicit_padding) as tf.Tensor4D, filter, 2, 'valid');
    expect(worst(take(padded(x)), op.output_torch_padding1.data)).toBeLessThan(1e-5);
    expect(worst(take(tf.conv2d(x, filter, 2, 'same')), op.output_tf_same.data)).toBeLessThan(1e-5);
    const gradient = tf.grad((image) => tf.sum(padded(image as tf.Tensor4D)))(x);
    expect(worst(take(gradient), op.input_gradient_of_sum_torch_padding1.data)).toBeLessThan(1e-5);
  });
});
