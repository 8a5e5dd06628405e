/**
 * The kernels of 2-D convolution: compiled where the backend's memory can be shared, composed of tfjs' own otherwise.
 */

import { backend_util, util } from '@tensorflow/tfjs-core';
import type { KernelFunc, TensorInfo } from '@tensorflow/tfjs-core';
import type { Inputs, WasmBackend, WasmKernel } from './backend';
import { CLAMPS } from './clamps';
import { composedConv2DBackpropFilter, composedConv2DBackpropInput } from './composed-conv';
import { convGeometry } from './conv-geometry';
import type { ConvGeometry } from './conv-geometry';
import { nativeConv, nativeConvFilterGradient, nativeConvInputGradient } from './native-conv';
import { nativeKernels } from './native/load';
import type { NativeKernels } from './native/load';
import { withExplicitSamePadding } from './same-padding';

const isEmpty = (...tensors: TensorInfo[]) => tensors.some(({ shape }) => util.sizeFromShape(shape) === 0);

/** Geometry of a forward convolution that the compiled kernels cover: plain float32, channels last, not dilated. */
function forwardGeometry({ x, filter }: Inputs, attrs: Record<string, unknown>): ConvGeometry | undefined {
  const format = attrs['dataFormat'];
  if (x.dtype !== 'float32' || filter.dtype !== 'float32' || (format !== undefined && format !== 'NHWC'))
    return undefined;
  const info = backend_util.computeConv2DInfo(
    x.shape as [number, number, number, number],
    filter.shape as [number, number, number, number],
    attrs['strides'] as number,
    (attrs['dilations'] as number | undefined) ?? 1,
    attrs['pad'] as 'same',
    attrs['dimRoundingMode'] as 'floor',
  );
  const dilated = info.dilationHeight !== 1 || info.dilationWidth !== 1;
  return dilated || isEmpty(x, filter) || util.sizeFromShape(info.outShape) === 0 ? undefined : info;
}

/** `Conv2D` */
export function conv2D(original: KernelFunc): WasmKernel {
  const fallback = withExplicitSamePadding(original, false);
  return (inputs, attrs, backend) => {
    const native = nativeKernels(backend);
    const g = native && forwardGeometry(inputs, attrs);
    return g ? nativeConv(native, backend, g, inputs['x'], inputs['filter']) : fallback(inputs, attrs, backend);
  };
}

/** `FusedConv2D`: convolution, bias and activation. */
export function fusedConv2D(original: KernelFunc): WasmKernel {
  const fallback = withExplicitSamePadding(original, false);
  return (inputs, attrs, backend) => {
    const { x, filter, bias } = inputs;
    const native = nativeKernels(backend);
    const clamp = CLAMPS.get(attrs['activation'] ?? undefined);
    const plainBias = bias == null || (bias.shape.length === 1 && bias.shape[0] === filter.shape[3]);
    const g = native && clamp !== undefined && plainBias ? forwardGeometry(inputs, attrs) : undefined;
    if (!native || !g) return fallback(inputs, attrs, backend);
    const y = nativeConv(native, backend, g, x, filter);
    if (bias != null || clamp !== 0) addBias(native, g, y, bias, clamp!);
    return y;
  };
}

function addBias(
  native: NativeKernels,
  g: ConvGeometry,
  y: TensorInfo,
  bias: TensorInfo | undefined,
  clamp: number,
): void {
  const pixels = g.batchSize * g.outHeight * g.outWidth;
  native.call('add_bias', native.address(y), pixels, g.outChannels, bias == null ? 0 : native.address(bias), clamp);
}

/** The gradients' inputs have sizes that no compiled kernel needs to see. */
function nativeFor(backend: WasmBackend, ...tensors: TensorInfo[]): NativeKernels | undefined {
  return isEmpty(...tensors) ? undefined : nativeKernels(backend);
}

/** `Conv2DBackpropInput`: dy [N, OH, OW, Co], filter [kh, kw, Ci, Co] → dx [N, H, W, Ci]. */
export const conv2DBackpropInput: WasmKernel = (inputs, attrs, backend) => {
  const { dy, filter } = inputs;
  const g = convGeometry('Conv2DBackpropInput', attrs['inputShape'] as number[], filter.shape, attrs);
  const native = nativeFor(backend, dy, filter);
  return native
    ? nativeConvInputGradient(native, backend, g, dy, filter)
    : composedConv2DBackpropInput(inputs, attrs, backend);
};

/** `Conv2DBackpropFilter`: x [N, H, W, Ci], dy [N, OH, OW, Co] → dw [kh, kw, Ci, Co]. */
export const conv2DBackpropFilter: WasmKernel = (inputs, attrs, backend) => {
  const { x, dy } = inputs;
  const g = convGeometry('Conv2DBackpropFilter', x.shape, attrs['filterShape'] as number[], attrs);
  const native = nativeFor(backend, x, dy);
  return native
    ? nativeConvFilterGradient(native, backend, g, x, dy)
    : composedConv2DBackpropFilter(inputs, attrs, backend);
};
