/**
 * Convolution and its gradients by the compiled kernels: Winograd's filtering for 3×3 kernels of stride 1 with enough channels,
 * blocked im2col products for all others.
 */

import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { WasmBackend } from './backend';
import type { ConvGeometry } from './conv-geometry';
import { defer } from './deferred';
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

/** Name and scratch of the compiled function for one pass. */
function planned(native: NativeKernels, pass: Pass, g: ConvGeometry): { name: NativeName; floats: number } {
  const direct = pass === 'conv' ? 'conv' : (`conv_${pass}` as const);
  if (!suitsWinograd(g)) return { name: direct, floats: patchFloats(g) };
  const least = native.call('winograd_scratch', native.geometry(g));
  const filters = WINOGRAD_POINTS * g.inChannels * g.outChannels;
  return { name: `winograd_${pass}`, floats: Math.max(least, filters + BLOCK_FLOATS) };
}

function run(native: NativeKernels, pass: Pass, g: ConvGeometry, a: TensorInfo, b: TensorInfo, out: TensorInfo): void {
  // First the addresses: asking for a deferred tensor's computes it, in the same scratch space.
  const addresses = [a, b, out].map((tensor) => native.address(tensor));
  const { name, floats } = planned(native, pass, g);
  const scratch = native.scratch(floats);
  native.call(name, native.geometry(g, floats), ...addresses, scratch);
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

/** dw of conv(x, filter), computed at its first use: see deferred.ts. */
export function nativeConvFilterGradient(
  native: NativeKernels,
  backend: WasmBackend,
  g: ConvGeometry,
  x: TensorInfo,
  dy: TensorInfo,
): TensorInfo {
  const dw = backend.makeOutput(g.filterShape, 'float32');
  // Scratch is taken now, so that computing later does not make the heap grow.
  native.scratch(planned(native, 'filter_gradient', g).floats);
  return defer(backend, dw, [x, dy], () => {
    run(native, 'filter_gradient', g, x, dy, dw);
  });
}
