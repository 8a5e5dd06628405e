/** Cases of the kernel tests: pooling and resizing. */
import * as tf from '@tensorflow/tfjs-core';
import { type KernelCase, maps, t4, type TestFunction } from './kernel-cases';

const WINDOWS = [
  [2, 2, 'valid'],
  [2, 2, 'same'],
  [3, 2, 'same'],
  [3, 2, 'valid'],
  [3, 1, 'same'],
  [2, 3, 'valid'], // prettier-ignore
  [1, 2, 'same'],
  [3, 3, 'same'],
  [5, 2, 'same'],
  [5, 4, 'valid'],
  [[2, 3], [1, 2], 'valid'],
  [[3, 1], [2, 1], 'same'], // prettier-ignore
] as const;

/** Windows on the images themselves, and on what a convolution put into blocks. */
function poolCases(kind: 'maxPool' | 'avgPool'): KernelCase[] {
  const pools = Object.fromEntries(
    WINDOWS.map(([size, stride, pad]) => [
      `${String(size)} by ${String(stride)}, ${pad}`,
      (x: tf.Tensor) => tf[kind](t4(x), size as number, stride as number, pad),
    ]),
  );
  // cpu's gradient of the average counts padding.
  const reference = kind === 'avgPool' ? ({ reference: 'wasm' } as const) : {};
  const behind = (channels: number, activation: (x: tf.Tensor) => tf.Tensor, label: string): KernelCase => ({
    name: `${kind} behind a convolution to ${channels} channels${label}`,
    x: [{ shape: [7, 6, 2], kind: 'halves' }],
    ...reference,
    functions: Object.fromEntries(
      Object.entries(pools).map(([name, f]) => [
        name,
        {
          w: [{ shape: [1, 1, 2, channels], kind: 'halves' }],
          f: ([x], [w]) => f(activation(tf.conv2d(t4(x), t4(w), 1, 'same'))),
        } satisfies TestFunction,
      ]),
    ),
  });
  const plain = (shape: number[], numbers: 'halves' | 'real'): KernelCase => ({
    name: `${kind} of [${shape.join()}], ${numbers}`,
    x: [{ shape, kind: numbers }],
    ...reference,
    functions: maps(pools),
  });
  return [
    plain([6, 6, 1], 'halves'),
    plain([7, 9, 3], 'real'),
    behind(5, tf.clone, ''),
    behind(5, tf.relu, ' and ReLU'),
    behind(32, tf.relu, ' and ReLU'),
  ];
}

function resizeCases(): KernelCase[] {
  const cases: KernelCase[] = [];
  for (const name of ['resizeNearestNeighbor', 'resizeBilinear'] as const) {
    const functions: Record<string, TestFunction> = {};
    for (const size of [
      [6, 8],
      [9, 4],
      [2, 3],
      [3, 4],
      [1, 1],
    ] as const) {
      // prettier-ignore
      for (const [align, half] of [[false, false], [true, false], [false, true]] as const) { // prettier-ignore
        const label = `${size.join(' × ')}${align ? ', aligned' : ''}${half ? ', half pixels' : ''}`;
        functions[label] = { f: ([x]) => tf.image[name](t4(x), [...size], align, half) };
        functions[`${label}, in blocks`] = {
          w: [{ shape: [1, 1, 2, 16] }],
          f: ([x], [w]) => tf.image[name](tf.conv2d(t4(x), t4(w), 1, 'same'), [...size], align, half),
        };
      }
    }
    cases.push({ name, x: [{ shape: [3, 4, 2] }], functions, reference: 'wasm' });
  }
  return cases;
}

/** All of them. */
export const WINDOW_CASES: readonly KernelCase[] = [...poolCases('maxPool'), ...poolCases('avgPool'), ...resizeCases()];
