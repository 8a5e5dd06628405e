/**
 * Pooling and its gradients. The maximum of a window passes its gradient to the first element that has it, as tfjs' cpu backend and
 * PyTorch do; an average divides by the elements inside the image, so its gradient does.
 */
import { type Emitter, NCHWC, type Translator } from '../emitter';
import type { Attribute, Name } from '../onnx/model';
import { NotCapturable } from '../program';
import type { TraceUse } from '../trace';
import { channelsFirst, channelsLast, input } from './conv';
import { type ConvGeometry, poolGeometry } from './conv-geometry';
import { closeImage, givenBack, openImage, paddedImage, seenByWindows } from './windows';

const OPS: Readonly<Record<string, string>> = { MaxPool: 'MaxPool', AvgPool: 'AveragePool' };

const pool =
  (kernel: string): Translator =>
  (node, emitter) => {
    const x = input(node, 'x');
    const geometry = poolGeometry(x.shape, node.attrs);
    const attributes = poolAttributes(geometry);
    const [output] = node.outputs;
    if (emitter.prefersBlocks(x)) {
      const blocked = emitter.blockedOf(emitter.of(x));
      emitter.setBlocked(output, emitter.model.node(OPS[kernel], [blocked], attributes, NCHWC));
      emitter.of({ value: output, shape: output.shape }).nonNegative = emitter.of(x).nonNegative;
      return;
    }
    const first = channelsFirst(emitter, emitter.valueAs(x));
    emitter.set(output, channelsLast(emitter, emitter.model.node(OPS[kernel], [first], attributes)));
  };

function poolAttributes(geometry: ConvGeometry): Record<string, Attribute> {
  const { kernel, strides, pads, input: size, output } = geometry;
  const expected = size.map(
    (length, axis) => Math.floor((length + pads[axis] + pads[axis + 2] - kernel[axis]) / strides[axis]) + 1,
  );
  if (expected.some((length, axis) => length !== output[axis])) {
    throw new NotCapturable('it pools with rounded lengths');
  }
  return { kernel_shape: [...kernel], strides: [...strides], pads: [...pads] };
}

/** dy, taken by the first position that has the window's maximum. */
const maxPoolGradient: Translator = (node, emitter) => {
  const { model } = emitter;
  const x = input(node, 'input');
  const inBlocks = emitter.prefersBlocks(x);
  const geometry = poolGeometry(x.shape, node.attrs);
  const image = openImage(emitter, emitter.valueAs(x), inBlocks);
  const [dy, largest] = ['dy', 'output'].map((name) => open(emitter, input(node, name), inBlocks));
  const seen = seenByWindows(emitter, paddedImage(emitter, image.name, geometry, -Infinity), geometry, image);
  let rest = node.attrs['gated'] === true ? gated(emitter, dy, largest) : dy;
  const parts = seen.map((part, index): Name => {
    // One of them has it, if no other did.
    if (index === seen.length - 1) return rest;
    const has = model.node('Cast', [model.node('Equal', [part, largest])], { to: 1 });
    const taken = model.node('Mul', [has, rest]);
    rest = model.node('Sub', [rest, taken]);
    return taken;
  });
  closeImage(emitter, givenBack(emitter, parts, geometry, image), emitter.result(node.outputs[0]), inBlocks);
};

/** dy where the window's maximum is above zero: a ReLU before the pooling lets no other pass. */
function gated({ model }: Emitter, dy: Name, largest: Name): Name {
  const above = model.node('Cast', [model.node('Greater', [largest, model.scalar(0)])], { to: 1 });
  return model.node('Mul', [dy, above]);
}

function open(emitter: Emitter, use: TraceUse, inBlocks: boolean): Name {
  return openImage(emitter, emitter.valueAs(use), inBlocks).name;
}

/** dy divided by the elements that each window has inside the image. */
const averagePoolGradient: Translator = (node, emitter) => {
  const { model } = emitter;
  const [dy, x] = [input(node, 'dy'), input(node, 'input')];
  const inBlocks = emitter.prefersBlocks(dy) || emitter.prefersBlocks(x);
  const geometry = poolGeometry(x.shape, node.attrs);
  const { name, ...layout } = openImage(emitter, emitter.valueAs(dy), inBlocks);
  const [rows, columns] = [0, 1].map((axis) => insideShares(geometry, axis as 0 | 1));
  const shares = rows.flatMap((row) => columns.map((column) => row * column));
  const isUniform = shares.every((share) => share === shares[0]);
  const factor = isUniform ? model.scalar(shares[0]) : model.floats(shares, [rows.length, columns.length, 1]);
  const part = model.node('Mul', [name, factor]);
  const parts = new Array<Name>(geometry.kernel[0] * geometry.kernel[1]).fill(part);
  closeImage(emitter, givenBack(emitter, parts, geometry, layout), emitter.result(node.outputs[0]), inBlocks);
};

/** One over the number of elements inside the image, for each window along one axis. */
function insideShares({ kernel, strides, pads, input: size, output }: ConvGeometry, axis: 0 | 1): number[] {
  return Array.from({ length: output[axis] }, (_, window) => {
    const start = window * strides[axis] - pads[axis];
    return 1 / Math.max(1, Math.min(start + kernel[axis], size[axis]) - Math.max(start, 0));
  });
}

export const POOLINGS: Readonly<Record<string, Translator>> = {
  MaxPool: pool('MaxPool'),
  AvgPool: pool('AvgPool'),
  MaxPoolGrad: maxPoolGradient,
  AvgPoolGrad: averagePoolGradient,
};
