/** The search where it is hard: cases derived by hand, and inputs on which the original loops for ever or returns NaN. */
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Examples } from '../../src/data/examples';
import { classifier } from '../../src/model/classifier';
import type { Attack } from '../../src/search/attack';
import { Pgd } from '../../src/search/attacks/pgd';
import { IncreasingEpsilonSearch } from '../../src/search/increasing-epsilon';
import { goldenMlp } from '../golden/models';
import { BACKENDS, errorOf, expectTensors, scramble, useBackend, weightsOf } from '../model/support';
import { disposeExamples, examplesOf, expectNeighbours, linearModel, mlpExamples } from './support';

/**
 * Two classes divided by the line 3a + 4b = 4.5: the margin of (0.5, 0.5) is 1, so that its neighbour is 1 / ‖(3, 4)‖₂ = 0.2
 * away under l2, and 1 / ‖(3, 4)‖₁ = 1/7 under linf.
 */
const divided = (): LayersModel =>
  linearModel(
    [
      [0, 3],
      [0, 4],
    ],
    [0, -4.5],
  );

const middle = (): Examples => examplesOf([[0.5, 0.5]], [0]);

const flags = (values: Uint8Array): number[] => Array.from(values);

/** √ of the inputs less 0.5: NaN for those below. */
class RootLayer extends tfl.layers.Layer {
  static readonly className = 'TestRoot';
  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.sqrt(tf.sub(Array.isArray(inputs) ? inputs[0] : inputs, 0.5));
  }
}

describe.each(BACKENDS)('IncreasingEpsilonSearch on %s', (backend) => {
  beforeAll(() => useBackend(backend));

  it('takes the radii and steps that follow by hand on a linear classifier', async () => {
    const [model, examples] = [divided(), middle()];
    const result = await new IncreasingEpsilonSearch().find(model, examples);
    // Radii 0.04, 0.08 and 0.16 are reached and do not do. Within 0.32 steps are 0.032: 0.192, then 0.224 flips, which the
    // third gradient notices.
    expect(result.epsilons[0]).toBe(Math.fround(0.32));
    expect(result.distances[0]).toBeCloseTo(0.224, 5);
    expect(result.gradientSteps).toBe(3 * 50 + 3);
    const [a, b] = result.xs.dataSync();
    expect([a - 0.5, b - 0.5].map((d) => d / 0.224)).toEqual([expect.closeTo(0.6, 4), expect.closeTo(0.8, 4)]);
    expect(Array.from(result.ys.dataSync())).toEqual([1]);
    result.dispose();
    disposeExamples(examples);
  });

  it.each([
    ['l2', 0.2],
    ['linf', 1 / 7],
  ] as const)('comes as near as refine says under %s', async (norm, nearest) => {
    const [model, examples] = [divided(), middle()];
    for (const refine of [0, 1, 4, 12]) {
      const search = new IncreasingEpsilonSearch({ attack: new Pgd({ norm }), refine });
      const result = await expectTensors(2, () => search.find(model, examples));
      // The margin that makes a flip robust lies a little behind the line.
      expect(result.distances[0]).toBeGreaterThan(nearest);
      expect(result.distances[0]).toBeLessThan(nearest + 0.3 * 2 ** -refine + 1e-5);
      expectNeighbours(model, result, [0]);
      result.dispose();
    }
    disposeExamples(examples);
  });

  it('gives examples misclassified from the start back as they are, without a gradient', async () => {
    const model = divided();
    const examples = examplesOf(
      [
        [0.5, 0.5],
        [0.1, 0.2],
      ],
      [1, 1],
    );
    for (const initialEpsilon of [0.03, 'calibrated'] as const) {
      const result = await new IncreasingEpsilonSearch({ initialEpsilon }).find(model, examples);
      expect([flags(result.found), Array.from(result.distances), result.gradientSteps]).toEqual([[1, 1], [0, 0], 0]);
      const epsilon = Math.fround(initialEpsilon === 'calibrated' ? 0.01 : 0.03);
      expect(Array.from(result.epsilons)).toEqual([epsilon, epsilon]);
      expect(result.xs.dataSync()).toEqual(examples.xs.dataSync());
      expect(Array.from(result.ys.dataSync())).toEqual([0, 0]);
      result.dispose();
    }
    disposeExamples(examples);
  });

  it.each([100, 1e4])('finds the same neighbours when the logits are scaled by %d', async (scale) => {
    const examples = mlpExamples();
    const plain = goldenMlp();
    const steep = goldenMlp();
    const head = steep.layers[1];
    tf.tidy(() => head.setWeights(head.getWeights().map((weight) => tf.mul(weight, scale))));
    const softmax = tfl.sequential({ layers: [...steep.layers, tfl.layers.softmax()] });
    const expected = await new IncreasingEpsilonSearch().find(plain, examples);
    for (const model of [steep, softmax]) {
      const result = await new IncreasingEpsilonSearch().find(model, examples);
      expect(flags(result.found)).not.toContain(0);
      expectNeighbours(model, result, examples.ys.dataSync());
      // Softer logits weigh the rivals differently, so that paths differ; the way to the boundary is about as long.
      const ratios = Array.from(result.distances, (d, i) =>
        expected.distances[i] === 0 ? 1 : d / expected.distances[i],
      );
      expect(Math.max(...ratios)).toBeLessThan(2);
      result.dispose();
    }
    expected.dispose();
    disposeExamples(examples);
  });

  it('gives up at once where the gradient is exactly zero', async () => {
    const model = linearModel(
      [
        [0, 0],
        [0, 0],
      ],
      [1, 0],
    );
    const examples = middle();
    const result = await expectTensors(2, () => new IncreasingEpsilonSearch().find(model, examples));
    expect([flags(result.found), result.gradientSteps]).toEqual([[0], 1]);
    expect(Array.from(result.ys.dataSync())).toEqual([0]);
    expect(result.xs.dataSync()).toEqual(examples.xs.dataSync());
    expect([result.epsilons[0], result.distances[0]]).toEqual([Math.fround(0.04), 0]);
    result.dispose();
    disposeExamples(examples);
  });

  it('ends at the diameter of the box where no class can be reached', async () => {
    const model = linearModel(
      [
        [0, 3],
        [0, 4],
      ],
      [1e6, 0],
    );
    const examples = middle();
    const result = await expectTensors(2, () => new IncreasingEpsilonSearch().find(model, examples));
    expect(flags(result.found)).toEqual([0]);
    expect(result.epsilons[0]).toBe(Math.fround(Math.SQRT2));
    // 0.04 · 2^0 … 2^5 = 1.28, and √2 as the last.
    expect(result.gradientSteps).toBe(7 * 50);
    expect(result.xs.dataSync()).toEqual(examples.xs.dataSync());
    result.dispose();
    disposeExamples(examples);
  });

  it('ends at maxEpsilon, and includes it', async () => {
    const [model, examples] = [divided(), middle()];
    const found = async (maxEpsilon: number): Promise<[number[], number]> => {
      const result = await new IncreasingEpsilonSearch({ maxEpsilon }).find(model, examples);
      result.dispose();
      return [flags(result.found), result.epsilons[0]];
    };
    expect(await found(0.19)).toEqual([[0], Math.fround(0.19)]);
    expect(await found(0.21)).toEqual([[1], Math.fround(0.21)]);
    expect(await found(0.04)).toEqual([[0], Math.fround(0.04)]);
    disposeExamples(examples);
  });

  it('never returns NaN, whatever the logits are', async () => {
    const kernel = tf.tensor2d([
      [0, 3],
      [0, 4],
    ]);
    const layers = [new RootLayer({ inputShape: [2] }), tfl.layers.dense({ units: 2 })];
    const model = tfl.sequential({ layers });
    model.layers[1].setWeights([kernel, tf.tensor1d([0, -2])]);
    // Class 0 where 3√(a−½) + 4√(b−½) < 2. NaN from the start; found; on a step into NaN, for class 1 lies across it.
    const examples = examplesOf(
      [
        [0.1, 0.9],
        [0.52, 0.52],
        [0.95, 0.5001],
        [0.9, 0.9],
      ],
      [0, 0, 0, 1],
    );
    const result = await expectTensors(2, () => new IncreasingEpsilonSearch().find(model, examples));
    expect(flags(result.found).slice(0, 3)).toEqual([0, 1, expect.any(Number)]);
    for (const values of [result.xs.dataSync(), result.distances, result.epsilons]) {
      expect(Array.from(values).every(Number.isFinite)).toBe(true);
    }
    expectNeighbours(model, result, examples.ys.dataSync());
    result.dispose();
    disposeExamples(examples);
  });

  it('keeps to the bounds of each channel', async () => {
    const target = classifier(divided(), {
      bounds: [
        [0, 0.45],
        [0.9, 0.55],
      ],
    });
    const examples = middle();
    const result = await new IncreasingEpsilonSearch().find(target, examples);
    // b can add 4 · 0.05 = 0.2 of the margin of 1; a must add 0.8 / 3.
    const [a, b] = result.xs.dataSync();
    expect(flags(result.found)).toEqual([1]);
    expect(a).toBeGreaterThan(0.5 + 0.8 / 3);
    expect(a).toBeLessThanOrEqual(Math.fround(0.9));
    expect(b).toBeLessThanOrEqual(Math.fround(0.55));
    result.dispose();
    // In a box that the line does not cross there is nothing, up to its diameter √(0.6² + 0.1²).
    const closed = classifier(divided(), {
      bounds: [
        [0, 0.45],
        [0.6, 0.55],
      ],
    });
    const none = await new IncreasingEpsilonSearch().find(closed, examples);
    expect([flags(none.found), none.epsilons[0]]).toEqual([[0], Math.fround(Math.hypot(0.6, 0.1))]);
    none.dispose();
    disposeExamples(examples);
  });

  it('leaves batch-norm statistics as they are', async () => {
    const layers = [
      tfl.layers.dense({ units: 4, inputShape: [16] }),
      tfl.layers.batchNormalization(),
      tfl.layers.dropout({ rate: 0.5 }),
      tfl.layers.dense({ units: 5, activation: 'softmax' }),
    ];
    const model = scramble(tfl.sequential({ layers }));
    const before = weightsOf(model);
    const examples = mlpExamples();
    const result = await new IncreasingEpsilonSearch().find(model, examples);
    expect(weightsOf(model)).toEqual(before);
    expectNeighbours(model, result, examples.ys.dataSync());
    result.dispose();
    disposeExamples(examples);
  });

  it('calibrates the first radius to the median that a search from 0.01 finds', async () => {
    const [model, examples] = [goldenMlp(), mlpExamples()];
    const run = async (initialEpsilon: number | 'calibrated') => {
      const result = await new IncreasingEpsilonSearch({ initialEpsilon }).find(model, examples);
      result.dispose();
      return result;
    };
    const probes = await run(0.01);
    const sorted = probes.epsilons.filter((_, i) => probes.distances[i] > 0).sort();
    const half = (sorted.length - 1) / 2;
    const direct = await run((sorted[Math.floor(half)] + sorted[Math.ceil(half)]) / 2);
    const calibrated = await run('calibrated');
    expect(calibrated.epsilons).toEqual(direct.epsilons);
    expect(calibrated.gradientSteps).toBe(probes.gradientSteps + direct.gradientSteps);
    disposeExamples(examples);
  });

  it('lets the event loop turn, so that a timer can abort it', async () => {
    const model = linearModel([[0, 1]], [1e6, 0]);
    const examples = examplesOf(
      Array.from({ length: 32 }, () => [0.5]),
      new Array(32).fill(0),
    );
    const reason = new Error('too slow');
    const controller = new AbortController();
    setTimeout(() => controller.abort(reason), 30);
    const search = new IncreasingEpsilonSearch({ attack: new Pgd({ steps: 5000 }), growth: 1.01 });
    const call = (): Promise<unknown> => search.find(model, examples, { signal: controller.signal, batchSize: 8 });
    const error = await expectTensors(0, () => errorOf(call));
    expect(error).toBe(reason);
    disposeExamples(examples);
  });
});

describe('IncreasingEpsilonSearch with an attack of the caller’s', () => {
  beforeAll(() => useBackend('cpu'));

  /** An attack that goes straight to a point, and claims to have found it. */
  const jump = (to: number[], found: number, extra: object = {}): Attack => ({
    norm: 'l2',
    perturb: async (_model, { xs }) => ({
      xs: tf.tensor2d(new Array(xs.shape[0]).fill(to)),
      ys: tf.zeros([xs.shape[0]], 'int32') as tf.Tensor1D,
      found: new Uint8Array(xs.shape[0]).fill(found),
      stuck: new Uint8Array(xs.shape[0]),
      gradientSteps: 2,
      ...extra,
    }),
  });

  const findWith = async (attack: Attack) => {
    const [model, examples] = [divided(), middle()];
    const result = await expectTensors(2, () => new IncreasingEpsilonSearch({ attack }).find(model, examples));
    disposeExamples(examples);
    result.dispose();
    return result;
  };

  it('takes over what is true, and measures it itself', async () => {
    const result = await findWith(jump([0.8, 0.9], 1));
    expect(flags(result.found)).toEqual([1]);
    expect(result.distances[0]).toBeCloseTo(0.5, 6);
    expect(result.gradientSteps).toBe(2);
    const bare = { norm: 'l2', perturb: jump([0.8, 0.9], 1, { stuck: undefined, gradientSteps: undefined }).perturb };
    expect(flags((await findWith(bare as Attack)).found)).toEqual([1]);
  });

  it('does not believe a claim that a forward pass refutes', async () => {
    const result = await findWith(jump([0.51, 0.51], 1));
    expect([flags(result.found), result.epsilons[0]]).toEqual([[0], Math.fround(Math.SQRT2)]);
    expect(flags((await findWith(jump([NaN, NaN], 1))).found)).toEqual([0]);
  });

  it('refuses a result of another shape, and passes errors on, without a leak', async () => {
    const refusal = async (attack: Attack): Promise<{ code?: string; message: string }> => {
      const [model, examples] = [divided(), middle()];
      const call = (): Promise<unknown> => new IncreasingEpsilonSearch({ attack }).find(model, examples);
      const error = await expectTensors(0, () => errorOf(call));
      disposeExamples(examples);
      return error;
    };
    expect((await refusal(jump([0.8, 0.9, 0.1], 1))).code).toBe('callback-failed');
    expect((await refusal(jump([0.8, 0.9], 1, { found: [] }))).code).toBe('callback-failed');
    const throwing = { ...jump([0, 0], 1), perturb: () => Promise.reject(new Error('out of ideas')) };
    expect((await refusal(throwing)).message).toBe('out of ideas');
  });
});

describe('models without a gradient to follow', () => {
  beforeAll(() => useBackend('cpu'));

  const refusal = async (model: LayersModel, xs: tf.Tensor): Promise<string | undefined> => {
    const examples = { xs, ys: tf.tensor1d([0], 'int32') };
    const call = (): Promise<unknown> => new IncreasingEpsilonSearch().find(model, examples);
    const error = await expectTensors(0, () => errorOf(call));
    disposeExamples(examples);
    return error.code;
  };

  it('refuses embeddings, and dilated convolutions', async () => {
    const embedding = [
      tfl.layers.embedding({ inputDim: 5, outputDim: 2, inputLength: 3 }),
      tfl.layers.flatten(),
      tfl.layers.dense({ units: 2 }),
    ];
    expect(await refusal(tfl.sequential({ layers: embedding }), tf.zeros([1, 3]))).toBe('gradient-unsupported');
    const dilated = [
      tfl.layers.conv2d({ filters: 2, kernelSize: 2, dilationRate: 2, inputShape: [5, 5, 1] }),
      tfl.layers.flatten(),
      tfl.layers.dense({ units: 2 }),
    ];
    expect(await refusal(tfl.sequential({ layers: dilated }), tf.zeros([1, 5, 5, 1]))).toBe('gradient-unsupported');
  });
});

describe('options', () => {
  it.each<[string, () => unknown]>([
    ['Pgd: a norm that does not exist', () => new Pgd({ norm: 'l1' as 'l2' })],
    ['Pgd: no steps', () => new Pgd({ steps: 0 })],
    ['Pgd: half a step', () => new Pgd({ steps: 2.5 })],
    ['Pgd: infinitely many steps', () => new Pgd({ steps: Infinity })],
    ['Pgd: steps as text', () => new Pgd({ steps: '50' as unknown as number })],
    ['Pgd: a step size of 0', () => new Pgd({ stepSize: 0 })],
    ['Pgd: NaN as step size', () => new Pgd({ stepSize: NaN })],
    ['Pgd: a random start that is no boolean', () => new Pgd({ randomStart: 1 as unknown as boolean })],
    ['Pgd: an option that does not exist', () => new Pgd({ epsilon: 1 } as object)],
    ['Pgd: options that are none', () => new Pgd('l2' as unknown as object)],
    ['an attack that is none', () => new IncreasingEpsilonSearch({ attack: {} as Attack })],
    ['an attack as a name', () => new IncreasingEpsilonSearch({ attack: 'pgd' as unknown as Attack })],
    [
      'an attack under an unknown norm',
      () => new IncreasingEpsilonSearch({ attack: { norm: 'l1', perturb: () => 0 } as unknown as Attack }),
    ],
    ['a first radius of 0', () => new IncreasingEpsilonSearch({ initialEpsilon: 0 })],
    ['a negative first radius', () => new IncreasingEpsilonSearch({ initialEpsilon: -0.04 })],
    ['NaN as first radius', () => new IncreasingEpsilonSearch({ initialEpsilon: NaN })],
    ['an infinite first radius', () => new IncreasingEpsilonSearch({ initialEpsilon: Infinity })],
    ['a first radius as text', () => new IncreasingEpsilonSearch({ initialEpsilon: '0.04' as 'calibrated' })],
    ['no growth', () => new IncreasingEpsilonSearch({ growth: 1 })],
    ['infinite growth', () => new IncreasingEpsilonSearch({ growth: Infinity })],
    ['a negative last radius', () => new IncreasingEpsilonSearch({ maxEpsilon: -1 })],
    ['a last radius of null', () => new IncreasingEpsilonSearch({ maxEpsilon: null as unknown as number })],
    ['a last radius below the first', () => new IncreasingEpsilonSearch({ initialEpsilon: 1, maxEpsilon: 0.5 })],
    ['half a bisection', () => new IncreasingEpsilonSearch({ refine: 0.5 })],
    ['a misspelt option', () => new IncreasingEpsilonSearch({ initialepsilon: 1 } as object)],
  ])('refuses %s', async (_what, make) => {
    expect((await errorOf(make)).code).toBe('invalid-option');
  });
});
