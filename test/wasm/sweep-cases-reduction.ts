/** Cases of the sweep: reductions, scans, softmax and matrix products. */
import * as tf from '@tensorflow/tfjs-core';
import type { SweepCase } from './sweep-run';

const AXES: readonly (readonly [number[], number | number[] | undefined])[] = [
  [[67], undefined],
  [[3, 5], undefined],
  [[3, 5], 0],
  [[3, 5], -1],
  [
    [2, 3, 5],
    [0, 2],
  ],
  [[2, 3, 5], 1],
  [
    [2, 3, 4, 3],
    [0, 1, 2],
  ],
  [[3, 1, 5], 1],
  [[1, 4], 0],
  [[4, 1], 0],
  [[1, 3, 1], [0]],
  [
    [2, 2, 3, 2, 3],
    [1, 3],
  ],
  [[], undefined],
];

type Reduction = (x: tf.Tensor, axis?: number | number[], keepDims?: boolean) => tf.Tensor;

const REDUCTIONS: readonly (readonly [string, Reduction])[] = [
  [tf.Sum, (x, axis, keep) => tf.sum(x, axis, keep)],
  [tf.Mean, (x, axis, keep) => tf.mean(x, axis, keep)],
  [tf.Prod, (x, axis, keep) => tf.prod(x, axis, keep)],
  [tf.Max, (x, axis, keep) => tf.max(x, axis, keep)],
  [tf.Min, (x, axis, keep) => tf.min(x, axis, keep)],
  ['All', (x, axis, keep) => tf.all(x, axis as number, keep)],
  ['Any', (x, axis, keep) => tf.any(x, axis as number, keep)],
];

/** tfjs differentiates these nowhere. */
const BOOLEAN = new Set(['All', 'Any']);

const reductions: SweepCase[] = REDUCTIONS.flatMap(([kernel, reduce]) =>
  AXES.flatMap(([shape, axis]) =>
    [false, true].flatMap((keepDims) => {
      const label = `[${shape.join()}] over ${String(axis)}${keepDims ? ', kept' : ''}`;
      const run = (x: tf.Tensor) => reduce(x, axis, keepDims);
      // A product of large integers overflows, in float64 on cpu and in int32 on wasm.
      const kinds = kernel === tf.Prod ? (['negative', 'zero', 'tied'] as const) : undefined;
      const int32 = { kernel, label: `${label}, int32`, inputs: [{ shape, dtype: 'int32' as const }], run, kinds };
      const bool = { kernel, label: `${label}, bool`, inputs: [{ shape, dtype: 'bool' as const }], run };
      if (BOOLEAN.has(kernel)) return [bool];
      return [{ kernel, label, inputs: [{ shape, range: [-1.5, 1.5] as const }], run, contracts: true }, int32, bool];
    }),
  ),
);

const arguments_: SweepCase[] = [tf.ArgMax, tf.ArgMin].flatMap((kernel) =>
  (
    [
      [[67], 0],
      [[3, 5], 0],
      [[3, 5], 1],
      [[2, 3, 5], 1],
      [[1, 5], 0],
      [[3, 1, 2], 1],
    ] as const
  ).flatMap(([shape, axis]) => {
    const run = (x: tf.Tensor) => (kernel === tf.ArgMax ? tf.argMax(x, axis) : tf.argMin(x, axis));
    return (['float32', 'int32', 'bool'] as const).map((dtype) => ({
      kernel,
      label: `[${shape.join()}] along ${axis}, ${dtype}`,
      inputs: [{ shape: [...shape], dtype }],
      run,
      // The largest element of several NaNs is nobody's business.
      kinds: ['random', 'negative', 'zero', 'tied', 'large'] as const,
    }));
  }),
);

const scans: SweepCase[] = (
  [
    [[7], 0],
    [[3, 5], 0],
    [[3, 5], 1],
    [[2, 3, 4], 1],
    [[3, 3], 0],
    [[1, 4], 0],
  ] as const
).flatMap(([shape, axis]) =>
  [false, true].flatMap((exclusive) =>
    [false, true].flatMap((reverse) => {
      const label = `[${shape.join()}] along ${axis}${exclusive ? ', exclusive' : ''}${reverse ? ', reverse' : ''}`;
      const inputs = [{ shape: [...shape] }];
      const sum = (x: tf.Tensor) => tf.cumsum(x, axis, exclusive, reverse);
      const product = (x: tf.Tensor) => tf.cumprod(x, axis, exclusive, reverse);
      return [
        { kernel: tf.Cumsum, label, inputs, run: sum, contracts: true },
        {
          kernel: tf.Cumsum,
          label: `${label}, int32`,
          inputs: [{ shape: [...shape], dtype: 'int32' as const }],
          run: sum,
        },
        { kernel: 'Cumprod', label, inputs, run: product, wrt: [], contracts: true },
      ];
    }),
  ),
);

const softmaxes: SweepCase[] = [[7], [3, 5], [2, 3, 4], [1, 1]].flatMap((shape) => [
  { kernel: tf.Softmax, label: `[${shape.join()}]`, inputs: [{ shape }], run: (x: tf.Tensor) => tf.softmax(x) },
  {
    kernel: tf.LogSoftmax,
    label: `[${shape.join()}]`,
    inputs: [{ shape }],
    run: (x: tf.Tensor) => tf.logSoftmax(x),
    contracts: true,
  },
  {
    kernel: 'LogSumExp',
    label: `[${shape.join()}]`,
    inputs: [{ shape }],
    run: (x: tf.Tensor) => tf.logSumExp(x, -1),
    contracts: true,
  },
]);

const PRODUCTS: readonly (readonly [number[], number[], boolean, boolean])[] = [
  [[3, 5], [5, 4], false, false],
  [[5, 3], [5, 4], true, false],
  [[3, 5], [4, 5], false, true],
  [[5, 3], [4, 5], true, true],
  [[2, 3, 5], [2, 5, 4], false, false],
  [[2, 3, 5], [5, 4], false, false],
  [[1, 3, 5], [4, 5, 2], false, false],
  [[2, 5, 3], [2, 4, 5], true, true],
  [[1, 1], [1, 1], false, false],
  [[2, 3, 3, 5], [2, 3, 5, 2], false, false],
];

const ACTIVATIONS = ['linear', 'relu', 'relu6', 'elu', 'sigmoid', 'leakyrelu'] as const;

const products: SweepCase[] = [
  ...PRODUCTS.map(([a, b, transposeA, transposeB]) => ({
    kernel: tf.BatchMatMul,
    label: `[${a.join()}]${transposeA ? "'" : ''} x [${b.join()}]${transposeB ? "'" : ''}`,
    inputs: [{ shape: a }, { shape: b }],
    run: (x: tf.Tensor, y: tf.Tensor) => tf.matMul(x, y, transposeA, transposeB),
    contracts: true,
  })),
  ...ACTIVATIONS.map((activation) => ({
    kernel: '_FusedMatMul',
    label: activation,
    inputs: [{ shape: [3, 5] }, { shape: [5, 4] }, { shape: [4] }],
    run: (a: tf.Tensor, b: tf.Tensor, bias: tf.Tensor) =>
      tf.fused.matMul({ a, b, transposeA: false, transposeB: false, bias, activation, leakyreluAlpha: 0.2 } as never),
    contracts: true,
  })),
];

const einsums: SweepCase[] = (
  [
    ['ij,jk->ik', [3, 5], [5, 4]],
    ['bij,bjk->bik', [2, 3, 5], [2, 5, 4]],
    ['i,i->', [7], [7]],
    ['abc,cd->abd', [2, 3, 5], [5, 4]],
    ['acbe,aecd->abcd', [2, 3, 4, 5], [2, 5, 3, 2]],
  ] as const
).map(([equation, a, b]) => ({
  kernel: 'Einsum',
  label: equation,
  inputs: [{ shape: [...a] }, { shape: [...b] }],
  run: (x: tf.Tensor, y: tf.Tensor) => tf.einsum(equation, x, y),
  wrt: [],
  contracts: true,
}));

export const reductionCases: readonly SweepCase[] = [
  ...reductions,
  ...arguments_,
  ...scans,
  ...softmaxes,
  ...products,
  ...einsums,
];
