/**
 * What works element by element, with broadcasting as in tfjs and NumPy. Images in blocks stay in blocks.
 */
import type { Emitter, Translator } from '../emitter';
import type { Name } from '../onnx/model';
import type { TraceNode, TraceUse } from '../trace';
import { UNARY } from './activations';
import { input, pendingAffine } from './conv';

type Combine = (emitter: Emitter, a: Name, b: Name) => Name;

const op =
  (name: string): Combine =>
  ({ model }, a, b) =>
    model.node(name, [a, b]);

/** Results of type float32. On blocks that are padded, those marked keep zeros finite. */
const BINARY: Readonly<Record<string, { readonly combine: Combine; readonly finite?: true }>> = {
  Add: { combine: op('Add'), finite: true },
  Sub: { combine: op('Sub'), finite: true },
  Multiply: { combine: op('Mul'), finite: true },
  RealDiv: { combine: op('Div') },
  Maximum: { combine: op('Max'), finite: true },
  Minimum: { combine: op('Min'), finite: true },
  Pow: { combine: op('Pow') },
  SquaredDifference: {
    combine: (emitter, a, b) => {
      const difference = emitter.model.node('Sub', [a, b]);
      return emitter.model.node('Mul', [difference, difference]);
    },
    finite: true,
  },
  FloorDiv: { combine: (emitter, a, b) => emitter.model.node('Floor', [emitter.model.node('Div', [a, b])]) },
  Mod: { combine: floorMod },
  Prelu: { combine: op('PRelu'), finite: true },
};

/** The remainder with the sign of the divisor. */
function floorMod({ model }: Emitter, a: Name, b: Name): Name {
  const quotient = model.node('Floor', [model.node('Div', [a, b])]);
  return model.node('Sub', [a, model.node('Mul', [quotient, b])]);
}

const COMPARISONS: Readonly<Record<string, Combine>> = {
  Equal: op('Equal'),
  Greater: op('Greater'),
  GreaterEqual: op('GreaterOrEqual'),
  Less: op('Less'),
  LessEqual: op('LessOrEqual'),
  LogicalAnd: op('And'),
  LogicalOr: op('Or'),
  NotEqual: (emitter, a, b) => emitter.model.node('Not', [emitter.model.node('Equal', [a, b])]),
};

const map =
  (name: string) =>
  ({ model }: Emitter, x: Name): Name =>
    model.node(name, [x]);

const FUNCTIONS: Readonly<Record<string, (emitter: Emitter, x: Name, attrs: TraceNode['attrs']) => Name>> = {
  ...UNARY,
  Abs: map('Abs'),
  Neg: map('Neg'),
  Exp: map('Exp'),
  Log: map('Log'),
  Sqrt: map('Sqrt'),
  Reciprocal: map('Reciprocal'),
  Floor: map('Floor'),
  Ceil: map('Ceil'),
  Round: map('Round'),
  Sign: map('Sign'),
  Sin: map('Sin'),
  Cos: map('Cos'),
  Tan: map('Tan'),
  Atan: map('Atan'),
  Erf: map('Erf'),
  IsNan: map('IsNaN'),
  LogicalNot: map('Not'),
  Square: ({ model }, x) => model.node('Mul', [x, x]),
  Rsqrt: ({ model }, x) => model.node('Reciprocal', [model.node('Sqrt', [x])]),
  Log1p: ({ model }, x) => model.node('Log', [model.node('Add', [x, model.scalar(1)])]),
  Expm1: ({ model }, x) => model.node('Sub', [model.node('Exp', [x]), model.scalar(1)]),
  ClipByValue: ({ model }, x, { clipValueMin, clipValueMax }) =>
    model.node('Clip', [x, model.scalar(clipValueMin as number), model.scalar(clipValueMax as number)]),
  Sinh: map('Sinh'),
  Cosh: map('Cosh'),
  Asin: map('Asin'),
  Acos: map('Acos'),
  Asinh: map('Asinh'),
  Acosh: map('Acosh'),
  Atanh: map('Atanh'),
  IsInf: map('IsInf'),
};

/** Functions that are finite at 0, so that the padding of blocks can't spoil a sum. */
const FINITE = new Set([
  'Abs',
  'Neg',
  'Exp',
  'Sqrt',
  'Sign',
  'Square',
  'ClipByValue',
  'Sigmoid',
  'Tanh',
  'Elu',
  'Selu',
  'Relu6',
  'LeakyRelu',
  'Softplus',
  'Erf',
  'Expm1',
  'Sin',
  'Floor',
  'Ceil',
  'Round',
]);

function isWhole(emitter: Emitter, shape: readonly number[]): boolean {
  return emitter.block > 0 && shape.length === 4 && shape[3] % emitter.block === 0;
}

const unary =
  (kernel: string): Translator =>
  (node, emitter) => {
    const x = input(node, 'x');
    const apply = FUNCTIONS[kernel];
    const [output] = node.outputs;
    const blocks =
      emitter.prefersBlocks(x) && output.dtype === 'float32' && (FINITE.has(kernel) || isWhole(emitter, x.shape));
    if (blocks) emitter.setBlocked(output, apply(emitter, emitter.blockedOf(emitter.of(x)), node.attrs));
    else emitter.set(output, apply(emitter, emitter.plain(x), node.attrs));
  };

const binary =
  (kernel: string): Translator =>
  (node, emitter) => {
    const [a, b] = ['a', 'b'].map((name) =>
      input(node, node.inputs[name] === undefined ? (name === 'a' ? 'x' : 'alpha') : name),
    );
    const { combine, finite } = BINARY[kernel];
    const [output] = node.outputs;
    if (kernel === 'Multiply' && (scaleByChannel(emitter, node, a, b) || scaleByChannel(emitter, node, b, a))) return;
    if (kernel === 'Add' && (joinSum(emitter, node, a, b) || joinSum(emitter, node, b, a))) return;
    const blocks = output.dtype === 'float32' && (finite === true || isWhole(emitter, output.shape));
    const names = blocks ? blockedOperands(emitter, output.shape, [a, b]) : undefined;
    if (names === undefined) {
      const name = combine(emitter, ...plainOperands(emitter, output.shape, a, b));
      // Whole quotients of real numbers are integers to tfjs.
      const isCast = output.dtype === 'int32' && a.value.dtype === 'float32';
      emitter.set(output, isCast ? emitter.model.node('Cast', [name], { to: 6 }) : name);
    } else emitter.setBlocked(output, combine(emitter, names[0], names[1]));
  };

/** Names of the plain operands; of one number only, that number, where the other has the whole shape. */
function plainOperands(emitter: Emitter, shape: readonly number[], a: TraceUse, b: TraceUse): [Name, Name] {
  const single = (use: TraceUse, other: TraceUse): Name | undefined => {
    const { uniform, type } = emitter.of(use);
    const isWhole = equal(other.shape, shape) && emitter.of(other).uniform === undefined;
    return uniform !== undefined && type === 'float32' && isWhole ? emitter.model.scalar(uniform) : undefined;
  };
  return [single(a, b) ?? emitter.plain(a), single(b, a) ?? emitter.plain(b)];
}

/** Names of the operands that broadcast against blocks, if an operand is there in blocks. */
function blockedOperands(emitter: Emitter, shape: readonly number[], uses: readonly TraceUse[]): Name[] | undefined {
  if (shape.length !== 4 || !uses.some((use) => emitter.prefersBlocks(use) && equal(use.shape, shape)))
    return undefined;
  const names = uses.map((use) => blockedOperand(emitter, shape, use));
  return names.every((name) => name !== undefined) ? names : undefined;
}

function blockedOperand(emitter: Emitter, shape: readonly number[], use: TraceUse): Name | undefined {
  const { uniform } = emitter.of(use);
  if (uniform !== undefined && use.value.dtype === 'float32') return emitter.model.scalar(uniform);
  if (equal(use.shape, shape)) return emitter.blockedOf(emitter.valueAs(use));
  if (use.shape.every((length) => length === 1)) return emitter.reshape(emitter.plain(use), []);
  const perExample = use.shape.length === 4 && use.shape.slice(1).every((length) => length === 1);
  return perExample ? emitter.plain(use) : undefined;
}

function equal(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((length, axis) => length === b[axis]);
}

function isVector({ shape }: TraceUse, channels: number): boolean {
  return shape.at(-1) === channels && shape.slice(0, -1).every((length) => length === 1);
}

/** An image in blocks times a vector [C] waits for a convolution to take the vector in. */
function scaleByChannel(emitter: Emitter, node: TraceNode, image: TraceUse, vector: TraceUse): boolean {
  if (!emitter.prefersBlocks(image) || !isVector(vector, image.shape[3]) || image.shape[3] === 1) return false;
  emitter.result(node.outputs[0]).factor = {
    of: emitter.of(image),
    vector: emitter.reshape(emitter.plain(vector), [image.shape[3]]),
  };
  return true;
}

/** A residual sum, or a bias, joins the convolution that waits for it. */
function joinSum(emitter: Emitter, node: TraceNode, conv: TraceUse, other: TraceUse): boolean {
  const { pending } = emitter.of(conv);
  const shape = node.outputs[0].shape;
  if (!emitter.prefersBlocks(conv) || !equal(conv.shape, shape) || shape.length !== 4) return false;
  if (isVector(other, shape[3]) && shape[3] > 1) {
    const vector = emitter.reshape(emitter.plain(other), [shape[3]]);
    const result = emitter.result(node.outputs[0]);
    if (pending !== undefined && pending.sum === undefined && emitter.isSole(conv)) {
      emitter.of(conv).pending = undefined;
      const bias = pending.bias === undefined ? vector : emitter.model.node('Add', [pending.bias, vector]);
      result.pending = { ...pending, bias };
    } else {
      const ones = emitter.model.floats(new Float32Array(shape[3]).fill(1));
      result.pending = pendingAffine(emitter, emitter.of(conv), ones, vector);
    }
    return true;
  }
  if (pending === undefined || pending.sum !== undefined || !emitter.isSole(conv)) return false;
  if (!equal(other.shape, shape)) return false;
  const sum = emitter.blockedOf(emitter.valueAs(other));
  emitter.of(conv).pending = undefined;
  emitter.result(node.outputs[0]).pending = { ...pending, sum };
  return true;
}

const comparison =
  (kernel: string): Translator =>
  (node, emitter) => {
    const [a, b] = [emitter.plain(input(node, 'a')), emitter.plain(input(node, 'b'))];
    emitter.set(node.outputs[0], COMPARISONS[kernel](emitter, a, b));
  };

/** alpha where x ≤ 0, and 1 above. */
const step: Translator = (node, emitter) => {
  const { model } = emitter;
  const above = model.node('Greater', [emitter.plain(input(node, 'x')), model.scalar(0)]);
  emitter.set(
    node.outputs[0],
    model.node('Where', [above, model.scalar(1), model.scalar((node.attrs['alpha'] as number | undefined) ?? 0)]),
  );
};

const select: Translator = (node, emitter) => {
  const [condition, then, otherwise] = ['condition', 't', 'e'].map((name) => input(node, name));
  const rank = Math.max(then.shape.length, otherwise.shape.length);
  // A vector of conditions chooses whole rows.
  const shape =
    condition.shape.length === 1 && rank > 1
      ? [condition.shape[0], ...new Array<number>(rank - 1).fill(1)]
      : condition.shape;
  const test = emitter.plain({ value: condition.value, shape });
  emitter.set(node.outputs[0], emitter.model.node('Where', [test, emitter.plain(then), emitter.plain(otherwise)]));
};

const ONNX_TYPES: Readonly<Record<string, number>> = { float32: 1, int32: 6, bool: 9 };

const cast: Translator = (node, emitter) => {
  const [output] = node.outputs;
  const x = input(node, 'x');
  if (x.value.dtype === output.dtype) emitter.alias(output, emitter.valueAs(x));
  else emitter.set(output, emitter.model.node('Cast', [emitter.plain(x)], { to: ONNX_TYPES[output.dtype] }));
};

/** Gradient of ELU from its output: dy·(y + 1) where y < 0. */
const eluGradient: Translator = (node, emitter) => {
  const { model } = emitter;
  const [dy, y] = [emitter.plain(input(node, 'dy')), emitter.plain(input(node, 'y'))];
  const slope = model.node('Add', [model.node('Min', [y, model.scalar(0)]), model.scalar(1)]);
  emitter.set(node.outputs[0], model.node('Mul', [dy, slope]));
};

const each = (
  table: Readonly<Record<string, unknown>>,
  make: (kernel: string) => Translator,
): Record<string, Translator> => Object.fromEntries(Object.keys(table).map((kernel) => [kernel, make(kernel)]));

export const ARITHMETIC: Readonly<Record<string, Translator>> = {
  ...each(FUNCTIONS, unary),
  ...each(BINARY, binary),
  ...each(COMPARISONS, comparison),
  Step: step,
  Select: select,
  Cast: cast,
  EluGrad: eluGradient,
  Identity: (node, emitter) => {
    emitter.alias(node.outputs[0], emitter.valueAs(input(node, 'x')));
  },
};
