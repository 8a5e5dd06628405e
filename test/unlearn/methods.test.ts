/** What each method computes: against single steps of SGD done by hand with tfjs' own losses. */
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { randomStream } from '../../src/core/random';
import { RunControl } from '../../src/core/run';
import type { Examples } from '../../src/data/examples';
import { openData } from '../../src/data/open';
import { asClassifier } from '../../src/model/classifier';
import { saliencyMask, weightSaliency } from '../../src/model/saliency';
import { disposeModel, modelVariables } from '../../src/model/variables';
import type { EpochPlan, RunContext } from '../../src/unlearn/context';
import { FineTune } from '../../src/unlearn/fine-tune';
import { GradientAscent } from '../../src/unlearn/gradient-ascent';
import { type TrainingOptions, resolveTraining } from '../../src/unlearn/options';
import { RandomLabels, wrongLabels } from '../../src/unlearn/random-labels';
import { SalUn } from '../../src/unlearn/salun';
import { Unlearner } from '../../src/unlearn/unlearner';
import { BACKENDS, scramble, take, useBackend, weightsOf, worst } from '../model/support';
import { CLASSES, disposeSplit, split } from './fixtures';

type Weights = Record<string, number[]>;

/** Neither dropout nor batch norm: training computes what inference does. */
function plainModel(): LayersModel {
  const { dense } = tfl.layers;
  return scramble(
    tfl.sequential({
      layers: [
        dense({ name: 'first', units: 5, activation: 'tanh', inputShape: [4] }),
        dense({ name: 'last', units: CLASSES, activation: 'softmax' }),
      ],
    }),
    4,
  );
}

/** Whole batches, so that order does not matter. */
const WHOLE: TrainingOptions = { batchSize: 100, learningRate: 0.1, momentum: 0.9, weightDecay: 0.01 };

let model: LayersModel;
let sets: ReturnType<typeof split>;
let tensors = 0;

beforeEach(() => {
  tensors = tf.memory().numTensors;
  model = plainModel();
  sets = split();
});

afterEach(() => {
  disposeSplit(sets);
  disposeModel(model);
  expect(tf.memory().numTensors).toBe(tensors);
});

/** Mean cross-entropy by tfjs' own ops on the model's own layers, and its gradients by key. */
function naiveGradients(of: LayersModel, { xs, ys }: Examples): Weights {
  const variables = modelVariables(of);
  const { grads } = tf.variableGrads(() => {
    const hidden = of.layers[0].apply(xs) as tf.Tensor2D;
    const [kernel, bias] = of.layers[1].weights.map((weight) => weight.read());
    const logits = tf.add(tf.matMul(hidden, kernel as tf.Tensor2D), bias);
    const oneHot = tf.oneHot(ys as tf.Tensor1D, CLASSES);
    return tf.losses.softmaxCrossEntropy(oneHot, logits);
  });
  return Object.fromEntries(variables.map(({ key, variable }) => [key, Array.from(take(grads[variable.name]))]));
}

/** PyTorch's SGD on the host, over a scratch model. */
class NaiveSgd {
  private momenta: Weights = {};
  readonly scratch = plainModel();

  step(data: Examples, rate: number, direction: 1 | -1 = 1): this {
    const gradients = tf.tidy(() => naiveGradients(this.scratch, data));
    for (const { key, variable, shape } of modelVariables(this.scratch)) {
      const weights = Array.from(variable.dataSync());
      const decayed = weights.map((w, i) => direction * gradients[key][i] + WHOLE.weightDecay! * w);
      const before = this.momenta[key] as number[] | undefined;
      const momentum = before === undefined ? decayed : decayed.map((g, i) => WHOLE.momentum! * before[i] + g);
      this.momenta[key] = momentum;
      const moved = tf.tensor(
        weights.map((w, i) => w - rate * momentum[i]),
        [...shape],
      );
      variable.assign(moved);
      moved.dispose();
    }
    return this;
  }

  finish(): Weights {
    const weights = weightsOf(this.scratch);
    disposeModel(this.scratch);
    return weights;
  }
}

async function unlearned(method: Unlearner, retain = true, seed = 0): Promise<Weights> {
  const { model: result, state } = await method.unlearn(model, retain ? sets : { forget: sets.forget }, { seed });
  expect(state).toBe('completed');
  const weights = weightsOf(result);
  result.dispose();
  return weights;
}

function worstWeights(actual: Weights, expected: Weights): number {
  expect(Object.keys(actual)).toEqual(Object.keys(expected));
  return Math.max(...Object.keys(expected).map((key) => worst(actual[key], expected[key])));
}

/** Records the labels of each epoch's passes. */
class WatchedLabels extends RandomLabels {
  readonly labels: number[][] = [];

  override async plan(context: RunContext): Promise<EpochPlan> {
    const inner = await super.plan(context);
    return async (epoch) => {
      const passes = await inner(epoch);
      this.labels.push(...passes.map(({ data }) => Array.from(data.labels!)));
      return passes;
    };
  }
}

describe.each(BACKENDS)('methods on %s', (backend) => {
  beforeAll(() => useBackend(backend));

  it('FineTune: two steps of SGD on the retain set, the second at half the rate', async () => {
    const schedule = { every: 1, factor: 0.5 };
    const actual = await unlearned(new FineTune({ ...WHOLE, epochs: 2, schedule }));
    const expected = new NaiveSgd().step(sets.retain, 0.1).step(sets.retain, 0.05).finish();
    expect(worstWeights(actual, expected)).toBeLessThan(1e-6);
  });

  it('GradientAscent without retain data: up the forget set’s loss, decay still down', async () => {
    const actual = await unlearned(new GradientAscent({ ...WHOLE, epochs: 1 }), false);
    const expected = new NaiveSgd().step(sets.forget, 0.1, -1).finish();
    expect(worstWeights(actual, expected)).toBeLessThan(1e-6);
  });

  it('GradientAscent: a pass down over retain, then one up over forget, one momentum', async () => {
    const method = new GradientAscent({ ...WHOLE, epochs: 1 });
    const { model: result, history } = await method.unlearn(model, sets);
    const actual = weightsOf(result);
    result.dispose();
    const expected = new NaiveSgd().step(sets.retain, 0.1).step(sets.forget, 0.1, -1).finish();
    expect(worstWeights(actual, expected)).toBeLessThan(1e-6);
    expect(Object.keys(history[0].losses)).toEqual(['retain', 'forget']);
    // Losses are cross-entropies, not what is minimised.
    expect(history[0].losses['forget']).toBeGreaterThan(0);
  });

  it('RandomLabels: a step on both sets, with the labels that it drew', async () => {
    const method = new WatchedLabels({ ...WHOLE, epochs: 1 });
    const actual = await unlearned(method);
    const ys = tf.tensor1d(method.labels[0], 'int32');
    const both = { xs: tf.concat([sets.forget.xs, sets.retain.xs]), ys };
    const expected = new NaiveSgd().step(both, 0.1).finish();
    expect(worstWeights(actual, expected)).toBeLessThan(1e-6);
    tf.dispose([both.xs, ys]);
  });

  it('SalUn: the method inside, on the mask of the forget set alone', async () => {
    const ratio = 0.3;
    const actual = await unlearned(
      new SalUn({ ratio, method: new FineTune({ ...WHOLE, epochs: 2, schedule: 'constant' }) }),
    );
    const view = asClassifier('test', model);
    const data = await openData('test', sets.forget, view.expectedData);
    const control = new RunControl(undefined, 'saliency', 'examples', data.size);
    const mask = saliencyMask(await weightSaliency(view, data, 100, control), ratio);
    const free = await unlearned(new FineTune({ ...WHOLE, epochs: 2, schedule: 'constant', mask }));
    expect(actual).toEqual(free);
    const before = weightsOf(model);
    const total = Object.values(before).flat().length;
    const moved = Object.keys(before).flatMap((key) => actual[key].filter((value, i) => value !== before[key][i]));
    expect(moved.length).toBe(Math.floor(total * ratio));
  });
});

describe('RandomLabels', () => {
  beforeAll(() => useBackend('cpu'));

  it('draws every wrong label alike, and never the true one', () => {
    const labels = Int32Array.from({ length: 6000 }, (_, i) => i % 4);
    const wrong = wrongLabels(labels, 4, randomStream(1, 'test'));
    const counts = Array.from({ length: 4 }, () => [0, 0, 0, 0]);
    labels.forEach((label, i) => {
      counts[label][wrong[i]] += 1;
    });
    // 1500 examples of each class, 500 for each other one; the standard deviation is √(1500 · ⅓ · ⅔) = 18.3.
    counts.forEach((row, label) => {
      expect(row[label]).toBe(0);
      row.forEach((count, other) => {
        if (other !== label) expect(Math.abs(count - 500)).toBeLessThan(5 * 18.3);
      });
    });
  });

  it('has only one wrong label of two', () => {
    expect(Array.from(wrongLabels(Int32Array.of(0, 1, 1), 2, randomStream(1, 'test')))).toEqual([1, 0, 0]);
  });

  it('redraws each epoch, keeps retain labels, and repeats under the seed', async () => {
    const watched = async (seed: number): Promise<number[][]> => {
      const method = new WatchedLabels({ ...WHOLE, epochs: 3 });
      await unlearned(method, true, seed);
      return method.labels;
    };
    const first = await watched(1);
    const truth = Array.from(sets.forget.ys.dataSync());
    const kept = Array.from(sets.retain.ys.dataSync());
    for (const labels of first) {
      expect(labels.slice(0, 8).every((label, i) => label !== truth[i] && label >= 0 && label < CLASSES)).toBe(true);
      expect(labels.slice(8)).toEqual(kept);
    }
    expect(first[0].slice(0, 8)).not.toEqual(first[1].slice(0, 8));
    expect(await watched(1)).toEqual(first);
    expect(await watched(2)).not.toEqual(first);
  });
});

describe('SalUn', () => {
  beforeAll(() => useBackend('cpu'));

  it('keeps to the caller’s own mask as well', async () => {
    const mask = new Map([['first/kernel', new Uint8Array(20)]]);
    const method = new FineTune({ ...WHOLE, epochs: 1, mask });
    const actual = await unlearned(new SalUn({ ratio: 1, method }));
    const before = weightsOf(model);
    expect(actual['first/kernel']).toEqual(before['first/kernel']);
    expect(actual['last/kernel']).not.toEqual(before['last/kernel']);
  });

  it('needs retain data when the method inside does', () => {
    expect(new SalUn({ method: new FineTune() }).needsRetain()).toBe(true);
    expect(new SalUn().needsRetain()).toBe(false);
  });

  it('says its own options and those of the method inside', () => {
    expect(new SalUn({ ratio: 0.2, method: new FineTune({ epochs: 4 }) }).describe()).toMatchObject({
      ratio: 0.2,
      method: 'FineTune',
      epochs: 4,
    });
  });
});

describe('a method of your own', () => {
  beforeAll(() => useBackend('cpu'));

  class AscendOnly extends Unlearner {
    readonly name = 'AscendOnly';

    constructor(options: TrainingOptions = {}) {
      super(resolveTraining('AscendOnly', options, { learningRate: 1e-3, schedule: 'constant' }, []));
    }

    plan(context: RunContext): EpochPlan {
      return () => [{ name: 'forget', data: context.augmented(context.forget), direction: -1 }];
    }
  }

  it('is a plan, and the base class does the rest', async () => {
    const own = await unlearned(new AscendOnly({ ...WHOLE, epochs: 1 }));
    const built = await unlearned(new GradientAscent({ ...WHOLE, epochs: 1 }), false);
    expect(own).toEqual(built);
  });

  it('takes its defaults where nothing is given', () => {
    expect(new AscendOnly().describe()).toEqual({
      epochs: 10,
      batchSize: 128,
      learningRate: 1e-3,
      schedule: 'constant',
      momentum: 0.9,
      weightDecay: 5e-4,
      batchNorm: 'train',
    });
  });
});

describe('published defaults', () => {
  it.each<[Unlearner, number, unknown, number]>([
    [new FineTune(), 0.05, { every: 5, factor: 0.1 }, 10],
    [new GradientAscent(), 0.01, { every: 5, factor: 0.1 }, 10],
    [new RandomLabels(), 0.01, { every: 1, factor: 0.1 }, 10],
  ])('%o', ({ options }, learningRate, schedule, epochs) => {
    expect(options).toMatchObject({ learningRate, schedule, epochs, batchSize: 128, momentum: 0.9, weightDecay: 5e-4 });
    expect(Object.isFrozen(options)).toBe(true);
  });
});
