/**
 * What goes along an axis: steps, mirrors, running sums, ranges, and sums over named axes.
 */
import { slice_util } from '@tensorflow/tfjs-core';
import type { Translator } from '../emitter';
import type { Name } from '../onnx/model';
import { NotCapturable } from '../program';
import { input } from './conv';
import { list } from './shape';

/** Far beyond the first element, from the end. */
const BEFORE_FIRST = -(2 ** 40);

const stridedSlice: Translator = (node, emitter) => {
  const { model } = emitter;
  const x = input(node, 'x');
  const attrs = node.attrs as unknown as Record<string, number[]> & Record<string, number>;
  if (x.shape.some((length) => length < 0)) throw new NotCapturable('a slice in steps of a batch');
  const { begin, end, strides, beginMask, endMask, ellipsisMask, newAxisMask, shrinkAxisMask } = attrs;
  const info = slice_util.sliceInfo(
    [...x.shape],
    begin,
    end,
    strides,
    beginMask as unknown as number,
    endMask as unknown as number,
    ellipsisMask as unknown as number,
    newAxisMask as unknown as number,
    shrinkAxisMask as unknown as number,
  );
  const ends = info.end.map((stop, axis) => (info.strides[axis] < 0 && stop < 0 ? BEFORE_FIRST : stop));
  const axes = info.begin.map((_, axis) => axis);
  const parts = [info.begin, ends, axes, info.strides].map((numbers) => model.ints(numbers));
  const sliced = model.node('Slice', [emitter.plain(x), ...parts]);
  emitter.set(node.outputs[0], emitter.reshape(sliced, node.outputs[0].shape));
};

const mirrorPad: Translator = (node, emitter) => {
  const x = input(node, 'x');
  const { paddings, mode } = node.attrs as unknown as { paddings: [number, number][]; mode: string };
  const offset = mode === 'reflect' ? 0 : 1;
  let name: Name = emitter.plain(x);
  paddings.forEach(([before, after], axis) => {
    if (before === 0 && after === 0) return;
    const length = x.shape[axis];
    if (length < 0) throw new NotCapturable('a batch is padded with its own examples');
    const indices = Array.from({ length: before + length + after }, (_, index) => {
      if (index < before) return before - index - offset;
      const place = index - before;
      return place < length ? place : 2 * length - 2 - place + offset;
    });
    name = emitter.model.node('Gather', [name, emitter.model.ints(indices)], { axis });
  });
  emitter.set(node.outputs[0], name);
};

const cumulativeSum: Translator = (node, emitter) => {
  const { model } = emitter;
  const { axis, exclusive, reverse } = node.attrs as unknown as { axis: number; exclusive: boolean; reverse: boolean };
  const at = model.constant('int64', BigInt64Array.of(BigInt(axis)), []);
  const attributes = { exclusive: exclusive ? 1 : 0, reverse: reverse ? 1 : 0 };
  emitter.set(node.outputs[0], model.node('CumSum', [emitter.plain(input(node, 'x')), at], attributes));
};

/** Numbers that the attributes say. */
const counted =
  (number: (attrs: Record<string, number>, index: number) => number): Translator =>
  (node, emitter) => {
    const [{ shape, dtype }] = node.outputs;
    if (shape[0] < 0) throw new NotCapturable('numbers are counted up to the length of the batch');
    const numbers = Array.from({ length: shape[0] }, (_, index) => number(node.attrs as Record<string, number>, index));
    const name =
      dtype === 'int32'
        ? emitter.model.constant('int32', Int32Array.from(numbers), shape)
        : emitter.model.floats(numbers, shape);
    emitter.set(node.outputs[0], name);
  };

const einsum: Translator = (node, emitter) => {
  const equation = (node.attrs['equation'] as string).replaceAll(' ', '');
  const names = list(node).map((use) => emitter.plain(use));
  emitter.set(node.outputs[0], emitter.model.node('Einsum', names, { equation }));
};

export const SEQUENCES: Readonly<Record<string, Translator>> = {
  StridedSlice: stridedSlice,
  MirrorPad: mirrorPad,
  Cumsum: cumulativeSum,
  Range: counted(({ start, step = 1, stop }, index) => start + index * (start > stop && step === 1 ? -1 : step)),
  LinSpace: counted(({ start, stop, num }, index) =>
    num === 1 ? start : start + (index * (stop - start)) / (num - 1),
  ),
  Einsum: einsum,
};
