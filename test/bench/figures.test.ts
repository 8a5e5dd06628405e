/**
 * What the benchmarks compute from their measurements.
 */
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { forwardFlops } from '../../bench/flops';
import { buildNetwork } from '../../bench/models';
import { median, pairedRatio, quantile } from '../../bench/statistics';
import { readWeights, writeWeights } from '../../bench/weights';
import { disposeModel, modelVariables } from '../../src/model/variables';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe('forwardFlops', () => {
  it('counts resnet8 as a hand does', () => {
    const conv = (positions: number, size: number, from: number, to: number): number =>
      2 * positions * size * size * from * to;
    // 28×28, 14×14 and 7×7 positions; each stage has two 3×3 convolutions, the last two a 1×1 shortcut
    const expected =
      conv(784, 3, 1, 16) +
      2 * conv(784, 3, 16, 16) +
      (conv(196, 3, 16, 32) + conv(196, 3, 32, 32) + conv(196, 1, 16, 32)) +
      (conv(49, 3, 32, 64) + conv(49, 3, 64, 64) + conv(49, 1, 32, 64)) +
      2 * 64 * 10;
    const model = buildNetwork('resnet8');
    expect(forwardFlops(model)).toBe(expected);
    expect(expected).toBe(18_691_840);
    disposeModel(model);
  });

  it('counts the plain network as a hand does', () => {
    const model = buildNetwork('plain-cnn');
    // 3×3: 1→8 at 28×28, 8→16 at 14×14; dense 784→64→10
    expect(forwardFlops(model)).toBe(2 * (784 * 9 * 8 + 196 * 9 * 8 * 16 + 784 * 64 + 64 * 10));
    disposeModel(model);
  });
});

describe('statistics', () => {
  it('takes the middle, or what lies between the middle two', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(quantile([0, 10], 0.9)).toBe(9);
  });

  it('divides round by round: a slow round that slows both sides changes nothing', () => {
    expect(pairedRatio([10, 1, 6], [5, 0.5, 2])).toEqual({ median: 2, min: 2, max: 3 });
  });
});

describe('weights', () => {
  it('come back as they were written, in the order that the file tells', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'amun-ts-weights-'));
    const path = join(folder, 'plain.bin');
    const [model, other] = [buildNetwork('plain-cnn', { seed: 1 }), buildNetwork('plain-cnn', { seed: 2 })];
    await writeWeights(path, model);
    readWeights(path, other);
    const [expected, got] = [model, other].map((one) => modelVariables(one).map(({ variable }) => variable.dataSync()));
    expect(got).toEqual(expected);
    const [header] = readFileSync(path, 'latin1').split('\n', 1);
    expect(JSON.parse(header)).toContainEqual({ key: 'conv1/kernel', shape: [3, 3, 1, 8] });
    rmSync(folder, { recursive: true });
    [model, other].forEach(disposeModel);
  });
});
