/** SalUn's mask: ties by hand, and the original code's masks. */
import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { RunControl } from '../../src/core/run';
import { openData } from '../../src/data/open';
import { asClassifier, type ClassifierView } from '../../src/model/classifier';
import { saliencyMask, weightSaliency } from '../../src/model/saliency';
import { disposeModel } from '../../src/model/variables';
import { goldenCnn, goldenMlp, goldenTensor, type GoldenTensor } from '../golden/models';
import { golden } from '../metrics/golden';
import * as tf from '@tensorflow/tfjs-core';
import { BACKENDS, expectTensors, useBackend, weightsOf, worstRelative } from './support';

interface StoredMask {
  images?: GoldenTensor;
  inputs?: GoldenTensor;
  labels: number[];
  batch_size: number;
  total_parameters: number;
  zero_saliencies: number;
  ratios: Record<
    string,
    { ones_total: number; variables: Record<string, { ones: number; bits: string; sha256: string }> }
  >;
  top20: { variable: string; flat_index: number; saliency: number }[];
  saliency_l2_per_variable: Record<string, number>;
  saliency_sum_per_variable: Record<string, number>;
}

const stored = golden<{ cnn: StoredMask; mlp: StoredMask }>('salun-mask');

async function saliencyOf(view: ClassifierView, mask: StoredMask): Promise<ReadonlyMap<string, Float32Array>> {
  const xs = goldenTensor((mask.images ?? mask.inputs)!);
  const ys = tf.tensor1d(mask.labels, 'int32');
  const data = await openData('test', { xs, ys }, view.expectedData);
  const control = new RunControl(undefined, 'saliency', 'examples', data.size);
  const saliency = await weightSaliency(view, data, mask.batch_size, control);
  tf.dispose([xs, ys]);
  return saliency;
}

describe.each(BACKENDS)("the original code's masks on %s", (backend) => {
  beforeAll(() => useBackend(backend));

  // Pure JavaScript takes half a minute for the convolutions.
  const nets = [['mlp', goldenMlp, stored.mlp] as const, ['cnn', goldenCnn, stored.cnn] as const];
  it.each(backend === 'wasm' ? nets : nets.slice(0, 1))('%s', async (_name, build, expected) => {
    const model = build();
    const before = weightsOf(model);
    const saliency = await expectTensors(0, () => saliencyOf(asClassifier('test', model), expected));
    expect(weightsOf(model)).toEqual(before);

    const values = [...saliency.values()].flatMap((array) => Array.from(array));
    expect(values.length).toBe(expected.total_parameters);
    // Winograd convolutions leave some 1e-9 where terms cancel.
    const smallest = [...values].sort((a, b) => a - b)[expected.zero_saliencies - 1];
    expect(smallest).toBeLessThan(1e-7);
    for (const { variable, flat_index: index, saliency: value } of expected.top20) {
      expect(worstRelative([saliency.get(variable)![index]], [value]), variable).toBeLessThan(1e-3);
    }
    for (const [key, array] of saliency) {
      expect(worstRelative([Math.hypot(...array)], [expected.saliency_l2_per_variable[key]]), key).toBeLessThan(1e-3);
      const sum = array.reduce((total, value) => total + value, 0);
      expect(worstRelative([sum], [expected.saliency_sum_per_variable[key]]), key).toBeLessThan(1e-3);
    }

    for (const [ratio, { ones_total, variables }] of Object.entries(expected.ratios)) {
      const mask = saliencyMask(saliency, Number(ratio));
      let ones = 0;
      let flips = 0;
      for (const [key, { bits, sha256 }] of Object.entries(variables)) {
        expect(createHash('sha256').update(Uint8Array.from(bits, Number)).digest('hex')).toBe(sha256);
        const actual = mask.get(key)!;
        expect(actual.length).toBe(bits.length);
        actual.forEach((bit, i) => {
          ones += bit;
          if (bit !== Number(bits[i])) flips += 1;
        });
      }
      expect(ones, `ones at ratio ${ratio}`).toBe(ones_total);
      expect(flips, `flips at ratio ${ratio}`).toBeLessThanOrEqual(3);
    }
    disposeModel(model);
  });
});

describe('saliencyMask', () => {
  const saliency = new Map([
    ['a', Float32Array.of(3, 0, 1)],
    ['b', Float32Array.of(1, 2, 1)],
  ]);
  const bits = (ratio: number): Record<string, number[]> =>
    Object.fromEntries([...saliencyMask(saliency, ratio)].map(([key, mask]) => [key, Array.from(mask)]));

  it('ranks all variables together', () => {
    expect(bits(2 / 6)).toEqual({ a: [1, 0, 0], b: [0, 1, 0] });
  });

  it('keeps the first of ties at the threshold, so that the count is exact', () => {
    expect(bits(0.5)).toEqual({ a: [1, 0, 1], b: [0, 1, 0] });
    expect(bits(4 / 6)).toEqual({ a: [1, 0, 1], b: [1, 1, 0] });
  });

  it('rounds the count down, and takes all at 1', () => {
    expect(bits(0.99)).toEqual({ a: [1, 0, 1], b: [1, 1, 1] });
    expect(bits(1)).toEqual({ a: [1, 1, 1], b: [1, 1, 1] });
    expect(bits(0.1)).toEqual({ a: [0, 0, 0], b: [0, 0, 0] });
  });
});
