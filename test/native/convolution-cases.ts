/** Cases of the kernel tests: convolutions, products, lookups. */
import * as tf from '@tensorflow/tfjs-core';
import { type KernelCase, t4, type TestFunction } from './kernel-cases';

type Pad = 'same' | 'valid' | tf.backend_util.ExplicitPadding;

const EXPLICIT: Pad = [[0, 0], [2, 1], [0, 3], [0, 0]]; // prettier-ignore
const WIDE: Pad = [[0, 0], [3, 2], [2, 3], [0, 0]]; // prettier-ignore
const KERNELS = [[1, 1], [3, 3], [5, 4], [2, 3]] as const; // prettier-ignore
const nameOf = (pad: Pad): string => (typeof pad === 'string' ? pad : `padding ${pad.slice(1, 3).join(' / ')}`);

type Conv = (x: tf.Tensor4D, w: tf.Tensor4D) => tf.Tensor;

function convFunctions(
  kernels: readonly (readonly [number, number])[],
  [inputs, outputs]: readonly [number, number],
  f: Conv,
  forwardOnly = false,
): Record<string, TestFunction> {
  return Object.fromEntries(
    kernels.map((kernel) => [
      kernel.join(' × '),
      { w: [{ shape: [...kernel, inputs, outputs] }], f: ([x], [w]) => f(t4(x), t4(w)), forwardOnly },
    ]),
  );
}

/** Images of few channels, of whole blocks, and of what is neither. */
const CHANNELS = [[3, 5], [16, 16], [9, 33]] as const; // prettier-ignore

function convCases(): KernelCase[] {
  const cases: KernelCase[] = [];
  for (const [inputs, outputs] of CHANNELS) {
    for (const stride of [1, 2, 3]) {
      for (const pad of stride === 3 ? (['same'] as const) : (['same', 'valid', EXPLICIT] as const)) {
        cases.push({
          name: `conv2d ${inputs} → ${outputs}, stride ${stride}, ${nameOf(pad)}`,
          x: [{ shape: [6, 7, inputs] }],
          blocksOnly: inputs > 3,
          functions: convFunctions(KERNELS, [inputs, outputs], (x, w) => tf.conv2d(x, w, stride, pad)),
        });
      }
    }
  }
  const even = (length: number): KernelCase => ({
    name: `conv2d of ${length} × ${length}, stride 2`,
    x: [{ shape: [length, length, 16] }],
    functions: convFunctions([[1, 1], [3, 3]], [16, 32], (x, w) => tf.conv2d(x, w, 2, 'same')), // prettier-ignore
  });
  const few: KernelCase = {
    name: 'conv2d of one channel',
    x: [{ shape: [7, 6, 1] }],
    functions: {
      ...convFunctions([[3, 3]], [1, 16], (x, w) => tf.conv2d(x, w, 1, 'same')),
      ...convFunctions([[4, 2]], [1, 16], (x, w) => tf.conv2d(x, w, 2, 'valid')),
    },
  };
  const wide: KernelCase = {
    name: 'conv2d with more padding than the filter',
    x: [{ shape: [4, 5, 16] }],
    functions: convFunctions([[1, 1], [2, 2], [3, 3]], [16, 16], (x, w) => tf.conv2d(x, w, 1, WIDE)), // prettier-ignore
  };
  const dilated = (inputs: number, outputs: number): KernelCase => ({
    name: `dilated conv2d ${inputs} → ${outputs}`,
    x: [{ shape: [9, 8, inputs] }],
    functions: convFunctions([[2, 2], [3, 3]], [inputs, outputs], (x, w) => tf.conv2d(x, w, 1, 'same', 'NHWC', 2), true), // prettier-ignore
  });
  const transposed = (inputs: number, outputs: number, stride: number): KernelCase => ({
    name: `conv2dTranspose ${inputs} → ${outputs}, stride ${stride}`,
    x: [{ shape: [4, 3, inputs] }],
    functions: convFunctions(
      [
        [2, 2],
        [3, 3],
      ],
      [outputs, inputs],
      (x, w) =>
        // prettier-ignore
        tf.conv2dTranspose(x, w, [x.shape[0], 4 * stride, 3 * stride, outputs], stride, 'same'),
    ),
  });
  return [
    ...cases,
    even(6),
    few,
    even(8),
    wide,
    dilated(3, 5),
    dilated(16, 16),
    transposed(3, 5, 2),
    transposed(16, 16, 2),
    transposed(4, 16, 1),
  ];
}

function depthwiseCases(): KernelCase[] {
  const cases: KernelCase[] = [];
  for (const [channels, multiplier] of [
    [3, 1],
    [3, 2],
    [16, 1],
  ] as const) {
    // prettier-ignore
    for (const stride of [1, 2, 3]) {
      for (const pad of stride === 3 ? (['valid'] as const) : (['same', EXPLICIT] as const)) {
        cases.push({
          name: `depthwise ${channels} × ${multiplier}, stride ${stride}, ${nameOf(pad)}`,
          x: [{ shape: [7, 6, channels] }],
          blocksOnly: channels > 3,
          functions: convFunctions([[1, 1], [2, 2], [3, 3], [4, 3]], [channels, multiplier], (x, w) => // prettier-ignore
            tf.depthwiseConv2d(x, w, stride, pad),
          ),
        });
      }
    }
  }
  cases.push({
    name: 'dilated depthwise',
    x: [{ shape: [7, 6, 3] }],
    functions: convFunctions([[3, 3]], [3, 2], (x, w) => tf.depthwiseConv2d(x, w, 1, 'same', 'NHWC', 2), true),
  });
  return cases;
}

const FUSED = ['linear', 'relu', 'relu6', 'elu', 'sigmoid', 'leakyrelu', 'prelu'] as const;

function fusedCases(channels: number): KernelCase {
  return {
    name: `fused convolutions to ${channels} channels`,
    x: [{ shape: [5, 4, 3] }],
    functions: Object.fromEntries(
      FUSED.map((activation) => [
        activation,
        {
          w: [
            { shape: [3, 3, 3, channels] },
            { shape: [channels] },
            ...(activation === 'prelu' ? [{ shape: [1, 1, channels] }] : []),
          ],
          // tfjs has gradients for the first three only.
          forwardOnly: !['linear', 'relu', 'relu6'].includes(activation),
          f: ([x], [filter, bias, slope]) =>
            tf.fused.conv2d({
              x: t4(x),
              filter: t4(filter),
              bias,
              strides: 1,
              pad: 'same',
              activation: activation as 'relu',
              preluActivationWeights: slope,
              leakyreluAlpha: 0.3,
            }),
        } satisfies TestFunction,
      ]),
    ),
  };
}

const fusedProducts = Object.fromEntries(
  (['linear', 'relu', 'relu6', 'elu', 'sigmoid'] as const).map((activation) => [
    `fused ${activation}`,
    {
      w: [{ shape: [4, 3] }, { shape: [3] }],
      forwardOnly: activation === 'elu' || activation === 'sigmoid',
      f: ([x], [b, bias]) => tf.fused.matMul({ a: x, b, bias, activation }),
    } satisfies TestFunction,
  ]),
);

const PRODUCTS: readonly KernelCase[] = [
  {
    name: 'products with weights',
    x: [{ shape: [4] }],
    functions: {
      'x · w': { w: [{ shape: [4, 3] }], f: ([x], [w]) => tf.matMul(x, w) },
      'x · wᵀ': { w: [{ shape: [3, 4] }], f: ([x], [w]) => tf.matMul(x, w, false, true) },
      'xᵀ · x': { f: ([x]) => tf.matMul(x, x, true, false) },
      ...fusedProducts,
    },
  },
  {
    name: 'products of matrices for each example',
    x: [{ shape: [3, 4] }, { shape: [4, 2] }],
    functions: {
      'a · b': { f: ([a, b]) => tf.matMul(a, b) },
      'a · b, transposed': { f: ([a, b]) => tf.matMul(b, a, true, true) },
      'a · aᵀ': { f: ([a, b]) => tf.add(tf.matMul(a, a, false, true), tf.sum(b)) },
      einsum: { f: ([a, b]) => tf.einsum('nij,njk->nik', a, b), forwardOnly: true },
    },
  },
];

const LOOKUPS: readonly KernelCase[] = [
  {
    name: 'lookups',
    x: [{ shape: [3], kind: 'integers', below: 5 }],
    functions: {
      'rows by index': { w: [{ shape: [5, 2] }], f: ([ids], [table]) => tf.gather(table, tf.cast(ids, 'int32')) },
      'columns by index': {
        w: [{ shape: [2, 5, 2] }],
        f: ([ids], [table]) => tf.gather(table, tf.cast(ids, 'int32'), 1),
      },
      'one-hot': { f: ([ids]) => tf.oneHot(tf.cast(ids, 'int32'), 4), forwardOnly: true },
      'one-hot of its own values': {
        f: ([ids]) => tf.oneHot(tf.cast(tf.sub(ids, 1), 'int32'), 3, 0.5, -2),
        forwardOnly: true,
      },
    },
  },
  {
    name: 'sums by segment',
    x: [{ shape: [2, 3] }],
    wholeBatch: true,
    functions: {
      'with one dropped': {
        f: ([x]) => tf.unsortedSegmentSum(x, tf.tensor1d([1, -1, 1], 'int32'), 3),
        forwardOnly: true,
      },
      'of single numbers': {
        f: ([x]) =>
          tf.unsortedSegmentSum(
            tf.reshape(tf.slice(x, [0, 0, 0], [-1, 1, 1]), [-1]),
            tf.tensor1d([0, 3, 0], 'int32'),
            4,
          ),
      },
    },
  },
];

/** All of them. */
export const CONVOLUTION_AND_PRODUCT_CASES: readonly KernelCase[] = [
  ...convCases(),
  ...depthwiseCases(),
  fusedCases(16),
  fusedCases(5),
  ...PRODUCTS,
  ...LOOKUPS,
];
