/** Neighbours of the minimum-norm search that are moved on beyond the boundary. */
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Examples } from '../../src/data/examples';
import { classifier } from '../../src/model/classifier';
import { type MinimumNormOptions, MinimumNormSearch } from '../../src/search/minimum-norm';
import { goldenMlp } from '../golden/models';
import { BACKENDS, expectTensors, useBackend } from '../model/support';
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

describe.each(BACKENDS)('overshoot on %s', (backend) => {
  beforeAll(() => useBackend(backend));

  const find = async (
    model: Parameters<MinimumNormSearch['find']>[0],
    examples: Examples,
    options: MinimumNormOptions = {},
  ) => {
    const result = await expectTensors(2, () => new MinimumNormSearch(options).find(model, examples));
    const [xs, ys] = [result.xs.dataSync().slice(), Array.from(result.ys.dataSync())];
    return { ...result, xs, ys, found: Array.from(result.found), dispose: result.dispose };
  };

  it.each([
    ['l2', 1 / 5],
    ['linf', 1 / 7],
  ] as const)('moves on beyond the boundary by a fraction of the distance under %s', async (norm, nearest) => {
    const [model, examples] = [divided(), examplesOf([[0.5, 0.5]], [0])];
    const result = await find(model, examples, { norm, overshoot: 0.1 });
    expect(result.distances[0] / nearest).toBeCloseTo(1.1, 4);
    expect(result.epsilons[0] / nearest).toBeCloseTo(1.1, 4);
    const moved = result.xs.map((x) => x - 0.5);
    expect(norm === 'l2' ? Math.hypot(...moved) : Math.max(...moved)).toBeCloseTo(result.distances[0], 6);
    expect([result.found, result.ys, result.gradientSteps]).toEqual([[1], [1], 8]);
    result.dispose();
    // No farther than maxEpsilon, nor out of the box: 0.12 and 0.16 are the way, so that b stops at 0.67 and a goes on.
    const held = await find(model, examples, { norm, overshoot: 0.1, maxEpsilon: 1.05 * nearest });
    expect(held.distances[0] / nearest).toBeCloseTo(1.05, 5);
    expect(held.epsilons[0]).toBe(Math.fround(1.05 * nearest));
    held.dispose();
    const boxed = await find(classifier(divided(), { bounds: [0, 0.67] }), examples, { overshoot: 0.1 });
    expect([boxed.xs[0], boxed.xs[1]]).toEqual([expect.closeTo(0.5 + 1.1 * 0.12, 4), Math.fround(0.67)]);
    expect(boxed.distances[0]).toBeCloseTo(Math.hypot(1.1 * 0.12, 0.17), 4);
    expect(boxed.distances[0]).toBeLessThan(boxed.epsilons[0]);
    boxed.dispose();
    disposeExamples(examples);
  });

  it('is where a naive twin would move its neighbours on to, after bisection too', async () => {
    const [model, examples] = [goldenMlp(), mlpExamples()];
    const [x0, labels] = [examples.xs.dataSync(), examples.ys.dataSync()];
    const near = await find(model, examples, { refine: 6 });
    const far = await find(model, examples, { refine: 6, overshoot: 0.2 });
    expectNeighbours(
      model,
      { found: Uint8Array.from(far.found), xs: tf.tensor(far.xs, examples.xs.shape), ys: tf.tensor1d(far.ys) },
      labels,
    );
    far.xs.forEach((x, i) => {
      const expected = x0[i] + 1.2 * (near.xs[i] - x0[i]);
      expect(x).toBeCloseTo(Math.min(1, Math.max(0, expected)), 5);
    });
    expect(far.gradientSteps).toBe(near.gradientSteps);
    near.dispose();
    far.dispose();
    disposeExamples(examples);
  });

  it('stays where the model classifies the farther point right', async () => {
    // One input x, class 1 in between 0.5 and 0.52 alone: the margin is |x − 0.51| − 0.01.
    const layers = [
      tfl.layers.dense({ units: 2, inputShape: [1], activation: 'relu' }),
      tfl.layers.dense({ units: 2 }),
    ];
    const model = tfl.sequential({ layers });
    tf.tidy(() => {
      layers[0].setWeights([tf.tensor2d([[1, -1]]), tf.tensor1d([-0.51, 0.51])]);
      layers[1].setWeights([
        tf.tensor2d([
          [100, 0],
          [100, 0],
        ]),
        tf.tensor1d([-1, 0]),
      ]);
    });
    const examples = examplesOf([[0.3], [0.1]], [0, 0]);
    const [plain, moved] = [await find(model, examples), await find(model, examples, { overshoot: 0.08 })];
    // 0.2 · 1.08 leads to 0.516, 0.4 · 1.08 to 0.532.
    expect(moved.distances[0] / plain.distances[0]).toBeCloseTo(1.08, 4);
    expect([moved.distances[1], moved.epsilons[1], moved.xs[1]]).toEqual([
      plain.distances[1],
      plain.epsilons[1],
      plain.xs[1],
    ]);
    expect(moved.found).toEqual([1, 1]);
    plain.dispose();
    moved.dispose();
    disposeExamples(examples);
  });
});
