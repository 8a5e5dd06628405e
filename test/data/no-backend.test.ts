/** Arrays can't become tensors without a backend. A file of its own: backends are global. */
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { fromArrays } from '../../src/data/from-arrays';
import { fromDataset } from '../../src/data/from-dataset';
import type { DatasetLike } from '../../src/data/dataset-rows';

const arrays = { xs: [0, 1], shape: [2], ys: [0] };

const untouched: DatasetLike = {
  size: 1,
  iterator: () => Promise.reject(new Error('read')),
};

describe('without a backend that is ready', () => {
  it('fromArrays starts one that needs no waiting', () => {
    const { xs, ys } = fromArrays(arrays);
    expect(tf.getBackend()).toBe('cpu');
    tf.dispose([xs, ys]);
  });

  it('fromArrays and fromDataset say how to get one, before the data is read', async () => {
    tf.removeBackend('cpu');
    const refusal = {
      code: 'no-backend',
      message: expect.stringMatching(/npm install @tensorflow\/tfjs-backend-wasm.*await tf\.ready\(\)/) as string,
    };
    expect(() => fromArrays(arrays)).toThrow(expect.objectContaining(refusal));
    await expect(fromDataset(untouched, { mode: 'materialize' })).rejects.toMatchObject(refusal);
  });

  it('bad arrays are still named first', () => {
    expect(() => fromArrays({ ...arrays, ys: [0, 1] })).toThrow(expect.objectContaining({ code: 'size-mismatch' }));
  });
});
