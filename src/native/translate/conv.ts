/**
 * Convolutions forward. Where the runtime has blocked channels, they wait for what may join them: a batch norm's scale and
 * offset, a residual sum, a ReLU.
 */
import type { TraceNode, TraceUse, TraceValue } from '../trace';
import { type Emitter, NCHWC, type PendingConv, type Translator, type Value } from '../emitter';
import type { Attribute, Name } from '../onnx/model';
import { activate } from './activations';
import { blockedFilter, type Filter, scaledFilter } from './conv-filter';
import { type ConvGeometry, convGeometry } from './conv-geometry';

/** A single input of a node. */
export function input(node: TraceNode, name: string): TraceUse {
  return node.inputs[name] as TraceUse;
}

/** An input that may be left out. */
export function optionalInput(node: TraceNode, name: string): TraceUse | undefined {
  return node.inputs[name] as TraceUse | undefined;
}

/** A filter of a node. */
export function filterOf(emitter: Emitter, use: TraceUse): Filter {
  return { name: emitter.plain(use), shape: use.shape as unknown as Filter['shape'] };
}

/** Attributes of a convolution node. */
export function convAttributes({ kernel, strides, dilations, pads }: ConvGeometry): Record<string, Attribute> {
  return { kernel_shape: [...kernel], strides: [...strides], dilations: [...dilations], pads: [...pads] };
}

/** A convolution of an image [N, H, W, I] with blocked outputs, not written yet. */
export function pendingConv(emitter: Emitter, x: Value, filter: Filter, geometry: ConvGeometry): PendingConv {
  const { model, block } = emitter;
  const outputs = filter.shape[3];
  const emit: PendingConv['emit'] = ({ bias, sum, relu }) => {
    // The order of inputs is fixed: a sum needs a bias.
    const offset = bias ?? (sum === undefined ? undefined : model.floats(new Float32Array(outputs)));
    const inputs = [
      filter.shape[2] < block ? channelsFirst(emitter, x) : emitter.blockedOf(x),
      blockedFilter(emitter, filter),
      ...(offset === undefined ? [] : [emitter.padVector(offset, outputs)]),
      ...(sum === undefined ? [] : [sum]),
    ];
    return model.node('Conv', inputs, { ...convAttributes(geometry), ...(relu && { activation: 'Relu' }) }, NCHWC);
  };
  return { emit, scaled: (vector) => pendingConv(emitter, x, scaledFilter(emitter, filter, vector), geometry) };
}

/** x · scale + offset by channel, as a convolution of each channel by itself. */
export function pendingAffine(emitter: Emitter, x: Value, scale: Name, offset: Name | undefined): PendingConv {
  const { model } = emitter;
  const channels = x.shape[3];
  const group = emitter.padded(channels);
  const emit: PendingConv['emit'] = ({ bias, sum, relu }) => {
    const weights = model.node('Reshape', [emitter.padVector(scale, channels), model.ints([group, 1, 1, 1])]);
    const shift = bias ?? (sum === undefined ? undefined : model.floats(new Float32Array(channels)));
    const inputs = [
      emitter.blockedOf(x),
      weights,
      ...(shift === undefined ? [] : [emitter.padVector(shift, channels)]),
      ...(sum === undefined ? [] : [sum]),
    ];
    const attributes = { kernel_shape: [1, 1], strides: [1, 1], dilations: [1, 1], pads: [0, 0, 0, 0], group };
    return model.node('Conv', inputs, { ...attributes, ...(relu && { activation: 'Relu' }) }, NCHWC);
  };
  const scaled = (vector: Name): PendingConv =>
    pendingAffine(emitter, x, model.node('Mul', [scale, vector]), undefined);
  return { emit, scaled, ...(offset !== undefined && { bias: offset }) };
}

/** [N, H, W, C] as [N, C, H, W]. */
export function channelsFirst(emitter: Emitter, x: Value): Name {
  const [, height, width, channels] = x.shape;
  const plain = emitter.plainOf(x);
  return channels === 1
    ? emitter.model.node('Reshape', [plain, emitter.model.ints([0, 1, height, width])])
    : emitter.model.node('Transpose', [plain], { perm: [0, 3, 1, 2] });
}

/** [N, C, H, W] as [N, H, W, C]. */
export function channelsLast({ model }: Emitter, name: Name): Name {
  return model.node('Transpose', [name], { perm: [0, 2, 3, 1] });
}

const conv2d: Translator = (node, emitter) => {
  const [x, filter] = [input(node, 'x'), filterOf(emitter, input(node, 'filter'))];
  const geometry = convGeometry(x.shape, filter.shape, node.attrs);
  const bias = optionalInput(node, 'bias');
  const [output] = node.outputs;
  if (emitter.block > 0) {
    const value = emitter.result(output);
    const conv = pendingConv(emitter, emitter.valueAs(x), filter, geometry);
    value.pending = { ...conv, ...(bias !== undefined && { bias: emitter.plain(bias) }) };
  } else {
    const { model } = emitter;
    const weights = model.node('Transpose', [filter.name], { perm: [3, 2, 0, 1] });
    const inputs = [channelsFirst(emitter, emitter.valueAs(x)), weights];
    if (bias !== undefined) inputs.push(emitter.plain(bias));
    emitter.set(output, channelsLast(emitter, model.node('Conv', inputs, convAttributes(geometry))));
  }
  activate(node, emitter, output);
};

/** Depthwise convolutions go by channel in the order of the runtime's own. */
const depthwise: Translator = (node, emitter) => {
  const { model } = emitter;
  const [x, filter] = [input(node, 'x'), filterOf(emitter, input(node, 'filter'))];
  const geometry = convGeometry(x.shape, filter.shape, node.attrs, true);
  const [kh, kw, channels, multiplier] = filter.shape;
  // [kh, kw, C, m] -> [C, m, kh, kw] -> [C·m, 1, kh, kw]
  const ordered = model.node('Transpose', [filter.name], { perm: [2, 3, 0, 1] });
  const weights = model.node('Reshape', [ordered, model.ints([channels * multiplier, 1, kh, kw])]);
  const bias = optionalInput(node, 'bias');
  const inputs = [channelsFirst(emitter, emitter.valueAs(x)), weights, ...(bias ? [emitter.plain(bias)] : [])];
  const result = model.node('Conv', inputs, { ...convAttributes(geometry), group: channels });
  const [output] = node.outputs;
  emitter.set(output, channelsLast(emitter, result));
  activate(node, emitter, output);
};

export const CONVOLUTIONS: Readonly<Record<string, Translator>> = {
  Conv2D: conv2d,
  FusedConv2D: conv2d,
  DepthwiseConv2dNative: depthwise,
  FusedDepthwiseConv2D: depthwise,
};

/** What an output became, to build on. */
export function outputUse(value: TraceValue): TraceUse {
  return { value, shape: value.shape };
}
