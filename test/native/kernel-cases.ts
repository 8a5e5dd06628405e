/** What a case of the kernel tests is, and the cases of elements, shapes and sums. */
import * as tf from '@tensorflow/tfjs-core';

/** One input: shape of one example, and what its numbers are. */
export interface InputSpec {
  readonly shape: readonly number[];
  /**
   * `halves` are multiples of ½: sums and products of them are exact, so that ties stay ties, and zeros are among them. `positive` ones lie
   * in [½, 3/2). `integers` lie below `below`, and have type int32.
   */
  readonly kind?: 'real' | 'halves' | 'positive' | 'integers';
  readonly below?: number;
}

/** A function to be run and differentiated by its inputs and weights. */
export interface TestFunction {
  readonly w?: readonly InputSpec[];
  readonly f: (x: tf.Tensor[], w: tf.Tensor[]) => tf.Tensor;
  /** It has no gradient, or none that can be compared. */
  readonly forwardOnly?: boolean;
}

/** Functions of the same inputs: they make one step. */
export interface KernelCase {
  readonly name: string;
  readonly x: readonly InputSpec[];
  readonly functions: Readonly<Record<string, TestFunction>>;
  /** The backend that is right where cpu is not. */
  readonly reference?: 'wasm';
  /** Blocks, or none, are all that it is about. */
  readonly blocksOnly?: boolean;
  /** Takes the batch as a whole. */
  readonly wholeBatch?: boolean;
}

export const t4 = (x: tf.Tensor): tf.Tensor4D => x as tf.Tensor4D;

type Map = (x: tf.Tensor) => tf.Tensor;

/** Functions of the first input. */
export function maps(table: Readonly<Record<string, Map>>, forwardOnly = false): Record<string, TestFunction> {
  return Object.fromEntries(
    Object.entries(table).map(([name, map]) => [name, { f: ([x]: tf.Tensor[]) => map(x), forwardOnly }]),
  );
}

const SMOOTH: Readonly<Record<string, Map>> = {
  abs: tf.abs,
  neg: tf.neg,
  exp: tf.exp,
  sin: tf.sin,
  cos: tf.cos,
  atan: tf.atan,
  sinh: tf.sinh,
  cosh: tf.cosh,
  asinh: tf.asinh,
  erf: tf.erf,
  square: tf.square,
  expm1: tf.expm1,
  sigmoid: tf.sigmoid,
  logSigmoid: tf.logSigmoid,
  tanh: tf.tanh,
  relu: tf.relu,
  relu6: (x) => tf.relu6(tf.mul(x, 10)),
  elu: tf.elu,
  selu: tf.selu,
  softplus: (x) => tf.softplus(tf.mul(x, 8)),
  leakyRelu: (x) => tf.leakyRelu(x, 0.3),
  clipByValue: (x) => tf.clipByValue(x, -0.5, 0.25),
  zerosLike: (x) => tf.add(x, tf.zerosLike(x)),
  onesLike: (x) => tf.mul(x, tf.onesLike(x)),
};

const STEPS: Readonly<Record<string, Map>> = {
  floor: tf.floor,
  ceil: tf.ceil,
  round: (x) => tf.round(tf.mul(x, 3)),
  sign: tf.sign,
  step: (x) => tf.step(x, 0.5),
  isNaN: (x) => tf.isNaN(tf.sqrt(x)),
  isInf: (x) => tf.isInf(tf.div(1, x)),
  greater: (x) => tf.greater(x, 0),
  'cast to int32': (x) => tf.cast(tf.mul(x, 3), 'int32'),
  'cast to bool and back': (x) => tf.cast(tf.cast(x, 'bool'), 'float32'),
  not: (x) => tf.logicalNot(tf.less(x, 0)),
};

const POSITIVE: Readonly<Record<string, Map>> = {
  log: tf.log,
  sqrt: tf.sqrt,
  rsqrt: tf.rsqrt,
  reciprocal: tf.reciprocal,
  log1p: tf.log1p,
  tan: tf.tan,
  asin: (x) => tf.asin(tf.div(x, 2)),
  acos: (x) => tf.acos(tf.div(x, 2)),
  acosh: (x) => tf.acosh(tf.add(x, 1)),
  atanh: (x) => tf.atanh(tf.div(x, 2)),
  pow: (x) => tf.pow(x, 2.5),
};

/** On cpu, logSigmoid frees what a convolution handed it. */
const SMOOTH_BUT_LOG = Object.fromEntries(Object.entries(SMOOTH).filter(([name]) => name !== 'logSigmoid'));

/** A function behind a convolution, whose results are there in blocks. */
function behindConv(table: Readonly<Record<string, Map>>, channels: number): Record<string, TestFunction> {
  const w: InputSpec = { shape: [1, 1, 3, channels], kind: 'halves' };
  return Object.fromEntries(
    Object.entries(table).map(([name, map]) => [
      name,
      { w: [w], f: ([x], [filter]) => map(tf.conv2d(t4(x), t4(filter), 1, 'same')) } satisfies TestFunction,
    ]),
  );
}

const BINARY: Readonly<Record<string, (a: tf.Tensor, b: tf.Tensor) => tf.Tensor>> = {
  add: tf.add,
  sub: tf.sub,
  mul: tf.mul,
  div: (a, b) => tf.div(a, tf.add(tf.abs(b), 1)),
  maximum: tf.maximum,
  minimum: tf.minimum,
  squaredDifference: tf.squaredDifference,
  where: (a, b) => tf.where(tf.greater(a, b), a, tf.mul(b, 2)),
  prelu: tf.prelu,
};

const binary = (
  transform: (b: tf.Tensor) => tf.Tensor,
  without: readonly string[] = [],
): Record<string, TestFunction> =>
  Object.fromEntries(
    Object.entries(BINARY)
      .filter(([name]) => !without.includes(name))
      .map(([name, f]) => [name, { f: ([a, b]) => f(a, transform(b)) }]),
  );

const ELEMENTS: readonly KernelCase[] = [
  { name: 'functions of halves', x: [{ shape: [7], kind: 'halves' }], functions: maps(SMOOTH) },
  { name: 'functions of real numbers', x: [{ shape: [2, 3] }], functions: maps(SMOOTH) },
  { name: 'functions with steps', x: [{ shape: [9], kind: 'halves' }], functions: maps(STEPS, true) },
  { name: 'functions of positive numbers', x: [{ shape: [5], kind: 'positive' }], functions: maps(POSITIVE) },
  { name: 'functions of blocks', x: [{ shape: [3, 4, 3], kind: 'halves' }], functions: behindConv(SMOOTH_BUT_LOG, 16) },
  {
    name: 'functions of broken blocks',
    x: [{ shape: [3, 2, 3], kind: 'halves' }],
    functions: behindConv(
      {
        ...SMOOTH_BUT_LOG,
        reciprocal: (x) => tf.reciprocal(tf.add(tf.abs(x), 1)),
        'log, summed': (x) => tf.log(tf.add(tf.abs(x), 1)),
      },
      5,
    ),
  },
  {
    name: 'two operands',
    x: [
      { shape: [6], kind: 'halves' },
      { shape: [6], kind: 'halves' },
    ],
    functions: binary((b) => b),
  },
  // wasm's prelu takes one slope per channel, whatever the shape of the slopes.
  {
    name: 'an operand per example',
    x: [{ shape: [4] }, { shape: [4] }],
    functions: binary((b) => tf.sum(b, 1, true), ['prelu']),
  },
  {
    name: 'operands of two images in blocks',
    x: [{ shape: [4, 3, 16], kind: 'halves' }],
    functions: Object.fromEntries(
      Object.entries(BINARY).map(([name, f]) => [
        name,
        {
          w: [
            { shape: [3, 3, 16, 16], kind: 'halves' },
            { shape: [1, 1, 16, 16], kind: 'halves' },
          ],
          f: ([x], [v, w]) => f(tf.conv2d(t4(x), t4(v), 1, 'same'), tf.conv2d(t4(x), t4(w), 1, 'same')),
        } satisfies TestFunction,
      ]),
    ),
  },
  {
    name: 'an image in blocks and vectors',
    x: [{ shape: [4, 3, 3] }],
    functions: Object.fromEntries(
      Object.entries(BINARY)
        .filter(([name]) => name !== 'prelu')
        .map(([name, f]) => [
          name,
          {
            w: [{ shape: [3, 3, 3, 16] }, { shape: [16] }],
            f: ([x], [filter, vector]) => f(tf.conv2d(t4(x), t4(filter), 1, 'same'), vector),
          } satisfies TestFunction,
        ]),
    ),
  },
  {
    name: 'comparisons',
    x: [
      { shape: [6], kind: 'halves' },
      { shape: [6], kind: 'halves' },
    ],
    functions: Object.fromEntries(
      (['equal', 'notEqual', 'greater', 'greaterEqual', 'less', 'lessEqual', 'floorDiv', 'mod'] as const).map(
        (name) => [
          name,
          {
            f: ([a, b]: tf.Tensor[]) => tf[name](a, name === 'mod' || name === 'floorDiv' ? tf.add(tf.abs(b), 0.5) : b),
            forwardOnly: true,
          },
        ],
      ),
    ),
  },
];

const REDUCED: Readonly<Record<string, Map>> = {
  'sum of all but the batch': (x) => tf.sum(x, [1, 2]),
  'sum, keeping axes': (x) => tf.sum(x, -1, true),
  mean: (x) => tf.mean(x, 1),
  max: (x) => tf.max(x, 2),
  'max of all but the batch': (x) => tf.max(x, [1, 2]),
  min: (x) => tf.min(x, 1, true),
  logSumExp: (x) => tf.logSumExp(x, 2),
  softmax: (x) => tf.softmax(x),
  logSoftmax: (x) => tf.logSoftmax(x),
  norm: (x) => tf.norm(tf.add(x, 2), 'euclidean', [1, 2]),
  cumsum: (x) => tf.cumsum(x, 2),
  'cumsum, exclusive and reversed': (x) => tf.cumsum(x, 1, true, true),
};

const REDUCED_WHOLE: Readonly<Record<string, Map>> = {
  prod: (x) => tf.prod(x, 1),
  argMax: (x) => tf.argMax(x, 2),
  argMin: (x) => tf.argMin(x, 1),
  all: (x) => tf.all(tf.greater(x, -0.6), 2),
  any: (x) => tf.any(tf.greater(x, 0.6), [1, 2]),
};

const MOVED: Readonly<Record<string, Map>> = {
  'concat with itself': (x) => tf.concat([x, x, tf.mul(x, 2)], 2),
  'concat along the batch': (x) => tf.concat([x, tf.neg(x)], 0),
  slice: (x) => tf.slice(x, [0, 1, 0], [-1, 2, 2]),
  'slice of a doubled batch': (x) => tf.slice(tf.concat([x, tf.neg(x)], 0), [x.shape[0], 0, 0], [x.shape[0], 3, 4]),
  pad: (x) => tf.pad(x, [[0, 0], [1, 2], [0, 1]], 0.5), // prettier-ignore
  tile: (x) => tf.tile(x, [1, 2, 3]),
  'tile of the batch': (x) => tf.tile(x, [2, 1, 1]),
  stack: (x) => tf.stack([x, tf.square(x)], 1),
  unstack: (x) => tf.unstack(x, 1)[1],
  split: (x) => tf.split(x, [1, 3], 2)[1],
  reverse: (x) => tf.reverse(x, [1, 2]),
  transpose: (x) => tf.transpose(x, [0, 2, 1]),
  'transpose of the batch': (x) => tf.transpose(x, [2, 0, 1]),
  reshape: (x) => tf.reshape(x, [-1, 12]),
  'reshape into the batch': (x) => tf.reshape(x, [-1, 2]),
  expandDims: (x) => tf.expandDims(x, 2),
  zeros: (x) => tf.add(x, tf.zeros(x.shape)),
  'zeros times zeros': (x) => tf.add(x, tf.mul(tf.ones([x.shape[0], 1, 4]), tf.fill([x.shape[0], 3, 1], 2))),
  range: (x) => tf.mul(x, tf.add(tf.range(0, 4, 1), tf.linspace(0, 1, 4))),
};

/** What takes the batch as a whole. */
const WHOLE: Readonly<Record<string, Map>> = {
  'sum of everything': (x) => tf.sum(x),
  'mean of everything': (x) => tf.mean(x),
  'pad of the batch': (x) => tf.pad(x, [[1, 1], [0, 0], [0, 0]]), // prettier-ignore
  broadcastTo: (x) => tf.mul(tf.broadcastTo(tf.mean(x, 0, true), x.shape), x),
};

const MOVED_WHOLE: Readonly<Record<string, Map>> = {
  'mirrorPad, reflected': (x) => tf.mirrorPad(x, [[0, 0], [1, 2], [2, 0]], 'reflect'), // prettier-ignore
  'mirrorPad, symmetric': (x) => tf.mirrorPad(x, [[0, 0], [1, 2], [2, 4]], 'symmetric'), // prettier-ignore
  'one-hot codes': (x) => tf.oneHot(tf.cast(tf.add(tf.mul(x, 2), 1), 'int32'), 4, 2, -1),
};

const SHAPES: readonly KernelCase[] = [
  { name: 'sums and extremes', x: [{ shape: [3, 4], kind: 'halves' }], functions: maps(REDUCED) },
  { name: 'sums and extremes of real numbers', x: [{ shape: [2, 5] }], functions: maps(REDUCED) },
  { name: 'extremes and their places', x: [{ shape: [3, 4], kind: 'halves' }], functions: maps(REDUCED_WHOLE, true) },
  { name: 'shapes', x: [{ shape: [3, 4] }], functions: maps(MOVED) },
  { name: 'whole batches', x: [{ shape: [3, 4] }], wholeBatch: true, functions: maps(WHOLE) },
  { name: 'mirrors and codes', x: [{ shape: [3, 4], kind: 'halves' }], functions: maps(MOVED_WHOLE, true) },
  {
    name: 'slices in steps',
    x: [{ shape: [5, 6] }],
    wholeBatch: true,
    functions: maps(
      {
        'every second': (x) => tf.stridedSlice(x, [0, 0, 1], [3, 5, 6], [1, 2, 2]),
        backwards: (x) => tf.stridedSlice(x, [0, 4, 5], [3, -6, 0], [1, -1, -2]),
        'with masks': (x) => tf.stridedSlice(x, [0, 1, 2], [0, 4, 4], [1, 1, 1], 1, 1, 0, 0, 2),
      },
      true,
    ),
  },
];

/** All of them. */
export const ELEMENT_AND_SHAPE_CASES: readonly KernelCase[] = [...ELEMENTS, ...SHAPES];
