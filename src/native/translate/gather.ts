/**
 * Lookups by index, and their gradients.
 */
import type { Emitter, Translator } from '../emitter';
import type { Name } from '../onnx/model';
import { NotCapturable } from '../program';
import { input } from './conv';

const gather: Translator = (node, emitter) => {
  const [x, indices] = [input(node, 'x'), input(node, 'indices')];
  const { axis, batchDims = 0 } = node.attrs as Record<string, number>;
  if (batchDims !== 0) throw new NotCapturable("lookups of each example in rows of its own can't be translated");
  const at = axis < 0 ? axis + x.shape.length : axis;
  const name = emitter.model.node('Gather', [emitter.plain(x), emitter.plain(indices)], { axis: at });
  emitter.set(node.outputs[0], emitter.reshape(name, node.outputs[0].shape));
};

/**
 * Sums of rows by segment. Rows of negative segments are dropped: they go to a segment of their own, which is cut off. Elements are
 * added one after the other, so that sums do not depend on threads.
 */
const segmentSum: Translator = (node, emitter) => {
  const { model } = emitter;
  const [x, ids] = [input(node, 'x'), input(node, 'segmentIds')];
  const count = node.attrs['numSegments'] as number;
  if (ids.shape.length !== 1 || count < 0) throw new NotCapturable("segments of several axes can't be translated");
  const width = x.shape.slice(1).reduce((product, length) => product * length, 1);
  if (width < 0) throw new NotCapturable("rows of the length of the batch can't be summed");
  const rows = model.node('Reshape', [emitter.plain(x), model.ints([-1, width])]);
  const places = model.node('Cast', [emitter.plain(ids)], { to: 7 });
  const dropped = model.node('Less', [places, model.ints([0])]);
  const known = model.node('Reshape', [
    model.node('Where', [dropped, model.ints([count]), places]),
    model.ints([-1, 1]),
  ]);
  const each = model.node('Expand', [known, model.node('Shape', [rows])]);
  const zeros = model.node('Expand', [zero(emitter, x.value.dtype), model.ints([count + 1, width])]);
  const sums = model.node('ScatterElements', [zeros, each, rows], { axis: 0, reduction: 'add' });
  const kept = model.node('Slice', [sums, model.ints([0]), model.ints([count])]);
  emitter.set(node.outputs[0], emitter.reshape(kept, node.outputs[0].shape));
};

function zero({ model }: Emitter, dtype: string): Name {
  return dtype === 'int32' ? model.constant('int32', Int32Array.of(0), []) : model.scalar(0);
}

/** onValue where the index is that of the last axis; an index beyond it has none. */
const oneHot: Translator = (node, emitter) => {
  const { model } = emitter;
  const indices = input(node, 'indices');
  const { depth, onValue, offValue } = node.attrs as Record<string, number>;
  const [output] = node.outputs;
  if (depth < 0) throw new NotCapturable("a one-hot code of the length of the batch can't be translated");
  const numbers = model.constant(
    'int32',
    Int32Array.from({ length: depth }, (_, index) => index),
    [depth],
  );
  const places = emitter.plain({ value: indices.value, shape: [...indices.shape, 1] });
  const isThere = model.node('Equal', [model.node('Cast', [places], { to: 6 }), numbers]);
  const value = (number: number): Name =>
    output.dtype === 'int32' ? model.constant('int32', Int32Array.of(number), []) : model.scalar(number);
  const code = model.node('Where', [isThere, value(onValue), value(offValue)]);
  emitter.set(output, output.dtype === 'bool' ? model.node('Cast', [code], { to: 9 }) : code);
};

export const LOOKUPS: Readonly<Record<string, Translator>> = {
  GatherV2: gather,
  UnsortedSegmentSum: segmentSum,
  OneHot: oneHot,
};
