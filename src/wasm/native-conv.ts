/**
 * Convolution and its gradients by the compiled kernels: Winograd's filtering for 3×3 kernels of stride 1 with enough channels,
 * blocked im2col products for all others.
 */

import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { WasmBackend } from './backend';
import type { ConvGeometry } from './conv-geometry';
import { BLOCK_FLOATS } from './native/load';
import type { NativeKernels, NativeName } from './native/load';

/** Fewer channels than this, and transforming tiles costs more than the multiplications that it saves. */
const WINOGRAD_CHANNELS = 8;
/** On smaller outputs most of a 2×2 tile may lie outside. */
const WINOGRAD_OUTPUT = 4;
const WINOGRAD_POINTS = 16;
const TILE_ROWS = 4;

function suitsWinograd(g: ConvGeometry): boolean {
  return (
    g.filterHeight === 3 &&
    g.filterWidth === 3 &&
    g.strideHeight === 1 &&
    g.strideWidth === 1 &&
    Math.min(g.inChannels, g.outChannels) >= WINOGRAD_CHANNELS &&
    Math.min(g.outHeight, g.outWidth) >= WINOGRAD_OUTPUT
  );
}

/** Scratch for im2col: the packed filter and one block of patches. */
function patchFloats(g: ConvGeometry): number {
  const patch = g.filterHeight * g.filterWidth * g.inChannels;
  const packed = Math.max(patch * (g.outChannels + 7), g.outChannels * (patch + 7));
  return packed + Math.max(BLOCK_FLOATS, TILE_ROWS * patch);
}

type Pass = 'conv' | 'input_gradient' | 'filter_gradient';

function run(native: NativeKernels, pass: Pass, g: ConvGeometry, a: TensorInfo, b: TensorInfo, out: TensorInfo): void {
  const winograd = suitsWinograd(g);
  let floats = patchFloats(g);
  if (winograd) {
    const least = native.call('winograd_scratch', native.geometry(g));
    floats = Math.max(least, WINOGRAD_POINTS * g.inChannels * g.outChannels + BLOCK_FLOATS);
  }
  const name = (winograd ? 'winograd_' : pass === 'conv' ? '' : 'conv_') + pass;
  const scratch = native.scratch(floats);
  const addresses = [a, b, out].map((tensor) => native.address(tensor));
  native.call(name as NativeName, native.geometry(g, floats), ...addresses, scratch);
}

/** y = conv(x, filter) */
export function nativeConv(
  native: NativeKernels,
  backend: WasmBackend,
  g: ConvGeometry,
  x: TensorInfo,
  filter: TensorInfo,
): TensorInfo {
  const y = backend.makeOutput(g.outShape, 'float32');
  run(native, 'conv', g, x, filter, y);
  return y;
}

/** dx of conv(x, filter) */
export function nativeConvInputGradient(
  native: NativeKernels,
  backend: WasmBackend,
  g: ConvGeometry,
  dy: TensorInfo,
  filter: TensorInfo,
): TensorInfo {
  const dx = backend.makeOutput(g.inShape, 'float32');
  run(native, 'input_gradient', g, dy, filter, dx);
  return dx;
}

/** dw of conv(x, filter) */
export function nativeConvFilterGradient(
  native: NativeKernels,
  backend: WasmBackend,
  g: ConvGeometry,
  x: TensorInfo,
  dy: TensorInfo,
): TensorInfo {
  const dw = backend.makeOutput(g.filterShape, 'float32');
  run(native, 'filter_gradient', g, x, dy, dw);
  return dw;
}
