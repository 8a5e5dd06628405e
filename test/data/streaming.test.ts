/** Data larger than memory: what a run holds at a time must not grow with the size of its retain set. */
import '@tensorflow/tfjs-layers';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import type { ExampleSource } from '../../src/data/examples';
import { splitByFraction } from '../../src/data/splits';
import { FineTune } from '../../src/unlearn/fine-tune';
import './support';

const FEATURES = 16;
const BATCH = 1000;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Twice: a collection first finishes freeing what the one before it found. */
function collectGarbage(): void {
  collect();
  collect();
}

/** What is alive at most while batches are asked for. */
interface Peak {
  tensors: number;
  tensorBytes: number;
  arrayBytes: number;
  gathered: number;
}

function measuredSource(size: number, peak: Peak): ExampleSource {
  return {
    size,
    inputShape: [FEATURES],
    classCount: 2,
    gather: async (indices) => {
      peak.gathered += indices.length;
      const { numTensors, numBytes } = tf.memory();
      peak.tensors = Math.max(peak.tensors, numTensors);
      peak.tensorBytes = Math.max(peak.tensorBytes, numBytes);
      if (Math.floor(peak.gathered / BATCH) % 20 === 0) {
        collectGarbage();
        peak.arrayBytes = Math.max(peak.arrayBytes, process.memoryUsage().arrayBuffers);
      }
      return {
        xs: tf.zeros([indices.length, FEATURES]),
        ys: tf.tensor1d(
          indices.map((i) => i % 2),
          'int32',
        ),
      };
    },
  };
}

async function peakOf(size: number): Promise<Peak> {
  const model = tfl.sequential({ layers: [tfl.layers.dense({ units: 2, inputShape: [FEATURES] })] });
  const forget = { xs: tf.zeros([4, FEATURES]), ys: tf.tensor1d([0, 1, 0, 1], 'int32') };
  collectGarbage();
  const before = process.memoryUsage().arrayBuffers;
  const peak: Peak = { tensors: 0, tensorBytes: 0, arrayBytes: 0, gathered: 0 };
  const method = new FineTune({ epochs: 1, batchSize: BATCH });
  const { model: unlearned, state } = await method.unlearn(model, { forget, retain: measuredSource(size, peak) });
  expect(state).toBe('completed');
  unlearned.dispose();
  model.dispose();
  tf.dispose(Object.values(forget));
  return { ...peak, arrayBytes: peak.arrayBytes - before };
}

describe('a streamed retain set', () => {
  it('takes no more memory when it is four times as large, but for the order of its examples', async () => {
    await peakOf(20_000);
    const small = await peakOf(50_000);
    const large = await peakOf(200_000);
    expect([small.gathered, large.gathered]).toEqual([50_000, 200_000]);
    expect(large.tensors).toBe(small.tensors);
    expect(large.tensorBytes).toBe(small.tensorBytes);
    // An index in the order and, for a moment, in its batch: 8 bytes an example. The example itself would be 64.
    expect(large.arrayBytes - small.arrayBytes).toBeLessThan(8 * 150_000);
  });

  it('is taken apart without being read', () => {
    const source: ExampleSource = {
      ...measuredSource(200_000, { tensors: 0, tensorBytes: 0, arrayBytes: 0, gathered: 0 }),
      gather: () => Promise.reject(new Error('read')),
    };
    const split = splitByFraction(source, 0.001);
    expect([split.forget.size, split.retain.size]).toEqual([200, 199_800]);
  });
});
