/** Logits, input gradients and weight gradients of every kind of model, and that none of them leaves a trace. */
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { drawFrom } from '../../src/core/engine';
import { randomStream } from '../../src/core/random';
import { classifier, type ClassifierView } from '../../src/model/classifier';
import { inputGradient, weightGradients } from '../../src/model/gradients';
import { crossEntropy, logOdds, oneHotLabels } from '../../src/model/losses';
import { probeModel } from '../../src/model/prepare';
import { disposeModel } from '../../src/model/variables';
import { NETS, type NetCase, registerCustom } from './nets';
import {
  BACKENDS,
  dropMasks,
  expectTensors,
  layerState,
  take,
  useBackend,
  weightsOf,
  worst,
  worstRelative,
} from './support';

const LABELS = Int32Array.of(0, 1, 1);

/** log softmax of rows of two or more. */
function logSoftmax(values: ArrayLike<number>, width: number): number[] {
  return Array.from(values, (value, i) => {
    const start = i - (i % width);
    const row = Array.from({ length: width }, (_, j) => values[start + j]);
    const max = Math.max(...row);
    return value - max - Math.log(row.reduce((sum, other) => sum + Math.exp(other - max), 0));
  });
}

/** What the model itself says, as log-probabilities. */
function ownLogProbabilities(
  { outputs, options }: NetCase,
  model: LayersModel,
  xs: tf.Tensor,
  width: number,
): number[] {
  const values = tf.tidy(() => {
    const { mean, std } = options?.preprocess ?? { mean: 0, std: 1 };
    const input = options?.preprocess === undefined ? xs : tf.div(tf.sub(xs, mean as number), std as number);
    return Float32Array.from((model.predict(input) as tf.Tensor).dataSync());
  });
  dropMasks(model);
  if (outputs === 'logits') return logSoftmax(values, width);
  if (outputs === 'probabilities') return Array.from(values, Math.log);
  return Array.from(values).flatMap((p) => [Math.log(1 - p), Math.log(p)]);
}

async function open(net: NetCase): Promise<{ model: LayersModel; view: ClassifierView; xs: tf.Tensor }> {
  const model = net.build();
  const view = classifier(model, net.options) as ClassifierView;
  const xs = net.inputs();
  await probeModel('test', view, xs, 'inference');
  return { model, view, xs };
}

/** Central difference of `loss` along each entry of `at`, in double precision on the host. */
function differences(
  values: Float32Array,
  entries: readonly number[],
  step: number,
  loss: (v: Float32Array) => number,
) {
  return entries.map((entry) => {
    const moved = (by: number): number => {
      const copy = Float32Array.from(values);
      copy[entry] += by;
      return loss(copy);
    };
    return (moved(step) - moved(-step)) / (2 * step);
  });
}

const pick = (values: ArrayLike<number>, entries: readonly number[]): number[] => entries.map((i) => values[i]);

/** Σ of cross-entropy over the rows, from logits, in double precision. */
function hostLoss(logits: Float32Array, width: number): number {
  const logs = logSoftmax(logits, width);
  return LABELS.reduce((sum, label, row) => sum - logs[row * width + label], 0);
}

describe.each(BACKENDS)('every kind of model on %s', (backend) => {
  beforeAll(async () => {
    await useBackend(backend);
    registerCustom();
  });

  // Models included: tfjs' recurrent cells keep tensors that no dispose() frees.
  let tensors = 0;
  beforeEach(() => {
    tensors = tf.memory().numTensors;
  });
  afterEach(() => {
    expect(tf.memory().numTensors).toBe(tensors);
  });

  it.each(NETS)('$name: log softmax of the logits is what the model says', async (net) => {
    const { model, view, xs } = await open(net);
    const before = weightsOf(model);
    const layers = layerState(model);
    const width = view.classCount;
    const expected = ownLogProbabilities(net, model, xs, width);
    const logits = await expectTensors(1, () => view.logits(xs));
    expect(logits.shape).toEqual([3, width]);
    expect(worst(logSoftmax(take(logits), width), expected)).toBeLessThan(2e-5);
    expect(weightsOf(model)).toEqual(before);
    expect(layerState(model)).toEqual(layers);
    tf.dispose(xs);
    disposeModel(model);
  });

  it.each(NETS.filter(({ continuous }) => continuous !== false))(
    '$name: input gradients agree with differences',
    async (net) => {
      const { model, view, xs } = await open(net);
      const layers = layerState(model);
      const oneHot = oneHotLabels(LABELS, view.classCount);
      const { logits, gradient } = await expectTensors(2, () => inputGradient(view, xs, oneHot, crossEntropy));
      expect(worst(take(logits), take(view.logits(xs)))).toBeLessThan(1e-5);
      const entries = [0, 3, 7];
      const values = Float32Array.from(xs.dataSync());
      const loss = (moved: Float32Array): number =>
        hostLoss(take(tf.tidy(() => view.logits(tf.tensor(moved, xs.shape)))), view.classCount);
      const expected = differences(values, entries, 5e-3, loss);
      expect(worstRelative(pick(take(gradient), entries), expected, 0.05)).toBeLessThan(0.03);
      expect(layerState(model)).toEqual(layers);
      tf.dispose([xs, oneHot]);
      disposeModel(model);
    },
  );

  it.each(NETS)('$name: weight gradients agree with differences', async (net) => {
    const { model, view, xs } = await open(net);
    const oneHot = oneHotLabels(LABELS, view.classCount);
    const trainable = view.variables.filter((entry) => entry.trainable);
    const before = weightsOf(model);
    const { loss, gradients } = await expectTensors(1 + trainable.length, () =>
      weightGradients(view, xs, oneHot, { loss: crossEntropy, mode: { kind: 'inference' } }),
    );
    expect(Object.keys(gradients).sort()).toEqual(trainable.map(({ variable }) => variable.name).sort());
    const value = (): number => hostLoss(take(view.logits(xs)), view.classCount) / LABELS.length;
    expect(take(loss)[0]).toBeCloseTo(value(), 5);
    for (const { variable, key } of trainable) {
      const weights = Float32Array.from(variable.dataSync());
      const assign = (moved: Float32Array): void => {
        const tensor = tf.tensor(moved, variable.shape);
        variable.assign(tensor);
        tensor.dispose();
      };
      const entries = [weights.length >> 1];
      const expected = differences(weights, entries, 5e-3, (moved) => {
        assign(moved);
        return value();
      });
      assign(weights);
      const actual = pick(gradients[variable.name].dataSync(), entries);
      expect(worstRelative(actual, expected, 0.05), key).toBeLessThan(0.03);
    }
    expect(weightsOf(model)).toEqual(before);
    tf.dispose([xs, oneHot, gradients]);
    disposeModel(model);
  });

  it.each(NETS)(
    '$name: a training pass leaves layers and, with batch norm frozen, weights as they were',
    async (net) => {
      const { model, view, xs } = await open(net);
      const before = weightsOf(model);
      const layers = layerState(model);
      const mode = { kind: 'training', batchNorm: 'frozen', draw: drawFrom(randomStream(1, 'test')) } as const;
      const logits = await expectTensors(1, () => view.forward(xs, mode));
      expect(Array.from(take(logits)).every(Number.isFinite)).toBe(true);
      const oneHot = oneHotLabels(LABELS, view.classCount);
      const { loss, gradients } = await expectTensors(
        1 + view.variables.filter((entry) => entry.trainable).length,
        () => weightGradients(view, xs, oneHot, { loss: logOdds, mode }),
      );
      expect(weightsOf(model)).toEqual(before);
      expect(layerState(model)).toEqual(layers);
      tf.dispose([xs, oneHot, loss, gradients]);
      disposeModel(model);
    },
  );
});
