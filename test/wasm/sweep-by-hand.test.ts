/** The repaired kernels and gradients on inputs small enough to derive the result in a comment. */
import '@tensorflow/tfjs-layers';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { useWasm } from 'amun-ts/wasm';

/** dx of y = f(x) under dy, checked for leaks. */
function gradient(
  f: (x: tf.Tensor) => tf.Tensor,
  x: number[],
  shape: number[],
  dy: number[],
  outShape: number[],
): number[] {
  const before = tf.memory().numTensors;
  const dx = tf.tidy(() => Array.from(tf.grad(f)(tf.tensor(x, shape), tf.tensor(dy, outShape)).dataSync()));
  expect(tf.memory().numTensors).toBe(before);
  return dx;
}

const forward = (f: () => tf.Tensor): number[] => tf.tidy(() => Array.from(f().dataSync()));

beforeAll(async () => {
  await useWasm();
});

describe('repaired on wasm, by hand', () => {
  it('average pooling with padding shares out what it averaged', () => {
    // [1, 2, 3], window 2, stride 2, same: windows {1, 2} and {3, padding}, so y = [1.5, 3] and dx = [1/2, 1/2, 1].
    const pool = (x: tf.Tensor) => tf.avgPool(x as tf.Tensor4D, [1, 2], [1, 2], 'same');
    expect(gradient(pool, [1, 2, 3], [1, 1, 3, 1], [1, 1], [1, 1, 2, 1])).toEqual([0.5, 0.5, 1]);
  });

  it('the maximum of negative voxels is negative, and gets the gradient', () => {
    const x = [-4, -3, -2, -1, -5, -6, -7, -8];
    const pool = (t: tf.Tensor) => tf.maxPool3d(t as tf.Tensor5D, 2, 2, 'valid');
    expect(forward(() => pool(tf.tensor(x, [1, 2, 2, 2, 1])))).toEqual([-1]);
    expect(gradient(pool, x, [1, 2, 2, 2, 1], [5], [1, 1, 1, 1, 1])).toEqual([0, 0, 0, 5, 0, 0, 0, 0]);
  });

  it('doubling an image of 1 x 2 gives each pixel the gradients of its four copies', () => {
    // Copies of pixel 0: 1, 2 / 5, 6. Of pixel 1: 3, 4 / 7, 8.
    const double = (x: tf.Tensor) => tf.image.resizeNearestNeighbor(x as tf.Tensor4D, [2, 4]);
    expect(gradient(double, [0, 0], [1, 1, 2, 1], [1, 2, 3, 4, 5, 6, 7, 8], [1, 2, 4, 1])).toEqual([14, 22]);
  });

  it('one pixel with aligned corners is copied everywhere', () => {
    const widen = (x: tf.Tensor) => tf.image.resizeNearestNeighbor(x as tf.Tensor4D, [1, 3], true);
    expect(gradient(widen, [9], [1, 1, 1, 1], [1, 2, 3], [1, 1, 3, 1])).toEqual([6]);
  });

  it('bilinear midpoints give half of their gradient to either side', () => {
    // [a, b] to 3 with aligned corners is [a, (a + b)/2, b].
    const widen = (x: tf.Tensor) => tf.image.resizeBilinear(x as tf.Tensor4D, [1, 3], true);
    expect(gradient(widen, [0, 0], [1, 1, 2, 1], [1, 10, 100], [1, 1, 3, 1])).toEqual([6, 105]);
  });

  it('mirrored borders come back to the elements that they mirror', () => {
    // reflect [a, b, c] by 2 and 1: [c, b, a, b, c, b].
    const pad = (x: tf.Tensor) => tf.mirrorPad(x, [[2, 1]], 'reflect');
    expect(gradient(pad, [1, 2, 3], [3], [1, 2, 4, 8, 16, 32], [6])).toEqual([4, 2 + 8 + 32, 1 + 16]);
    // symmetric: [b, a, a, b, c, c].
    const repeat = (x: tf.Tensor) => tf.mirrorPad(x, [[2, 1]], 'symmetric');
    expect(gradient(repeat, [1, 2, 3], [3], [1, 2, 4, 8, 16, 32], [6])).toEqual([6, 9, 48]);
  });

  it('a running sum down the columns of a matrix', () => {
    // y0 = a, y1 = a + b in each column: da = dy0 + dy1, db = dy1.
    const sum = (x: tf.Tensor) => tf.cumsum(x, 0);
    expect(gradient(sum, [1, 2, 3, 4], [2, 2], [1, 10, 100, 1000], [2, 2])).toEqual([101, 1010, 100, 1000]);
  });

  it('a product with a zero factor', () => {
    // d(2·0·5) = [0·5, 2·5, 2·0].
    expect(gradient((x) => tf.prod(x), [2, 0, 5], [3], [1], [])).toEqual([0, 10, 0]);
  });

  it('dilation of negative values', () => {
    // Windows of 2 plus [0, -1]: max(-5, -4) = -4, max(-3, -10) = -3.
    const dilate = () =>
      tf.dilation2d(tf.tensor4d([-5, -3, -9], [1, 1, 3, 1]), tf.tensor3d([0, -1], [1, 2, 1]), 1, 'valid');
    expect(forward(dilate)).toEqual([-4, -3]);
  });

  it('casts to bool by comparing with zero', () => {
    expect(forward(() => tf.cast(tf.tensor1d([0, 0.5, -0.1, 256, Number.NaN]), 'bool'))).toEqual([0, 1, 1, 1, 1]);
  });

  it('divides integers downwards, and by zero without a trap', () => {
    const divide = (a: number[], b: number[]) =>
      forward(() => tf.floorDiv(tf.tensor1d(a, 'int32'), tf.tensor1d(b, 'int32')));
    expect(divide([-7, 7, 5], [2, 2, 0])).toEqual([-4, 3, 0]);
    const modulo = () => tf.mod(tf.tensor1d([-7, 7, 5], 'int32'), tf.tensor1d([3, -3, 0], 'int32'));
    expect(forward(modulo)).toEqual([2, -2, 0]);
  });

  it('gathers from each batch its own rows', () => {
    const gather = () => tf.gather(tf.tensor2d([[1, 2, 3], [4, 5, 6]]), tf.tensor2d([[2, 0], [1, 1]], [2, 2], 'int32') as never, 1, 1); // prettier-ignore
    expect(forward(gather)).toEqual([3, 1, 5, 5]);
  });

  it('a matrix that several batches share sums their gradients', () => {
    // y_n = x_n·w for n = 1, 2 with x = [1], [10]: dw = 1·dy1 + 10·dy2.
    const product = (w: tf.Tensor) => tf.matMul(tf.tensor3d([1, 10], [2, 1, 1]), w);
    expect(gradient(product, [3], [1, 1], [2, 5], [2, 1, 1])).toEqual([52]);
  });
});
