/** The minimum-norm search where the nearest neighbour is known by hand, where it is hard, and beside the paper's loop. */
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { randomStream } from '../../src/core/random';
import type { Examples } from '../../src/data/examples';
import { classifier } from '../../src/model/classifier';
import { Pgd } from '../../src/search/attacks/pgd';
import { IncreasingEpsilonSearch } from '../../src/search/increasing-epsilon';
import { type MinimumNormOptions, MinimumNormSearch } from '../../src/search/minimum-norm';
import { goldenMlp } from '../golden/models';
import { BACKENDS, errorOf, expectTensors, uniform, useBackend } from '../model/support';
import { disposeExamples, examplesOf, expectNeighbours, linearModel, mlpExamples } from './support';

/** Class 1 where 3a + 4b > 4.5: the margin of (0.5, 0.5) is 1, so that its neighbour is 1/5 away under l2, 1/7 under linf. */
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
  static readonly className = 'TestMinimumNormRoot';
  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.sqrt(tf.sub(Array.isArray(inputs) ? inputs[0] : inputs, 0.5));
  }
}

describe.each(BACKENDS)('MinimumNormSearch on %s', (backend) => {
  beforeAll(() => useBackend(backend));

  const find = async (model: Parameters<MinimumNormSearch['find']>[0], examples: Examples, options = {}) => {
    const result = await expectTensors(2, () => new MinimumNormSearch(options).find(model, examples));
    const [xs, ys] = [result.xs.dataSync().slice(), Array.from(result.ys.dataSync())];
    return { ...result, xs, ys, dispose: result.dispose };
  };

  it.each([
    ['l2', 1 / 5, [0.6 / 5, 0.8 / 5]],
    ['linf', 1 / 7, [1 / 7, 1 / 7]],
  ] as const)('is exact on a linear classifier under %s', async (norm, nearest, way) => {
    const [model, examples] = [divided(), middle()];
    const result = await find(model, examples, { norm });
    // The target lies 2e-5 of the largest logit, which is below 1 and counts as 1, behind the line: 2e-5 of the way. The shortest
    // way is the first step.
    expect(result.distances[0] / nearest).toBeGreaterThan(1);
    expect(result.distances[0] / nearest).toBeLessThan(1 + 3e-5);
    expect([result.xs[0] - 0.5, result.xs[1] - 0.5]).toEqual(way.map((d) => expect.closeTo(d, 5)));
    expect([flags(result.found), result.ys, result.gradientSteps]).toEqual([[1], [1], 8]);
    result.dispose();
    disposeExamples(examples);
  });

  it('goes around the edge of the box on a linear classifier', async () => {
    // b can add 4 · 0.05 = 0.2 of the margin of 1; a must add the other 0.8 / 3.
    const target = classifier(divided(), {
      bounds: [
        [0, 0.45],
        [0.9, 0.55],
      ],
    });
    const examples = middle();
    const result = await find(target, examples, { steps: 32 });
    expect(result.xs[1]).toBe(Math.fround(0.55));
    const nearest = Math.hypot(0.8 / 3, 0.05);
    expect(result.distances[0] / nearest).toBeGreaterThan(1);
    // Each neighbour has to be nearer than the last by a thousandth, so that the search ends about that far behind the line.
    expect(result.distances[0] / nearest).toBeLessThan(1.002);
    result.dispose();
    // Where the line lies outside the box, the corner is the end: nothing there can move.
    const bounds = [
      [0, 0.45],
      [0.6, 0.55],
    ] as const;
    const closed = await find(classifier(divided(), { bounds }), examples);
    expect([flags(closed.found), closed.ys]).toEqual([[0], [0]]);
    expect(Array.from(closed.xs)).toEqual([0.5, 0.5]);
    closed.dispose();
    disposeExamples(examples);
  });

  it('finds the nearest of several classes on linear classifiers, as a twin in double precision does', async () => {
    const [inputs, classes, count] = [6, 4, 40];
    const random = randomStream(3, 'linear');
    const kernel = Array.from({ length: inputs }, () => Array.from({ length: classes }, () => random.normal()));
    const bias = Array.from({ length: classes }, () => 0.3 * random.normal());
    // In a box so wide that it does not count.
    const target = classifier(linearModel(kernel, bias), { bounds: [-1000, 1000] });
    const xs = uniform([count, inputs], 4, -1, 1) as tf.Tensor2D;
    const points = xs.arraySync();
    const logits = points.map((x) => bias.map((b, k) => b + x.reduce((sum, v, i) => sum + v * kernel[i][k], 0)));
    const labels = logits.map((z) => z.indexOf(Math.max(...z)));
    // The boundary between classes y and k is (z_y − z_k) / ‖w_y − w_k‖ away: the nearest neighbour lies on the nearest of them.
    const nearest = logits.map((z, row) => {
      const y = labels[row];
      const to = (k: number): number => (z[y] - z[k]) / Math.hypot(...kernel.map((w) => w[y] - w[k]));
      return Math.min(...z.flatMap((_, k) => (k === y ? [] : [to(k)])));
    });
    const examples = { xs, ys: tf.tensor1d(labels, 'int32') };
    const ratios = async (options: MinimumNormOptions): Promise<number[]> => {
      const result = await find(target, examples, options);
      expect(flags(result.found)).not.toContain(0);
      result.dispose();
      return Array.from(result.distances, (d, i) => d / nearest[i]).sort((a, b) => a - b);
    };
    const few = await ratios({});
    expect(few[0]).toBeGreaterThan(1 - 1e-5);
    expect(few[count / 2]).toBeLessThan(1.01);
    // More steps settle who is nearest where several are.
    const many = await ratios({ steps: 60 });
    expect(many[Math.floor(0.9 * count)]).toBeLessThan(1.01);
    disposeExamples(examples);
  });

  it('is nearer than the paper’s loop, with a ninth of its gradients', async () => {
    const [model, examples] = [goldenMlp(), mlpExamples()];
    const [few, paper] = [await find(model, examples), await new IncreasingEpsilonSearch().find(model, examples)];
    const middleOf = (values: Float32Array): number => Array.from(values).sort((a, b) => a - b)[12];
    expect(middleOf(few.distances)).toBeLessThanOrEqual(middleOf(paper.distances));
    expect(few.gradientSteps).toBeLessThan(paper.gradientSteps / 9);
    few.dispose();
    paper.dispose();
    disposeExamples(examples);
  });

  it('gives examples misclassified from the start back as they are', async () => {
    const examples = examplesOf(
      [
        [0.5, 0.5],
        [0.5, 0.5],
      ],
      [1, 0],
    );
    const result = await find(divided(), examples);
    expect([flags(result.found), result.distances[0], result.epsilons[0]]).toEqual([[1, 1], 0, 0]);
    expect(result.ys).toEqual([0, 1]);
    expect(Array.from(result.xs.slice(0, 2))).toEqual([0.5, 0.5]);
    // It costs the gradient that shows it.
    expect(result.gradientSteps).toBe(1 + 8);
    result.dispose();
    disposeExamples(examples);
  });

  it('finds the same neighbours in whatever batch, up to rounding', async () => {
    const [model, examples] = [goldenMlp(), mlpExamples()];
    const search = new MinimumNormSearch();
    const all = await search.find(model, examples);
    for (const batchSize of [1, 5]) {
      const some = await search.find(model, examples, { batchSize });
      expect(some.gradientSteps).toBe(all.gradientSteps);
      some.distances.forEach((distance, i) => expect(distance).toBeCloseTo(all.distances[i], 3));
      expectNeighbours(model, some, examples.ys.dataSync());
      some.dispose();
    }
    all.dispose();
    disposeExamples(examples);
  });

  it('takes no more gradients than it says, and finds the same when the logits are scaled', async () => {
    const examples = mlpExamples();
    const plain = goldenMlp();
    const expected = await find(plain, examples, { steps: 20 });
    expect(expected.gradientSteps).toBeLessThanOrEqual(20 * 24);
    for (const scale of [100, 1e4]) {
      const steep = goldenMlp();
      const head = steep.layers[1];
      tf.tidy(() => head.setWeights(head.getWeights().map((weight) => tf.mul(weight, scale))));
      const result = await find(tfl.sequential({ layers: [...steep.layers, tfl.layers.softmax()] }), examples, {
        steps: 20,
      });
      expect(flags(result.found)).not.toContain(0);
      result.distances.forEach((d, i) => expect(Math.abs(d - expected.distances[i])).toBeLessThan(0.02));
      result.dispose();
    }
    expected.dispose();
    disposeExamples(examples);
  });

  it('bisects towards the example', async () => {
    const [model, examples] = [goldenMlp(), mlpExamples()];
    const [plain, refined] = [
      await find(model, examples, { steps: 3 }),
      await find(model, examples, { steps: 3, refine: 8 }),
    ];
    refined.distances.forEach((distance, i) => expect(distance).toBeLessThanOrEqual(plain.distances[i]));
    const shorter = refined.distances.filter((distance, i) => distance < plain.distances[i]);
    expect(shorter.length).toBeGreaterThan(0);
    plain.dispose();
    refined.dispose();
    disposeExamples(examples);
  });

  it('keeps within maxEpsilon', async () => {
    const [model, examples] = [divided(), middle()];
    const none = await find(model, examples, { maxEpsilon: 0.19 });
    expect([flags(none.found), none.epsilons[0], none.distances[0]]).toEqual([[0], Math.fround(0.19), 0]);
    none.dispose();
    const one = await find(model, examples, { maxEpsilon: 0.21 });
    expect(flags(one.found)).toEqual([1]);
    one.dispose();
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
    const result = await find(model, examples);
    expect([flags(result.found), result.gradientSteps, result.ys]).toEqual([[0], 1, [0]]);
    expect(Array.from(result.xs)).toEqual([0.5, 0.5]);
    result.dispose();
    disposeExamples(examples);
  });

  it('never returns NaN, whatever the logits are', async () => {
    const layers = [new RootLayer({ inputShape: [2] }), tfl.layers.dense({ units: 2 })];
    const model = tfl.sequential({ layers });
    const weights = [
      tf.tensor2d([
        [0, 3],
        [0, 4],
      ]),
      tf.tensor1d([0, -2]),
    ];
    model.layers[1].setWeights(weights);
    tf.dispose(weights);
    // Class 0 where 3√(a−½) + 4√(b−½) < 2. NaN from the start; found; class 1 lies across NaN.
    const examples = examplesOf(
      [
        [0.1, 0.9],
        [0.52, 0.52],
        [0.95, 0.5001],
        [0.9, 0.9],
      ],
      [0, 0, 0, 1],
    );
    const result = await find(model, examples);
    expect(flags(result.found).slice(0, 2)).toEqual([0, 1]);
    for (const values of [result.xs, result.distances, result.epsilons]) {
      expect(Array.from(values).every(Number.isFinite)).toBe(true);
    }
    result.dispose();
    disposeExamples(examples);
  });

  it('comes back from a corner of the box, where the gradient has nowhere to go', async () => {
    // One input x and the margin 0.001·x + 10·relu(x − 0.8) − 1: so flat at 0.3 that the linear estimate leads to the end of the box.
    const layers = [
      tfl.layers.dense({ units: 2, inputShape: [1], activation: 'relu' }),
      tfl.layers.dense({ units: 2 }),
    ];
    const model = tfl.sequential({ layers });
    const set = (layer: number, kernel: number[][], bias: number[]): void => {
      tf.tidy(() => {
        model.layers[layer].setWeights([tf.tensor2d(kernel), tf.tensor1d(bias)]);
      });
    };
    set(0, [[1, 1]], [0, -0.8]);
    const rows = [
      [0, 0.001],
      [0, 10],
    ];
    set(1, rows, [1, 0]);
    const examples = examplesOf([[0.3], [0.85]], [0, 0]);
    const result = await find(model, examples, { steps: 16 });
    // The margin vanishes at x = 9 / 10.001. As above, a thousandth is how exact it gets.
    const boundary = 9 / 10.001;
    expect(flags(result.found)).toEqual([1, 1]);
    expect(result.distances[0] / (boundary - 0.3)).toBeGreaterThan(1);
    expect(result.distances[0] / (boundary - 0.3)).toBeLessThan(1.002);
    expect(result.distances[1] / (boundary - 0.85)).toBeGreaterThan(1);
    expect(result.distances[1] / (boundary - 0.85)).toBeLessThan(1.002);
    result.dispose();
    disposeExamples(examples);
  });

  it('ends where no class can be reached', async () => {
    const model = linearModel([[0, 1]], [1e6, 0]);
    const examples = examplesOf([[0.5]], [0]);
    const result = await find(model, examples, { steps: 4 });
    expect([flags(result.found), result.ys]).toEqual([[0], [0]]);
    // The first step leads to the end of the box, where the second gradient finds nothing to move.
    expect(result.gradientSteps).toBe(2);
    result.dispose();
    disposeExamples(examples);
  });
});

describe('options of MinimumNormSearch', () => {
  it.each<[string, () => unknown]>([
    ['a norm that does not exist', () => new MinimumNormSearch({ norm: 'l1' as 'l2' })],
    ['one step', () => new MinimumNormSearch({ steps: 1 })],
    ['half a step', () => new MinimumNormSearch({ steps: 2.5 })],
    ['a largest distance of 0', () => new MinimumNormSearch({ maxEpsilon: 0 })],
    ['an infinite largest distance', () => new MinimumNormSearch({ maxEpsilon: Infinity })],
    ['a negative overshoot', () => new MinimumNormSearch({ overshoot: -0.1 })],
    ['an overshoot of more than the distance', () => new MinimumNormSearch({ overshoot: 1.1 })],
    ['half a bisection', () => new MinimumNormSearch({ refine: 0.5 })],
    ['an attack', () => new MinimumNormSearch({ attack: new Pgd() } as object)],
  ])('refuses %s', async (_what, make) => {
    expect((await errorOf(make)).code).toBe('invalid-option');
  });
});
