/**
 * Activations that stand by themselves, or at the end of a fused operation.
 */
import type { TraceNode, TraceUse, TraceValue } from '../trace';
import type { Emitter, Translator } from '../emitter';
import type { Name } from '../onnx/model';
import { NotCapturable } from '../program';

type Unary = (emitter: Emitter, x: Name, attrs: TraceNode['attrs']) => Name;

/** max(x, 0). It takes a convolution that waits for it. */
const relu: Translator = (node, emitter) => {
  const x = node.inputs['x'] as TraceUse;
  applyRelu(emitter, x, node.outputs[0], emitter.isSole(x));
};

function applyRelu(emitter: Emitter, x: TraceUse, output: TraceValue, sole: boolean): void {
  const value = emitter.of(x);
  if (emitter.prefersBlocks(x)) {
    const result = emitter.result(output);
    const { pending } = value;
    if (pending !== undefined && sole) {
      value.pending = undefined;
      result.blocked = pending.emit({ ...pending, relu: true });
    } else result.blocked = emitter.model.node('Relu', [emitter.blockedOf(value)]);
    result.nonNegative = true;
    return;
  }
  const name = emitter.model.node('Relu', [emitter.plain(x)]);
  emitter.set(output, name);
  emitter.of({ value: output, shape: output.shape }).nonNegative = true;
}

/** 1 where x > 0, and 0 elsewhere: the gradient of ReLU. */
export function positive(emitter: Emitter, use: TraceUse): { name: Name; blocked: boolean } {
  const { model } = emitter;
  const value = emitter.of(use);
  const blocked = emitter.prefersBlocks(use);
  const x = blocked ? emitter.blockedOf(value) : emitter.plain(use);
  const above = model.node('Greater', [x, model.scalar(0)]);
  return { name: model.node('Cast', [above], { to: 1 }), blocked };
}

/** Element by element, from one name to another. */
export const UNARY: Readonly<Record<string, Unary>> = {
  Relu6: ({ model }, x) => model.node('Clip', [x, model.scalar(0), model.scalar(6)]),
  Sigmoid: ({ model }, x) => model.node('Sigmoid', [x]),
  Tanh: ({ model }, x) => model.node('Tanh', [x]),
  Elu: ({ model }, x) => model.node('Elu', [x]),
  Selu: ({ model }, x) => model.node('Selu', [x]),
  Softplus: ({ model }, x) => model.node('Softplus', [x]),
  LeakyRelu: ({ model }, x, { alpha }) =>
    model.node('LeakyRelu', [x], { alpha: { f: (alpha as number | null) ?? 0.2 } }),
};

const FUSED: Readonly<Record<string, string>> = { relu6: 'Relu6', elu: 'Elu', sigmoid: 'Sigmoid' };

/** Applies the activation of a fused operation to what it has put out so far. */
export function activate(node: TraceNode, emitter: Emitter, output: TraceValue): void {
  const { activation = 'linear', leakyreluAlpha } = node.attrs as Record<string, unknown>;
  if (activation === 'linear' || activation === null) return;
  const use: TraceUse = { value: output, shape: output.shape };
  if (activation === 'relu') {
    applyRelu(emitter, use, output, true);
    return;
  }
  const { model } = emitter;
  const x = emitter.plain(use);
  if (activation === 'leakyrelu') {
    emitter.set(output, model.node('LeakyRelu', [x], { alpha: { f: leakyreluAlpha as number } }));
  } else if (activation === 'prelu') {
    emitter.set(output, model.node('PRelu', [x, emitter.plain(node.inputs['preluActivationWeights'] as TraceUse)]));
  } else {
    const unary = UNARY[FUSED[activation as string] ?? ''];
    if (unary === undefined) throw new NotCapturable(`the activation ${String(activation)} can't be translated`);
    emitter.set(output, unary(emitter, x, {}));
  }
}

/** dy where x > 0. */
const reluGradient: Translator = (node, emitter) => {
  const dy = node.inputs['dy'] as TraceUse;
  const { name, blocked } = positive(emitter, node.inputs['x'] as TraceUse);
  const value = emitter.valueAs(dy);
  if (blocked) emitter.setBlocked(node.outputs[0], emitter.model.node('Mul', [emitter.blockedOf(value), name]));
  else emitter.set(node.outputs[0], emitter.model.node('Mul', [emitter.plain(dy), name]));
};

export const ACTIVATIONS: Readonly<Record<string, Translator>> = { Relu: relu, AmunReluGradient: reluGradient };
