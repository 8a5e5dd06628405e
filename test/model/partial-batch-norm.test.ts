import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { drawFrom } from '../../src/core/engine';
import { randomStream } from '../../src/core/random';
import { ClassifierView } from '../../src/model/classifier';
import { inputGradient, weightGradients } from '../../src/model/gradients';
import { crossEntropy, logOdds, oneHotLabels } from '../../src/model/losses';
import { useWasm } from '../../src/wasm';

const CASES = [
  { scale: false, center: true },
  { scale: true, center: false },
  { scale: false, center: false },
];

/** conv, batch norm with or without scale and offset, dense. Full batch norm with gamma 1 and beta 0 is its twin. */
function model(options: { scale: boolean; center: boolean }): tfl.LayersModel {
  const net = tfl.sequential({
    layers: [
      tfl.layers.dense({ inputShape: [6], units: 5, kernelInitializer: tfl.initializers.heNormal({ seed: 1 }) }),
      tfl.layers.batchNormalization({ ...options, momentum: 0.9 }),
      tfl.layers.dense({ units: 3, kernelInitializer: tfl.initializers.heNormal({ seed: 2 }) }),
    ],
  });
  return net;
}

describe.each(['cpu', 'wasm'])('batch norm without scale or offset on %s', (backend) => {
  beforeAll(async () => {
    if (backend === 'wasm') await useWasm();
    else await tf.setBackend('cpu');
  });

  it.each(CASES)('is what a full layer with 1 and 0 in their place is: %o', async (options) => {
    const before = tf.memory().numTensors;
    const xs = tf.randomUniform([7, 6], 0, 1, 'float32', 3);
    const oneHot = oneHotLabels(Int32Array.from([0, 1, 2, 0, 1, 2, 0]), 3);
    const results: number[][][] = [];
    for (const kind of [options, { scale: true, center: true }]) {
      const net = model(kind);
      const view = new ClassifierView(net);
      const mode = { kind: 'training', batchNorm: 'train', draw: drawFrom(randomStream(0, 'x')) } as const;
      const weights = weightGradients(view, xs, oneHot, { loss: crossEntropy, mode });
      const input = inputGradient(view, xs, oneHot, logOdds);
      const moving = view.variables.filter(({ key }) => key.includes('moving'));
      const kernel = view.variables.find(({ key }) => key.endsWith('Dense1/kernel') || key.endsWith('/kernel'))!;
      results.push([
        Array.from(await weights.loss.data()),
        Array.from(await weights.gradients[kernel.variable.name].data()),
        Array.from(await input.gradient.data()),
        Array.from(await input.logits.data()),
        ...(await Promise.all(moving.map(async ({ variable }) => Array.from(await variable.data())))),
      ]);
      tf.dispose([weights.loss, weights.gradients, input.gradient, input.logits]);
      net.dispose();
    }
    for (const [i, values] of results[0].entries()) {
      expect(values.length).toBeGreaterThan(0);
      values.forEach((value, j) => {
        expect(value).toBeCloseTo(results[1][i][j], 5);
      });
    }
    tf.dispose([xs, oneHot]);
    expect(tf.memory().numTensors).toBe(before);
  });
});
