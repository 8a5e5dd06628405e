/**
 * Gradients of convolutions by their filters.
 *
 *   dW[i, j] = Σ_{n, o} x[n, s·o + (i, j) − pad]ᵀ · dy[n, o]
 *
 * On blocked channels this is a convolution itself: channels and batch change places, so that each input channel is an image whose
 * channels are the examples, and dy is the filter, spread by the stride. Otherwise, for each position of the filter, the image as
 * that position saw it is multiplied by dy: more passes over memory, two to three times slower.
 */
import { type Emitter, NCHWC, type Translator, type Value } from '../emitter';
import type { Name } from '../onnx/model';
import { channelsFirst, input } from './conv';
import { type ConvGeometry, convGeometry } from './conv-geometry';

const conv2dFilter: Translator = (node, emitter) => {
  const [output] = node.outputs;
  const x = emitter.valueAs(input(node, 'x'));
  const geometry = convGeometry(x.shape, output.shape, node.attrs);
  let dy = emitter.valueAs(input(node, 'dy'));
  const vector = dy.factor?.vector;
  if (dy.factor !== undefined) dy = dy.factor.of;
  const call: Call = { emitter, x, dy, shape: output.shape, geometry };
  const gradient = canExchange(call) ? exchanged(call) : multiplied(call);
  emitter.set(output, vector === undefined ? gradient : emitter.model.node('Mul', [gradient, vector]));
};

interface Call {
  readonly emitter: Emitter;
  readonly x: Value;
  readonly dy: Value;
  /** [kh, kw, I, O]. */
  readonly shape: readonly number[];
  readonly geometry: ConvGeometry;
}

/** A block of examples at least, and whole blocks of outputs. */
function canExchange({ emitter: { block }, x, shape, geometry }: Call): boolean {
  const isLarge = shape[0] * shape[1] > 1;
  return (
    block > 0 &&
    isLarge &&
    x.shape[0] >= block &&
    shape[3] % block === 0 &&
    geometry.dilations.every((step) => step === 1)
  );
}

function exchanged(call: Call): Name {
  const { emitter, shape, geometry } = call;
  const { model, block } = emitter;
  const [kh, kw, inputs, outputs] = shape;
  const attributes = {
    kernel_shape: [...geometry.output],
    strides: [1, 1],
    dilations: [...geometry.strides],
    pads: [0, 0, 0, 0],
  };
  const result = model.node('Conv', [examplesAsChannels(call), slopesAsFilter(call)], attributes, NCHWC);
  const open = model.node('Reshape', [result, model.ints([inputs, outputs / block, kh, kw, block])]);
  const ordered = model.node('Transpose', [open], { perm: [2, 3, 0, 1, 4] });
  return model.node('Reshape', [ordered, model.ints(shape)]);
}

/** Examples, rounded up to whole blocks by some that are zero. */
function wholeBlocks(
  { model, padded }: { model: Emitter['model']; padded: number },
  name: Name,
  axis: 0 | 1,
  count: number,
): Name {
  if (padded === count) return name;
  const after = [0, 0, 0, 0];
  after[axis] = padded - count;
  return model.node('Pad', [name, model.ints([0, 0, 0, 0, ...after])]);
}

/** x as [I, ⌈N⌉, H, W] in blocks of examples, with as much padding as the windows reach. */
function examplesAsChannels({ emitter, x, geometry }: Call): Name {
  const { model, block } = emitter;
  const [count, height, width, inputs] = x.shape;
  const padded = emitter.padded(count);
  const first = x.isBlocked
    ? model.node('ReorderOutput', [emitter.blockedOf(x)], { channels: inputs }, NCHWC)
    : channelsFirst(emitter, x);
  const turned =
    inputs === 1
      ? model.node('Reshape', [first, model.ints([1, count, height, width])])
      : model.node('Transpose', [first], { perm: [1, 0, 2, 3] });
  const blocks = model.node('ReorderInput', [wholeBlocks({ model, padded }, turned, 1, count)], {}, NCHWC);
  const { pads, kernel, strides, output } = geometry;
  const [top, left] = pads;
  const reach = [0, 1].map((axis) => (output[axis] - 1) * strides[axis] + kernel[axis]);
  // Negative padding cuts off what no window saw.
  const [bottom, right] = [reach[0] - height - top, reach[1] - width - left];
  const rows = model.node('Reshape', [blocks, model.ints([(inputs * padded) / block, height, width * block])]);
  const placed = model.node('Pad', [rows, model.ints([0, top, left * block, 0, bottom, right * block])]);
  return model.node('Reshape', [placed, model.ints([inputs, padded, ...reach])]);
}

/** dy as a filter of ⌈N⌉ inputs and O outputs: [O/b, N/b, Ho, Wo, b examples, b outputs]. */
function slopesAsFilter({ emitter, dy, shape, geometry }: Call): Name {
  const { model, block } = emitter;
  const [count] = dy.shape;
  const padded = emitter.padded(count);
  const outputs = shape[3];
  const whole = wholeBlocks({ model, padded }, emitter.blockedOf(dy), 0, count);
  const [rows, columns] = geometry.output;
  const open = model.node('Reshape', [
    whole,
    model.ints([padded / block, block, outputs / block, rows, columns, block]),
  ]);
  const ordered = model.node('Transpose', [open], { perm: [2, 0, 3, 4, 1, 5] });
  return model.node('Reshape', [ordered, model.ints([outputs, padded, rows, columns])]);
}

/** A product of matrices for each position of the filter. */
function multiplied({ emitter, x, dy, shape, geometry }: Call): Name {
  const { model } = emitter;
  const [kh, kw, inputs, outputs] = shape;
  const { strides, dilations, pads, output: size } = geometry;
  const rows = model.node('Reshape', [emitter.plainOf(dy), model.ints([-1, outputs])]);
  const [top, left, bottom, right] = pads;
  const image = emitter.plainOf(x);
  const padded = pads.some((pad) => pad > 0)
    ? model.node('Pad', [image, model.ints([0, top, left, 0, 0, bottom, right, 0])])
    : image;
  const parts: Name[] = [];
  for (let i = 0; i < kh; i += 1) {
    for (let j = 0; j < kw; j += 1) {
      const start = [i * dilations[0], j * dilations[1]];
      const end = start.map((from, axis) => from + (size[axis] - 1) * strides[axis] + 1);
      const seen = model.node('Slice', [
        padded,
        model.ints(start),
        model.ints(end),
        model.ints([1, 2]),
        model.ints(strides),
      ]);
      parts.push(model.node('Gemm', [model.node('Reshape', [seen, model.ints([-1, inputs])]), rows], { transA: 1 }));
    }
  }
  const all = parts.length === 1 ? parts[0] : model.node('Concat', parts, { axis: 0 });
  return emitter.reshape(all, shape);
}

export const FILTER_GRADIENTS: Readonly<Record<string, Translator>> = { Conv2DBackpropFilter: conv2dFilter };
