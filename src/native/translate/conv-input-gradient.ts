/**
 * Gradients of convolutions by their inputs, as convolutions.
 *
 * Stride 1: dy with the filter turned by half a turn. Stride s: output rows h = s·q + r of one phase r depend on few rows of dy, so one
 * convolution of dy computes all s² phases as channels side by side, which are then interleaved: dx(s·q + r) = Σ_t dy(q + t) · w_r(t)
 * with w_r(t) = w(r + pad − s·t) where that is a row of the filter, and 0 elsewhere.
 */
import type { TraceNode } from '../trace';
import { type Emitter, type Translator, type Value } from '../emitter';
import type { Name } from '../onnx/model';
import { channelsFirst, channelsLast, convAttributes, filterOf, input, pendingConv } from './conv';
import { type Filter, scaledFilter, turnedFilter } from './conv-filter';
import { type ConvGeometry, convGeometry } from './conv-geometry';
import { shiftAndAdd } from './shift-and-add';

const conv2dInput: Translator = (node, emitter) => {
  const [output] = node.outputs;
  const geometry = convGeometry(output.shape, input(node, 'filter').shape, node.attrs);
  let filter = filterOf(emitter, input(node, 'filter'));
  let dy = emitter.valueAs(input(node, 'dy'));
  if (dy.factor !== undefined) {
    filter = scaledFilter(emitter, filter, dy.factor.vector);
    dy = dy.factor.of;
  }
  const call: Call = { emitter, node, dy, filter, geometry };
  if (emitter.block === 0 || geometry.dilations.some((step) => step > 1)) transposed(call);
  else if (filter.shape[2] * 4 <= emitter.block) fewChannels(call);
  else if (geometry.strides.every((step) => step === 1)) turned(call);
  else strided(call);
};

interface Call {
  readonly emitter: Emitter;
  readonly node: TraceNode;
  readonly dy: Value;
  readonly filter: Filter;
  readonly geometry: ConvGeometry;
}

/** The runtime's own transposed convolution: right for all, fast for none. */
function transposed({ emitter, node, dy, filter, geometry }: Call): void {
  const { model } = emitter;
  const { kernel, strides, dilations, pads, input: size, output: from } = geometry;
  // What the input had beyond the last window is missing at the end, and gets no gradient.
  const rest = [0, 1].map(
    (axis) =>
      size[axis] +
      pads[axis] +
      pads[axis + 2] -
      ((from[axis] - 1) * strides[axis] + (kernel[axis] - 1) * dilations[axis] + 1),
  );
  const weights = model.node('Transpose', [filter.name], { perm: [3, 2, 0, 1] });
  const result = model.node('ConvTranspose', [channelsFirst(emitter, dy), weights], {
    ...convAttributes(geometry),
    output_padding: rest,
  });
  emitter.set(node.outputs[0], channelsLast(emitter, result));
}

function turned({ emitter, node, dy, filter, geometry }: Call): void {
  const [kh, kw] = geometry.kernel;
  const [top, left, bottom, right] = geometry.pads;
  const pads = [kh - 1 - top, kw - 1 - left, kh - 1 - bottom, kw - 1 - right] as const;
  if (pads.some((pad) => pad < 0)) {
    transposed({ emitter, node, dy, filter, geometry });
    return;
  }
  const back: ConvGeometry = { ...geometry, pads, input: geometry.output, output: geometry.input };
  emitter.result(node.outputs[0]).pending = pendingConv(emitter, dy, turnedFilter(emitter, filter), back);
}

/** Where an image has few channels, a block of them would be mostly padding. */
function fewChannels({ emitter, node, dy, filter, geometry }: Call): void {
  const { model } = emitter;
  const [kh, kw, inputs, outputs] = filter.shape;
  const matrix = model.node(
    'Transpose',
    [model.node('Reshape', [filter.name, model.ints([kh * kw * inputs, outputs])])],
    {
      perm: [1, 0],
    },
  );
  const columns = model.node('MatMul', [emitter.plainOf(dy), matrix]);
  emitter.set(node.outputs[0], shiftAndAdd(emitter, columns, geometry, inputs));
}

/** How one axis of a strided gradient falls into phases. */
interface Phases {
  /** Rows of the filter, phase by phase and tap by tap; `kernel` where there is none. */
  readonly rows: readonly number[];
  readonly taps: number;
  readonly before: number;
  readonly after: number;
  /** Values of q. */
  readonly count: number;
}

function phases(axis: 0 | 1, { kernel, strides, pads, input: size, output: from }: ConvGeometry): Phases {
  const [k, s, pad] = [kernel[axis], strides[axis], pads[axis]];
  const offsets: number[][] = Array.from({ length: s }, () => []);
  for (let row = 0; row < k; row += 1) {
    const phase = (((row - pad) % s) + s) % s;
    // h + pad − row = s·o with h = s·q + phase: o − q = (phase + pad − row) / s.
    offsets[phase].push((phase + pad - row) / s);
  }
  const all = offsets.flat();
  const [first, last] = [Math.min(...all), Math.max(...all)];
  const taps = last - first + 1;
  const rows = offsets.flatMap((_, phase) =>
    Array.from({ length: taps }, (__, tap) => {
      const row = phase + pad - s * (first + tap);
      return row >= 0 && row < k ? row : k;
    }),
  );
  const count = Math.ceil(size[axis] / s);
  return { rows, taps, before: -first, after: count - 1 + last - (from[axis] - 1), count };
}

function strided(call: Call): void {
  const { emitter, node, dy, filter, geometry } = call;
  const { model, block } = emitter;
  const [, , inputs, outputs] = filter.shape;
  const [down, across] = [phases(0, geometry), phases(1, geometry)];
  const pads = [down.before, across.before, down.after, across.after] as const;
  const even = geometry.input.every((length, axis) => length % geometry.strides[axis] === 0);
  if (inputs % block !== 0 || !even || pads.some((pad) => pad < 0)) {
    transposed(call);
    return;
  }
  const [sh, sw] = geometry.strides;
  const output = emitter.result(node.outputs[0]);
  if (geometry.kernel.every((length) => length === 1)) {
    const small = pendingConv(emitter, dy, turnedFilter(emitter, filter), {
      ...geometry,
      strides: [1, 1],
      pads: [0, 0, 0, 0],
      input: geometry.output,
      output: geometry.output,
    });
    output.blocked = stuffed(emitter, small.emit({}), output.shape, geometry);
    return;
  }
  // [kh + 1, kw + 1, I, O] with a row and a column of zeros -> [sh·th, sw·tw, I, O] -> [th, tw, O, sh·sw·I]
  const whole = model.node('Pad', [filter.name, model.ints([0, 0, 0, 0, 1, 1, 0, 0])]);
  const byRow = model.node('Gather', [whole, model.ints(down.rows)], { axis: 0 });
  const taps = model.node('Gather', [byRow, model.ints(across.rows)], { axis: 1 });
  const split = model.node('Reshape', [taps, model.ints([sh, down.taps, sw, across.taps, inputs, outputs])]);
  const ordered = model.node('Transpose', [split], { perm: [1, 3, 5, 0, 2, 4] });
  const shape = [down.taps, across.taps, outputs, sh * sw * inputs] as const;
  const phased: Filter = { name: model.node('Reshape', [ordered, model.ints(shape)]), shape };
  const conv = pendingConv(emitter, dy, phased, {
    kernel: [down.taps, across.taps],
    strides: [1, 1],
    dilations: [1, 1],
    pads,
    input: geometry.output,
    output: [down.count, across.count],
  });
  output.blocked = interleaved(emitter, conv.emit({}), inputs, [down.count, across.count], [sh, sw]);
}

/** Phases that lie side by side as channels, interleaved: [N, sh·sw·C, q, p] -> [N, C, sh·q, sw·p], in blocks. */
function interleaved(
  { model, block }: Emitter,
  name: Name,
  channels: number,
  [q, p]: readonly [number, number],
  [sh, sw]: readonly [number, number],
): Name {
  const open = model.node('Reshape', [name, model.ints([0, sh, sw, channels / block, q, p, block])]);
  const mixed = model.node('Transpose', [open], { perm: [0, 3, 4, 1, 5, 2, 6] });
  return model.node('Reshape', [mixed, model.ints([0, channels, sh * q, sw * p])]);
}

/** Zeros between rows and columns: what a strided convolution of one pixel did not look at gets no gradient. */
function stuffed(
  { model, block }: Emitter,
  name: Name,
  [, height, width, channels]: readonly number[],
  { output: [rows, columns], strides: [sh, sw] }: ConvGeometry,
): Name {
  const open = model.node('Reshape', [name, model.ints([0, channels / block, rows, 1, columns, 1, block])]);
  const padded = model.node('Pad', [open, model.ints([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, sh - 1, 0, sw - 1, 0])]);
  return model.node('Reshape', [padded, model.ints([0, channels, height, width])]);
}

export const INPUT_GRADIENTS: Readonly<Record<string, Translator>> = { Conv2DBackpropInput: conv2dInput };
