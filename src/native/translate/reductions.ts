/**
 * Sums, means and extremes over axes, and soft maxima.
 */
import { util } from '@tensorflow/tfjs-core';
import { type Emitter, NCHWC, type Translator } from '../emitter';
import type { Name } from '../onnx/model';
import { NotCapturable } from '../program';
import type { TraceNode, TraceUse } from '../trace';
import { input } from './conv';

const OPS: Readonly<Record<string, string>> = {
  Sum: 'ReduceSum',
  Mean: 'ReduceMean',
  Max: 'ReduceMax',
  Min: 'ReduceMin',
  Prod: 'ReduceProd',
};

function axesOf({ attrs }: TraceNode, rank: number): number[] {
  const axis = (attrs['axis'] ?? attrs['reductionIndices'] ?? null) as number | number[] | null;
  return util.parseAxisParam(axis as number | number[], new Array<number>(rank).fill(1));
}

const reduction =
  (kernel: string): Translator =>
  (node, emitter) => {
    const { model } = emitter;
    const x = input(node, 'x');
    const axes = axesOf(node, x.shape.length);
    const [output] = node.outputs;
    if (axes.length === 0) {
      emitter.alias(output, emitter.valueAs(x));
      return;
    }
    const overPixels = x.shape.length === 4 && axes.join() === '1,2' && (kernel === 'Mean' || kernel === 'Sum');
    if (overPixels && emitter.prefersBlocks(x)) {
      emitter.set(output, emitter.reshape(pooled(emitter, x, kernel), output.shape));
      return;
    }
    // tfjs puts out the shape that `keepDims` asks for, whichever it is.
    const keepdims = output.shape.length === x.shape.length ? 1 : 0;
    const name =
      kernel === 'Sum'
        ? model.node('ReduceSum', [emitter.plain(x), model.ints(axes)], { keepdims })
        : model.node(OPS[kernel], [emitter.plain(x)], { axes, keepdims });
    emitter.set(output, name);
  };

/** Means or sums over all pixels of an image in blocks: [N, C]. */
function pooled(emitter: Emitter, x: TraceUse, kernel: string): Name {
  const { model } = emitter;
  const [, height, width, channels] = x.shape;
  const mean = model.node('GlobalAveragePool', [emitter.blockedOf(emitter.of(x))], {}, NCHWC);
  const rows = model.node('Reshape', [mean, model.ints([0, emitter.padded(channels)])]);
  const whole =
    emitter.padded(channels) === channels
      ? rows
      : model.node('Slice', [rows, model.ints([0]), model.ints([channels]), model.ints([1])]);
  return kernel === 'Mean' ? whole : model.node('Mul', [whole, model.scalar(height * width)]);
}

const softmax =
  (op: string): Translator =>
  (node, emitter) => {
    const axis = (node.attrs['dim'] ?? -1) as number;
    emitter.set(node.outputs[0], emitter.model.node(op, [emitter.plain(input(node, 'logits'))], { axis }));
  };

const argExtreme =
  (op: string): Translator =>
  (node, emitter) => {
    const x = input(node, 'x');
    const axis = node.attrs['axis'] as number;
    const index = emitter.model.node(op, [emitter.plain(x)], { axis, keepdims: 0 });
    emitter.set(node.outputs[0], emitter.model.node('Cast', [index], { to: 6 }));
  };

const logical =
  (op: string): Translator =>
  (node, emitter) => {
    const { model } = emitter;
    const x = input(node, 'x');
    const axes = axesOf(node, x.shape.length);
    if (axes.length === 0) throw new NotCapturable('a reduction over no axis');
    const keepdims = node.outputs[0].shape.length === x.shape.length ? 1 : 0;
    const numbers = model.node('Cast', [emitter.plain(x)], { to: 6 });
    emitter.set(node.outputs[0], model.node('Cast', [model.node(op, [numbers], { axes, keepdims })], { to: 9 }));
  };

export const REDUCTIONS: Readonly<Record<string, Translator>> = {
  ...Object.fromEntries(Object.keys(OPS).map((kernel) => [kernel, reduction(kernel)])),
  Softmax: softmax('Softmax'),
  LogSoftmax: softmax('LogSoftmax'),
  ArgMax: argExtreme('ArgMax'),
  ArgMin: argExtreme('ArgMin'),
  All: logical('ReduceMin'),
  Any: logical('ReduceMax'),
};
