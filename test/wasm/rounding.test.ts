/**
 * How exact the compiled products are, against float64: as good as the definition summed in float32, or better. A search steps
 * along gradients of confident examples, whose logits are sums of hundreds of terms: what these lose, the path loses.
 */
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { useWasm } from '../../src/wasm';
import { take, uniform } from '../model/support';

beforeAll(async () => {
  expect(await useWasm()).toMatchObject({ native: true });
});

/** Root mean square of the errors, relative to that of the values. */
function relativeError(actual: ArrayLike<number>, exact: ArrayLike<number>): number {
  let [error, size] = [0, 0];
  for (let i = 0; i < exact.length; i++) {
    error += (actual[i] - exact[i]) ** 2;
    size += exact[i] ** 2;
  }
  return Math.sqrt(error / size);
}

/** Rows [M, K] times columns [K, N], each sum in order, every product and sum passed through `round`. */
function product(
  a: Float32Array,
  b: Float32Array,
  terms: number,
  columns: number,
  round: (x: number) => number,
): number[] {
  return Array.from({ length: (a.length / terms) * columns }, (_, at) => {
    const row = Math.floor(at / columns) * terms;
    let sum = 0;
    for (let i = 0; i < terms; i++) sum = round(sum + round(a[row + i] * b[i * columns + (at % columns)]));
    return sum;
  });
}

const exactly = (x: number): number => x;

it.each([784, 4096])('sums of %i products round less than half as badly as in one accumulator', (terms) => {
  const [a, b] = [uniform([16, terms], 1), uniform([terms, 12], 2, -1)];
  const [left, right] = [Float32Array.from(a.dataSync()), Float32Array.from(b.dataSync())];
  const exact = product(left, right, terms, 12, exactly);
  const naive = relativeError(product(left, right, terms, 12, Math.fround), exact);
  const transposed = tf.transpose(a);
  // Blocks of 128 terms: √(128 + terms / 128) against √terms of a random walk, 0.41 and 0.20.
  expect(relativeError(take(tf.matMul(a as tf.Tensor2D, b as tf.Tensor2D)), exact)).toBeLessThan(0.5 * naive);
  expect(relativeError(take(tf.matMul(transposed as tf.Tensor2D, b as tf.Tensor2D, true)), exact)).toBeLessThan(
    0.5 * naive,
  );
  tf.dispose([a, b, transposed]);
});

/** Patches [N · H · W, 9 · C] of a 3×3 convolution with zeros around. */
function patches(x: Float32Array, [count, height, width, channels]: number[]): Float32Array {
  const out = new Float32Array(count * height * width * 9 * channels);
  let at = 0;
  for (let n = 0; n < count; n++)
    for (let row = 0; row < height; row++)
      for (let column = 0; column < width; column++)
        for (let tap = 0; tap < 9; tap++) {
          const [r, s] = [row + Math.floor(tap / 3) - 1, column + (tap % 3) - 1];
          const inside = r >= 0 && r < height && s >= 0 && s < width;
          const from = ((n * height + r) * width + s) * channels;
          for (let c = 0; c < channels; c++) out[at++] = inside ? x[from + c] : 0;
        }
  return out;
}

it.each([8, 32, 64])('Winograd’s filtering over %i channels rounds no worse than the definition', (channels) => {
  const shape = [2, 8, 8, channels];
  const [x, w] = [uniform(shape, 3, -1), uniform([3, 3, channels, 16], 4, -1)];
  const [rows, columns] = [patches(Float32Array.from(x.dataSync()), shape), Float32Array.from(w.dataSync())];
  const exact = product(rows, columns, 9 * channels, 16, exactly);
  const naive = relativeError(product(rows, columns, 9 * channels, 16, Math.fround), exact);
  expect(relativeError(take(tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, 1, 'same')), exact)).toBeLessThan(naive);
  tf.dispose([x, w]);
});

it('equal patches give equal outputs, so that ties in pooling windows stay ties', () => {
  const x = tf.fill([1, 12, 12, 8], 0.3) as tf.Tensor4D;
  const w = uniform([3, 3, 8, 16], 5, -1);
  const y = tf.conv2d(x, w as tf.Tensor4D, 1, 'same');
  const inner = take(tf.slice(y, [0, 2, 2, 0], [1, 8, 8, 16]));
  for (let i = 0; i < inner.length; i++) expect(inner[i]).toBe(inner[i % 16]);
  tf.dispose([x, w, y]);
});
