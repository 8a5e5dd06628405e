/**
 * What moves numbers about and leaves them as they are.
 */
import type { Translator } from '../emitter';
import type { Name } from '../onnx/model';
import { NotCapturable } from '../program';
import type { TraceNode, TraceUse } from '../trace';
import { input } from './conv';

/** The tensors of a node that takes a list. */
export function list(node: TraceNode): readonly TraceUse[] {
  return Object.entries(node.inputs)
    .filter(([name]) => /^\d+$/.test(name))
    .sort(([a], [b]) => Number(a) - Number(b))
    .map(([, use]) => use as TraceUse);
}

function positive(axis: number, rank: number): number {
  return axis < 0 ? axis + rank : axis;
}

const concat: Translator = (node, emitter) => {
  const [output] = node.outputs;
  const axis = positive(node.attrs['axis'] as number, output.shape.length);
  const names = list(node)
    .filter(({ shape }) => !shape.includes(0))
    .map((use) => emitter.plain(use));
  emitter.set(output, emitter.model.node('Concat', names, { axis }));
};

const reshape: Translator = (node, emitter) => {
  const x = input(node, Object.keys(node.inputs)[0]);
  emitter.set(node.outputs[0], emitter.reshape(emitter.plain(x), node.outputs[0].shape));
};

const transpose: Translator = (node, emitter) => {
  const perm = node.attrs['perm'] as number[];
  emitter.set(node.outputs[0], emitter.model.node('Transpose', [emitter.plain(input(node, 'x'))], { perm }));
};

/** The end of a slice that goes as far as there is something. */
const END = 2 ** 40;

const slice: Translator = (node, emitter) => {
  const { model } = emitter;
  const begin = node.attrs['begin'] as number[];
  const [output] = node.outputs;
  const x = emitter.plain(input(node, 'x'));
  const counted = [...begin, ...output.shape].some((length) => length < 0);
  const ends = counted
    ? model.node('Add', [emitter.lengths(begin), emitter.lengths(output.shape)])
    : model.ints(begin.map((start, axis) => start + output.shape[axis]));
  emitter.set(output, model.node('Slice', [x, emitter.lengths(begin), ends]));
};

const pad: Translator = (node, emitter) => {
  const { model } = emitter;
  const paddings = node.attrs['paddings'] as [number, number][];
  const amounts = emitter.lengths([...paddings.map(([before]) => before), ...paddings.map(([, after]) => after)]);
  const value = (node.attrs['constantValue'] as number | undefined) ?? 0;
  const inputs = [emitter.plain(input(node, 'x')), amounts, ...(value === 0 ? [] : [model.scalar(value)])];
  emitter.set(node.outputs[0], model.node('Pad', inputs));
};

const tile: Translator = (node, emitter) => {
  const { model } = emitter;
  const reps = node.attrs['reps'] as number[];
  emitter.set(node.outputs[0], model.node('Tile', [emitter.plain(input(node, 'x')), emitter.lengths(reps)]));
};

const pack: Translator = (node, emitter) => {
  const { model } = emitter;
  const [output] = node.outputs;
  const axis = positive(node.attrs['axis'] as number, output.shape.length);
  const names = list(node).map((use) => {
    const shape = [...use.shape.slice(0, axis), 1, ...use.shape.slice(axis)];
    return emitter.plain({ value: use.value, shape });
  });
  emitter.set(output, model.node('Concat', names, { axis }));
};

const unpack: Translator = (node, emitter) => {
  const { model } = emitter;
  const x = input(node, 'value');
  const axis = positive(node.attrs['axis'] as number, x.shape.length);
  if (x.shape[axis] < 0) throw new NotCapturable('a batch is taken apart');
  node.outputs.forEach((output, index) => {
    const part = model.node('Slice', [
      emitter.plain(x),
      model.ints([index]),
      model.ints([index + 1]),
      model.ints([axis]),
    ]);
    emitter.set(output, emitter.reshape(part, output.shape));
  });
};

const split: Translator = (node, emitter) => {
  const { model } = emitter;
  const x = input(node, 'x');
  const axis = positive((node.attrs['axis'] as number | undefined) ?? 0, x.shape.length);
  let start = 0;
  for (const output of node.outputs) {
    const length = output.shape[axis];
    if (Math.sign(start) * Math.sign(length) < 0) throw new NotCapturable('a batch is taken apart');
    const [from, to] = [emitter.lengths([start]), emitter.lengths([start + length])];
    emitter.set(output, model.node('Slice', [emitter.plain(x), from, to, model.ints([axis])]));
    start += length;
  }
};

const reverse: Translator = (node, emitter) => {
  const { model } = emitter;
  const x = input(node, 'x');
  const dims = [node.attrs['dims'] as number | number[]].flat().map((axis) => positive(axis, x.shape.length));
  if (dims.length === 0) {
    emitter.alias(node.outputs[0], emitter.valueAs(x));
    return;
  }
  const many = (value: number): Name => model.ints(dims.map(() => value));
  const parts = [emitter.plain(x), many(-1), many(-END), model.ints(dims), many(-1)];
  emitter.set(node.outputs[0], model.node('Slice', parts));
};

const fill: Translator = (node, emitter) => {
  emitter.result(node.outputs[0]).uniform = node.attrs['value'] as number;
};

const filledLike =
  (number: number): Translator =>
  (node, emitter) => {
    emitter.result(node.outputs[0]).uniform = number;
  };

export const SHAPES: Readonly<Record<string, Translator>> = {
  Concat: concat,
  Reshape: reshape,
  ExpandDims: reshape,
  Transpose: transpose,
  Slice: slice,
  PadV2: pad,
  Tile: tile,
  Pack: pack,
  Unpack: unpack,
  SplitV: split,
  Reverse: reverse,
  Fill: fill,
  OnesLike: filledLike(1),
  ZerosLike: filledLike(0),
};
