/**
 * Gradients of convolutions of each channel by itself.
 *
 *   dx[n, s·o + (i, j) − pad, c] = Σ_{o, i, j, m} dy[n, o, c·M + m] · w[i, j, c, m]
 *   dW[i, j, c, m] = Σ_{n, o} x[n, s·o + (i, j) − pad, c] · dy[n, o, c·M + m]
 */
import type { Emitter, Translator } from '../emitter';
import type { Name } from '../onnx/model';
import type { TraceNode } from '../trace';
import { channelsFirst, channelsLast, convAttributes, filterOf, input } from './conv';
import { type ConvGeometry, convGeometry } from './conv-geometry';
import { givenBack, openImage, paddedImage, seenByWindows } from './windows';

function geometryOf(node: TraceNode, image: readonly number[], filter: readonly number[]): ConvGeometry {
  return convGeometry(image, filter, node.attrs, true);
}

const inputGradient: Translator = (node, emitter) => {
  const [output] = node.outputs;
  const filter = filterOf(emitter, input(node, 'filter'));
  const geometry = geometryOf(node, output.shape, filter.shape);
  const [kh, kw, channels, multiplier] = filter.shape;
  const isTurned = multiplier === 1 && geometry.strides.every((step) => step === 1) && fits(geometry);
  const name = isTurned
    ? turned(emitter, node, filter.name, geometry, [kh, kw, channels])
    : placed(emitter, node, filter.name, geometry, filter.shape);
  emitter.set(output, name);
};

/** Whether no window lies in the padding alone. */
function fits({ kernel, pads }: ConvGeometry): boolean {
  return pads.every((pad, side) => pad < kernel[side % 2]);
}

/** With a step of one: dy by the filter turned by half a turn. */
function turned(
  emitter: Emitter,
  node: TraceNode,
  filter: Name,
  geometry: ConvGeometry,
  [kh, kw, channels]: readonly number[],
): Name {
  const { model } = emitter;
  const half = model.node('Slice', [
    filter,
    model.ints([kh - 1, kw - 1]),
    model.ints([-kh - 1, -kw - 1]),
    model.ints([0, 1]),
    model.ints([-1, -1]),
  ]);
  // [kh, kw, C, 1] -> [C, 1, kh, kw]
  const weights = model.node('Transpose', [half], { perm: [2, 3, 0, 1] });
  const [top, left, bottom, right] = geometry.pads;
  const pads = [kh - 1 - top, kw - 1 - left, kh - 1 - bottom, kw - 1 - right] as const;
  const attributes = { ...convAttributes({ ...geometry, pads }), group: channels };
  const dy = channelsFirst(emitter, emitter.valueAs(input(node, 'dy')));
  return channelsLast(emitter, model.node('Conv', [dy, weights], attributes));
}

/** For each position of the filter, what it gives back. */
function placed(
  emitter: Emitter,
  node: TraceNode,
  filter: Name,
  geometry: ConvGeometry,
  [kh, kw, channels, multiplier]: readonly number[],
): Name {
  const { model } = emitter;
  const [rows, columns] = geometry.output;
  const dy = model.node('Reshape', [
    emitter.plain(input(node, 'dy')),
    model.ints([0, 1, rows, columns, channels, multiplier]),
  ]);
  const parts = Array.from({ length: kh * kw }, (_, position): Name => {
    const [i, j] = [Math.floor(position / kw), position % kw];
    const part = model.node('Slice', [filter, model.ints([i, j]), model.ints([i + 1, j + 1])]);
    // [1, 1, C, M] against [N, 1, Ho, Wo, C, M]
    const product = model.node('Mul', [dy, part]);
    if (multiplier > 1) return model.node('ReduceSum', [product, model.ints([5])], { keepdims: 0 });
    return model.node('Reshape', [product, model.ints([0, 1, rows, columns, channels])]);
  });
  const image = givenBack(emitter, parts, geometry, { groups: 1, channels });
  return model.node('Reshape', [image, model.ints([0, ...geometry.input, channels])]);
}

const filterGradient: Translator = (node, emitter) => {
  const { model } = emitter;
  const [output] = node.outputs;
  const x = input(node, 'x');
  const geometry = geometryOf(node, x.shape, output.shape);
  const [, , channels, multiplier] = output.shape;
  const [rows, columns] = geometry.output;
  const image = openImage(emitter, emitter.valueAs(x), false);
  const seen = seenByWindows(emitter, paddedImage(emitter, image.name, geometry, 0), geometry, image);
  const dy = model.node('Reshape', [
    emitter.plain(input(node, 'dy')),
    model.ints([-1, rows, columns, channels, multiplier]),
  ]);
  const parts = seen.map((part): Name => {
    const factor = model.node('Reshape', [part, model.ints([-1, rows, columns, channels, 1])]);
    return model.node('ReduceSum', [model.node('Mul', [factor, dy]), model.ints([0, 1, 2])], { keepdims: 0 });
  });
  const all = parts.length === 1 ? parts[0] : model.node('Concat', parts, { axis: 0 });
  emitter.set(output, emitter.reshape(all, output.shape));
};

export const DEPTHWISE_GRADIENTS: Readonly<Record<string, Translator>> = {
  DepthwiseConv2dNativeBackpropInput: inputGradient,
  DepthwiseConv2dNativeBackpropFilter: filterGradient,
};
