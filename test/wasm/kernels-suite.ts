/** Products, pooling, lookups, sums and normalisation against the cpu backend; run with the compiled kernels and without. */
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { expectSameAsCpu, withGradients } from './against-cpu';

/** Declares the tests; the file that calls it has made wasm ready. */
export function testKernels(): void {
  describe('matrix products', () => {
    const flags = [
      [false, false],
      [false, true],
      [true, false],
      [true, true],
    ];
    it.each(flags)('transposeA %s, transposeB %s', async (ta, tb) => {
      const f = (a: tf.Tensor, b: tf.Tensor) => tf.matMul(a, b, ta, tb);
      const a = ta ? [17, 9] : [9, 17];
      const b = tb ? [21, 17] : [17, 21];
      await expectSameAsCpu([a, b, [9, 21]], withGradients(f));
      await expectSameAsCpu(
        [
          [3, ...a],
          [3, ...b],
          [3, 9, 21],
        ],
        withGradients(f),
      );
      await expectSameAsCpu(
        [
          [3, ...a],
          [1, ...b],
        ],
        f,
      );
    });

    it('multiplies with bias and activation', async () => {
      const f = (a: tf.Tensor, b: tf.Tensor, bias: tf.Tensor) =>
        tf.fused.matMul({ a, b, bias, transposeA: true, transposeB: true, activation: 'relu' });
      await expectSameAsCpu([[5, 4], [7, 5], [7]], f);
    });
  });

  describe('max pooling', () => {
    it.each([
      [2, 2, 'valid'],
      [3, 2, 'same'],
      [3, 1, 'same'],
      [2, 3, 'valid'],
    ] as const)('window %i, stride %i, %s', async (size, stride, pad) => {
      const f = (x: tf.Tensor) => tf.maxPool(x as tf.Tensor4D, size, stride, pad);
      const shape = tf.tidy(() => f(tf.zeros([2, 7, 9, 5])).shape);
      await expectSameAsCpu([[2, 7, 9, 5], shape], withGradients(f));
    });

    it('gives a window of equal negative values its gradient once, at the first', async () => {
      await tf.setBackend('wasm');
      const dx = tf.tidy(() => tf.grad((x) => tf.maxPool(x as tf.Tensor4D, 2, 2, 'valid'))(tf.fill([1, 4, 4, 1], -1)));
      expect(Array.from(dx.dataSync())).toEqual([1, 0, 1, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0]);
      dx.dispose();
    });
  });

  describe('embedding lookups', () => {
    it('sums the gradient of a row that is looked up twice', async () => {
      const indices = { shape: [2, 3], values: Int32Array.from([4, 0, 4, 1, 4, 0]) };
      const body = (x: tf.Tensor, ids: tf.Tensor, dy: tf.Tensor) => tf.grad((t) => tf.gather(t, ids))(x, dy);
      await expectSameAsCpu([[6, 5], indices, [2, 3, 5]], body);
    });

    it.each([[[5]], [[2, 3]], [[]]])('gathers rows by indices of shape %j', async (shape) => {
      const values = Int32Array.from({ length: tf.util.sizeFromShape(shape) }, (_, i) => (i * 5 + 3) % 6);
      const body = (x: tf.Tensor, ids: tf.Tensor) => [tf.gather(x, ids), tf.gather(x, ids, 1)];
      await expectSameAsCpu([[6, 6, 3], { shape, values }], body);
    });

    it('drops negative segments', async () => {
      const ids = { shape: [4], values: Int32Array.from([1, -1, 1, 0]) };
      await expectSameAsCpu([[4, 3], ids], (x, segments) => tf.unsortedSegmentSum(x, segments as tf.Tensor1D, 3));
    });
  });

  describe('batch normalisation with given statistics', () => {
    it.each([[[3, 5, 4, 6]], [[9, 6]], [[2, 3, 5]]])('shape %j', async (shape) => {
      const channels = shape[shape.length - 1];
      const f = (x: tf.Tensor, mean: tf.Tensor, root: tf.Tensor, offset: tf.Tensor, scale: tf.Tensor) =>
        tf.batchNorm(
          x,
          mean as tf.Tensor1D,
          tf.add(tf.square(root), 0.5) as tf.Tensor1D,
          offset as tf.Tensor1D,
          scale as tf.Tensor1D,
          1e-3,
        );
      await expectSameAsCpu([shape, [channels], [channels], [channels], [channels], shape], withGradients(f));
    });
  });

  describe('sums and means', () => {
    it.each([[[0]], [[1]], [[0, 1, 2]], [[1, 2]], [[3]], [[0, 2]], [[0, 1, 2, 3]], [[-2]]])(
      'over axes %j',
      async (axes) => {
        const f = (x: tf.Tensor) => [tf.sum(x, axes), tf.mean(x, axes), tf.sum(x, axes, true), tf.mean(x, axes, true)];
        await expectSameAsCpu([[3, 5, 4, 7]], f);
      },
    );

    it('adds 2^20 equal numbers exactly', async () => {
      await tf.setBackend('wasm');
      const total = tf.tidy(() => tf.sum(tf.fill([2 ** 20, 1, 3], 1.5), [0]));
      expect(Array.from(total.dataSync())).toEqual([1572864, 1572864, 1572864]);
      total.dispose();
    });

    it('keeps the type of integers', async () => {
      const values = { shape: [2, 3], values: Int32Array.from([1, 2, 3, 4, 5, 6]) };
      await expectSameAsCpu([values], (x) => [tf.sum(x, 0), tf.mean(x, 0)]);
    });
  });

  describe('one value per channel', () => {
    it.each([[[4]], [[1, 4]], [[1, 1, 1, 4]], [[2, 1, 1, 4]], [[1]], [[]]])('shape %j', async (shape) => {
      const body = (x: tf.Tensor, v: tf.Tensor) => [
        tf.add(x, v),
        tf.add(v, x),
        tf.sub(x, v),
        tf.sub(v, x),
        tf.mul(x, v),
        tf.mul(v, x),
      ];
      await expectSameAsCpu([[2, 3, 3, 4], shape], body);
    });
  });

  describe('slices', () => {
    it.each([
      [
        [0, 0, 0, 0],
        [3, 4, 5, 2],
      ],
      [
        [1, 0, 0, 0],
        [2, 4, 5, 2],
      ],
      [
        [1, 2, 0, 0],
        [1, 2, 5, 2],
      ],
      [
        [0, 1, 2, 1],
        [3, 2, 3, 1],
      ],
      [
        [2, 3, 4, 1],
        [1, 1, 1, 1],
      ],
      [
        [1, 1, 1, 0],
        [-1, 0, 2, -1],
      ],
    ])('from %j of size %j', async (begin, size) => {
      const body = (x: tf.Tensor) => [
        tf.slice(x, begin, size),
        tf.cast(tf.slice(tf.cast(x, 'int32'), begin, size), 'float32'),
      ];
      await expectSameAsCpu([[3, 4, 5, 2]], body);
    });
  });

  describe('relu', () => {
    it('has no gradient at zero', async () => {
      await tf.setBackend('wasm');
      const dx = tf.tidy(() => tf.grad((x) => tf.relu(x))(tf.tensor1d([-1, 0, 2, -0, 1e-30])));
      expect(Array.from(dx.dataSync())).toEqual([0, 0, 1, 0, 1]);
      dx.dispose();
    });

    it('has the same gradient for odd sizes', async () => {
      await expectSameAsCpu(
        [
          [3, 7],
          [3, 7],
        ],
        withGradients((x) => tf.relu(x)),
      );
    });
  });
}
