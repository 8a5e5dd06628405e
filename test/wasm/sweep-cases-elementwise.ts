/** Cases of the sweep: one value in, one value out, with and without broadcasting. */
import * as tf from '@tensorflow/tfjs-core';
import type { InputSpec, SweepCase } from './sweep-run';

type Unary = (x: tf.Tensor) => tf.Tensor;
type Binary = (a: tf.Tensor, b: tf.Tensor) => tf.Tensor;

/** Odd sizes reach the tails of vectorised loops. */
const UNARY_SHAPES = [[], [3, 5], [67]];

/** Kernel, op, range of differentiable inputs. */
const UNARY: readonly (readonly [string, Unary, (readonly [number, number])?])[] = [
  [tf.Abs, (x) => tf.abs(x)],
  [tf.Acos, (x) => tf.acos(x), [-0.9, 0.9]],
  [tf.Acosh, (x) => tf.acosh(x), [1.2, 5]],
  [tf.Asin, (x) => tf.asin(x), [-0.9, 0.9]],
  [tf.Asinh, (x) => tf.asinh(x)],
  [tf.Atan, (x) => tf.atan(x)],
  [tf.Atanh, (x) => tf.atanh(x), [-0.9, 0.9]],
  [tf.Ceil, (x) => tf.ceil(x)],
  [tf.ClipByValue, (x) => tf.clipByValue(x, -1.03, 0.77)],
  [tf.Cos, (x) => tf.cos(x)],
  [tf.Cosh, (x) => tf.cosh(x)],
  [tf.Elu, (x) => tf.elu(x)],
  [tf.Erf, (x) => tf.erf(x)],
  [tf.Exp, (x) => tf.exp(x)],
  [tf.Expm1, (x) => tf.expm1(x)],
  [tf.Floor, (x) => tf.floor(x)],
  [tf.Identity, (x) => tf.clone(x)],
  [tf.IsFinite, (x) => tf.isFinite(x)],
  [tf.IsInf, (x) => tf.isInf(x)],
  [tf.IsNan, (x) => tf.isNaN(x)],
  [tf.LeakyRelu, (x) => tf.leakyRelu(x, 0.3)],
  [tf.Log, (x) => tf.log(x), [0.2, 5]],
  [tf.Log1p, (x) => tf.log1p(x), [-0.7, 5]],
  [tf.Neg, (x) => tf.neg(x)],
  [tf.OnesLike, (x) => tf.onesLike(x)],
  [tf.Reciprocal, (x) => tf.reciprocal(x), [0.4, 3]],
  [tf.Relu, (x) => tf.relu(x)],
  [tf.Relu6, (x) => tf.relu6(x), [-9, 9]],
  [tf.Round, (x) => tf.round(x), [-0.45, 0.45]],
  [tf.Rsqrt, (x) => tf.rsqrt(x), [0.3, 5]],
  [tf.Selu, (x) => tf.selu(x)],
  [tf.Sigmoid, (x) => tf.sigmoid(x)],
  [tf.Sign, (x) => tf.sign(x)],
  [tf.Sin, (x) => tf.sin(x)],
  [tf.Sinh, (x) => tf.sinh(x)],
  [tf.Softplus, (x) => tf.softplus(x)],
  [tf.Sqrt, (x) => tf.sqrt(x), [0.2, 5]],
  [tf.Square, (x) => tf.square(x)],
  [tf.Step, (x) => tf.step(x, 0.25)],
  [tf.Tan, (x) => tf.tan(x), [-1.2, 1.2]],
  [tf.Tanh, (x) => tf.tanh(x)],
  [tf.ZerosLike, (x) => tf.zerosLike(x)],
];

/** Ops whose result for a boolean is not a truth value; cpu stores 1.57 or -1 as whatever byte it truncates to. */
const NOT_BOOLEAN = new Set<string>(
  [tf.Acos, tf.Acosh, tf.Asin, tf.Asinh, tf.Atan, tf.Atanh, tf.ClipByValue, tf.Expm1, tf.Log1p, tf.Neg].concat(
    [tf.Reciprocal, tf.Selu, tf.Sinh, tf.Softplus, tf.Step, tf.Add, tf.Sub, tf.RealDiv, tf.Pow, tf.Atan2, tf.Mod],
    [tf.FloorDiv],
  ),
);

const unary: SweepCase[] = UNARY.flatMap(([kernel, run, range]) => [
  ...UNARY_SHAPES.map((shape) => ({ kernel, label: `[${shape.join()}]`, inputs: [{ shape, range }], run })),
  // exp(-20) - 1 rounds to -1 in float32, and is 0 when cpu truncates its float64.
  ...(kernel === tf.Expm1
    ? []
    : [{ kernel, label: 'int32', inputs: [{ shape: [3, 7], dtype: 'int32' as const }], run }]),
  ...(NOT_BOOLEAN.has(kernel)
    ? []
    : [{ kernel, label: 'bool', inputs: [{ shape: [3, 7], dtype: 'bool' as const }], run }]),
]);

/** Kernel, op, ranges of differentiable inputs. */
const BINARY: readonly (readonly [string, Binary, (readonly [number, number])?, (readonly [number, number])?])[] = [
  [tf.Add, (a, b) => tf.add(a, b)],
  [tf.Atan2, (a, b) => tf.atan2(a, b), [0.3, 2], [0.5, 2]],
  [tf.FloorDiv, (a, b) => tf.floorDiv(a, b), [5.1, 5.4], [2.1, 2.4]],
  [tf.GreaterEqual, (a, b) => tf.greaterEqual(a, b), undefined, [-1.9, 2.2]],
  [tf.Maximum, (a, b) => tf.maximum(a, b), undefined, [-1.9, 2.2]],
  [tf.Minimum, (a, b) => tf.minimum(a, b), undefined, [-1.9, 2.2]],
  [tf.Mod, (a, b) => tf.mod(a, b), [5.1, 5.4], [2.1, 2.4]],
  [tf.Multiply, (a, b) => tf.mul(a, b)],
  [tf.Pow, (a, b) => tf.pow(a, b), [0.3, 2]],
  [tf.Prelu, (a, b) => tf.prelu(a, b)],
  [tf.RealDiv, (a, b) => tf.div(a, b), [-2, 2], [0.5, 2]],
  [tf.SquaredDifference, (a, b) => tf.squaredDifference(a, b)],
  [tf.Sub, (a, b) => tf.sub(a, b)],
  [tf.Equal, (a, b) => tf.equal(a, b), undefined, [-1.9, 2.2]],
  [tf.NotEqual, (a, b) => tf.notEqual(a, b), undefined, [-1.9, 2.2]],
  [tf.Greater, (a, b) => tf.greater(a, b), undefined, [-1.9, 2.2]],
  [tf.Less, (a, b) => tf.less(a, b), undefined, [-1.9, 2.2]],
  [tf.LessEqual, (a, b) => tf.lessEqual(a, b), undefined, [-1.9, 2.2]],
];

const BINARY_SHAPES: readonly (readonly [number[], number[]])[] = [
  [[67], [67]],
  [[3, 5], [5]],
  [
    [3, 1],
    [1, 5],
  ],
  [
    [2, 3, 1, 5],
    [4, 1],
  ],
  [[3, 5], []],
  [[], [3, 5]],
  [[5], [2, 3, 5]],
];

/** Whether `shape` broadcasts to `target` itself: what `prelu` asks of alpha. */
const broadcastsInto = (shape: number[], target: number[]): boolean =>
  tf.broadcast_util.assertAndGetBroadcastShape(shape, target).join() === target.join();

const binary: SweepCase[] = BINARY.flatMap(([kernel, run, rangeA, rangeB]) => {
  const inputs = (a: number[], b: number[], dtype?: InputSpec['dtype']): InputSpec[] => [
    { shape: a, range: rangeA, dtype },
    { shape: b, range: rangeB, dtype },
  ];
  return [
    ...BINARY_SHAPES.filter(([a, b]) => kernel !== tf.Prelu || broadcastsInto(b, a)).map(([a, b]) => ({
      kernel,
      label: `[${a.join()}] and [${b.join()}]`,
      inputs: inputs(a, b),
      run,
      contracts: true,
    })),
    { kernel, label: 'int32', inputs: inputs([3, 5], [5], 'int32'), run },
    ...(NOT_BOOLEAN.has(kernel) ? [] : [{ kernel, label: 'bool', inputs: inputs([3, 5], [5], 'bool'), run }]),
    {
      kernel,
      label: 'float32 and int32',
      inputs: [
        { shape: [3, 5], range: rangeA },
        { shape: [3, 5], dtype: 'int32' as const },
      ],
      run,
    },
  ];
});

const DTYPES = ['float32', 'int32', 'bool'] as const;

const casts: SweepCase[] = DTYPES.flatMap((from) =>
  DTYPES.map((to) => ({
    kernel: tf.Cast,
    label: `${from} to ${to}`,
    inputs: [{ shape: [3, 7], dtype: from }],
    run: (x: tf.Tensor) => tf.cast(x, to),
    finiteDifference: to === 'float32',
  })),
);

const others: SweepCase[] = [
  {
    kernel: tf.AddN,
    label: 'three',
    inputs: [{ shape: [3, 7] }, { shape: [3, 7] }, { shape: [3, 7] }],
    run: (...xs) => tf.addN(xs),
  },
  { kernel: tf.AddN, label: 'one', inputs: [{ shape: [3, 7] }], run: (...xs) => tf.addN(xs) },
  ...[
    [
      [3, 5],
      [3, 5],
      [3, 5],
    ],
    [[3, 1], [5], [3, 5]],
    [[], [3, 5], [3, 5]],
  ].map(([condition, a, b]) => ({
    kernel: tf.Select,
    label: `where [${condition.join()}] [${a.join()}] [${b.join()}]`,
    inputs: [{ shape: condition, dtype: 'bool' as const }, { shape: a }, { shape: b }],
    run: (c: tf.Tensor, t: tf.Tensor, e: tf.Tensor) => tf.where(c, t, e),
  })),
  {
    kernel: 'LogicalAnd',
    label: 'bool',
    inputs: [
      { shape: [3, 5], dtype: 'bool' },
      { shape: [5], dtype: 'bool' },
    ],
    run: (a, b) => tf.logicalAnd(a, b),
  },
  {
    kernel: 'LogicalOr',
    label: 'bool',
    inputs: [
      { shape: [3, 5], dtype: 'bool' },
      { shape: [5], dtype: 'bool' },
    ],
    run: (a, b) => tf.logicalOr(a, b),
  },
  {
    kernel: 'LogicalXor',
    label: 'bool',
    inputs: [
      { shape: [3, 5], dtype: 'bool' },
      { shape: [5], dtype: 'bool' },
    ],
    run: (a, b) => tf.logicalXor(a, b),
  },
  { kernel: 'LogicalNot', label: 'bool', inputs: [{ shape: [3, 5], dtype: 'bool' }], run: (a) => tf.logicalNot(a) },
];

export const elementwiseCases: readonly SweepCase[] = [...unary, ...binary, ...casts, ...others];
