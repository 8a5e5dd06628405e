/**
 * Whether the current backend's gradients are right, by cases that are worked out by hand: tfjs' backends have had kernels that were
 * there and wrong.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core';

/** A function of tensors, and the gradients of the sum of what it computes. */
interface GradientCase {
  readonly name: string;
  readonly inputs: () => Tensor[];
  readonly run: (...inputs: Tensor[]) => Tensor;
  readonly expected: readonly (readonly number[])[];
}

const square = (size: number, sign = 1): Tensor =>
  tf.tensor(
    Array.from({ length: size * size }, (_, i) => sign * (i + 1)),
    [1, size, size, 1],
  );

/** 1 at these positions of 16. */
const at = (...positions: number[]): number[] => Array.from({ length: 16 }, (_, i) => (positions.includes(i) ? 1 : 0));

const CASES: readonly GradientCase[] = [
  {
    // ∂/∂A = rows' sums of B, ∂/∂B = columns' sums of A.
    name: 'matMul',
    inputs: () => [tf.tensor2d([1, 2, 3, 4], [2, 2]), tf.tensor2d([5, 6, 7, 8], [2, 2])],
    run: (a, b) => tf.matMul(a as Tensor2D, b as Tensor2D),
    expected: [
      [11, 15, 11, 15],
      [4, 4, 6, 6],
    ],
  },
  {
    // x = 1 … 9 in 3×3, w = 1 … 4 in 2×2: each weight's gradient is the sum of the inputs that it meets, and the other way round.
    name: 'conv2d',
    inputs: () => [square(3), tf.tensor4d([1, 2, 3, 4], [2, 2, 1, 1])],
    run: (x, w) => tf.conv2d(x as Tensor4D, w as Tensor4D, 1, 'valid'),
    expected: [
      [1, 3, 2, 4, 10, 6, 3, 7, 4],
      [12, 16, 24, 28],
    ],
  },
  {
    // x = −1 … −16 in 4×4: the first of each window is its maximum, though it is below zero.
    name: 'maxPool',
    inputs: () => [square(4, -1)],
    run: (x) => tf.maxPool(x as Tensor4D, 2, 2, 'valid'),
    expected: [at(0, 2, 8, 10)],
  },
  {
    name: 'avgPool',
    inputs: () => [square(4)],
    run: (x) => tf.avgPool(x as Tensor4D, 2, 2, 'valid'),
    expected: [new Array<number>(16).fill(0.25)],
  },
];

/** Largest error that counts as rounding; the values above are small whole numbers. */
const TOLERANCE = 1e-3;

/** What is wrong with the current backend's gradients, in words; undefined when nothing is. */
export async function wrongGradient(): Promise<string | undefined> {
  for (const { name, inputs, run, expected } of CASES) {
    const gradients = tf.tidy(() => tf.grads((...xs: Tensor[]) => tf.sum(run(...xs)))(inputs()));
    try {
      for (const [i, gradient] of gradients.entries()) {
        const values = Array.from(await gradient.data());
        if (values.every((value, j) => Math.abs(value - expected[i][j]) <= TOLERANCE)) continue;
        return `the gradient of ${name} should be ${expected[i].join(' ')}, and is ${values.join(' ')}`;
      }
    } finally {
      tf.dispose(gradients);
    }
  }
  return undefined;
}
