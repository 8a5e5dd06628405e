/**
 * The gradient of average pooling with padding. The forward pass divides each window's sum by the number of elements inside
 * the image, c(o); the native gradient divides by the window's size k, as does cpu's, so at the borders it is too small:
 *
 *     dx(i) = Σ over windows o that cover i of dy(o) / c(o) = nativeGradient(dy·k / c)
 */

import { backend_util } from '@tensorflow/tfjs-core';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { compose, floats, kernelOf, replaceKernel } from '../backend';
import type { WasmBackend } from '../backend';

/** One spatial axis of a pooling op. */
interface PoolAxis {
  readonly size: number;
  readonly window: number;
  readonly stride: number;
  readonly padding: number;
  readonly outSize: number;
}

type PoolAttrs = Readonly<Record<'filterSize' | 'strides' | 'pad' | 'dimRoundingMode', never>>;

function axes2D(shape: number[], attrs: PoolAttrs): PoolAxis[] {
  const { filterSize, strides, pad, dimRoundingMode } = attrs;
  const g = backend_util.computePool2DInfo(shape as never, filterSize, strides, 1, pad, dimRoundingMode);
  return [
    { size: g.inHeight, window: g.filterHeight, stride: g.strideHeight, padding: g.padInfo.top, outSize: g.outHeight },
    { size: g.inWidth, window: g.filterWidth, stride: g.strideWidth, padding: g.padInfo.left, outSize: g.outWidth },
  ];
}

function axes3D(shape: number[], attrs: PoolAttrs): PoolAxis[] {
  const { filterSize, strides, pad, dimRoundingMode } = attrs;
  const g = backend_util.computePool3DInfo(shape as never, filterSize, strides, 1, pad, dimRoundingMode);
  return [
    { size: g.inDepth, window: g.filterDepth, stride: g.strideDepth, padding: g.padInfo.front, outSize: g.outDepth },
    { size: g.inHeight, window: g.filterHeight, stride: g.strideHeight, padding: g.padInfo.top, outSize: g.outHeight },
    { size: g.inWidth, window: g.filterWidth, stride: g.strideWidth, padding: g.padInfo.left, outSize: g.outWidth },
  ];
}

/** k / c along one axis, for each output position. */
function axisScale({ size, window, stride, padding, outSize }: PoolAxis): number[] {
  return Array.from({ length: outSize }, (_, o) => {
    const start = o * stride - padding;
    return window / Math.max(1, Math.min(start + window, size) - Math.max(start, 0));
  });
}

/** k / c for each output position: [1, …out, 1], to multiply dy with. */
function scaleTensor(axes: readonly PoolAxis[], backend: WasmBackend): TensorInfo {
  const scale = axes.map(axisScale).reduce((outer, inner) => outer.flatMap((a) => inner.map((b) => a * b)), [1]);
  const out = backend.makeOutput([1, ...axes.map((axis) => axis.outSize), 1], 'float32');
  floats(backend, out).set(scale);
  return out;
}

function register(name: string, axesOf: (shape: number[], attrs: PoolAttrs) => PoolAxis[]): void {
  const native = kernelOf(name);
  replaceKernel(name, (inputs, attrs, backend) => {
    const axes = axesOf(inputs['input'].shape, attrs as PoolAttrs);
    if (axes.every((axis) => axisScale(axis).every((s) => s === 1))) {
      return native({ inputs, attrs: attrs as never, backend });
    }
    const scale = scaleTensor(axes, backend);
    const scaled = compose(backend, (step) => step('Multiply', { a: inputs['dy'], b: scale }));
    backend.disposeData(scale.dataId);
    const dx = native({ inputs: { ...inputs, dy: scaled }, attrs: attrs as never, backend });
    backend.disposeData(scaled.dataId);
    return dx;
  });
}

/** Registers the gradients of two- and three-dimensional average pooling. */
export function registerAveragePoolFixes(): void {
  register('AvgPoolGrad', axes2D);
  register('AvgPool3DGrad', axes3D);
}
