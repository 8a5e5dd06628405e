/** What the minimum-norm search does when the forward pass that checks a neighbour sees it otherwise than the step did. */
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Engine, runEagerly } from '../../src/core/engine';
import { sharedState } from '../../src/core/shared-state';
import { MinimumNormSearch } from '../../src/search/minimum-norm';
import { expectTensors, useBackend } from '../model/support';
import { disposeExamples, examplesOf, linearModel } from './support';

/** Runs steps as they are, but for the first checks, whose logits are all equal: nothing is flipped there. */
const doubting = (checks: number): Engine => ({
  name: 'doubting',
  run: async (step) => {
    const outputs = runEagerly(step);
    if (!step.key.startsWith('logits') || checks === 0) return outputs;
    checks -= 1;
    const equal = outputs.map((output) => tf.zerosLike(output));
    tf.dispose(outputs);
    return equal;
  },
});

describe('a neighbour that its check refutes', () => {
  beforeAll(() => useBackend('cpu'));
  afterEach(() => {
    sharedState().engine = undefined;
  });

  const find = async (checks: number) => {
    const kernel = [
      [0, 3],
      [0, 4],
    ];
    const [model, examples] = [linearModel(kernel, [0, -4.5]), examplesOf([[0.5, 0.5]], [0])];
    sharedState().engine = doubting(checks);
    const result = await expectTensors(2, () => new MinimumNormSearch().find(model, examples));
    const clean = Array.from(result.xs.dataSync()).every((value) => value === 0.5);
    result.dispose();
    disposeExamples(examples);
    return { found: result.found[0], distance: result.distances[0], gradientSteps: result.gradientSteps, clean };
  };

  it('gives way to the nearest one before it', async () => {
    // The last point is checked first; the first one, exact, takes its place.
    expect(await find(1)).toEqual({ found: 1, distance: expect.closeTo(0.2, 4), gradientSteps: 8, clean: false });
  });

  it('makes the search go on beyond it, and descend anew', async () => {
    const { found, distance, gradientSteps } = await find(2);
    expect([found, gradientSteps > 8]).toEqual([1, true]);
    expect(distance).toBeGreaterThan(0.2);
    expect(distance).toBeLessThan(0.201);
  });

  it('ends after three descents if nothing is ever confirmed', async () => {
    const { found, distance, gradientSteps, clean } = await find(Infinity);
    expect([found, distance, clean]).toEqual([0, 0, true]);
    // Eight gradients each, and those in between until a growing radius crosses the line: one, for it was there before.
    expect(gradientSteps).toBeGreaterThanOrEqual(3 * 8);
    expect(gradientSteps).toBeLessThanOrEqual(3 * 8 + 4);
  });
});
