/**
 * Morphological dilation, y(o) = max over k of x(o·stride + k·dilation) + w(k), and its gradients. The native kernel starts
 * from the smallest positive float32 instead of -∞; the native gradients add to uncleared memory. Ties go to the first.
 */

import { backend_util } from '@tensorflow/tfjs-core';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { floats, makeZeros, replaceKernel } from '../backend';
import type { WasmKernel } from '../backend';

type DilationInfo = ReturnType<typeof backend_util.computeDilation2DInfo>;

function geometry(x: TensorInfo, filter: TensorInfo, attrs: Record<string, unknown>): DilationInfo {
  const { strides, pad, dilations } = attrs as Record<string, never>;
  return backend_util.computeDilation2DInfo(x.shape as never, filter.shape as never, strides, pad, 'NHWC', dilations);
}

/** Told of each output element, its value, and the elements of the input and filter that make it up; -1 for none. */
type Visit = (output: number, value: number, input: number, tap: number) => void;

function forEachMaximum(x: Float32Array, filter: Float32Array, g: DilationInfo, visit: Visit): void {
  const channels = g.inChannels;
  const pixel = (output: number, n: number, top: number, left: number, c: number): void => {
    let [best, input, tap] = [-Infinity, -1, -1];
    for (let h = 0; h < g.filterHeight; h++) {
      const row = top + h * g.dilationHeight;
      if (row < 0 || row >= g.inHeight) continue;
      for (let w = 0; w < g.filterWidth; w++) {
        const column = left + w * g.dilationWidth;
        if (column < 0 || column >= g.inWidth) continue;
        const i = ((n * g.inHeight + row) * g.inWidth + column) * channels + c;
        const k = (h * g.filterWidth + w) * channels + c;
        if (x[i] + filter[k] > best) [best, input, tap] = [x[i] + filter[k], i, k];
      }
    }
    visit(output, best, input, tap);
  };
  let output = 0;
  for (let n = 0; n < g.batchSize; n++) {
    for (let y = 0; y < g.outHeight; y++) {
      for (let z = 0; z < g.outWidth; z++) {
        const [top, left] = [y * g.strideHeight - g.padInfo.top, z * g.strideWidth - g.padInfo.left];
        for (let c = 0; c < channels; c++) pixel(output++, n, top, left, c);
      }
    }
  }
}

/** x [N, H, W, C], filter [kh, kw, C] → [N, OH, OW, C]. */
const dilation: WasmKernel = ({ x, filter }, attrs, backend) => {
  const g = geometry(x, filter, attrs);
  const out = backend.makeOutput(g.outShape, 'float32');
  const y = floats(backend, out);
  forEachMaximum(floats(backend, x), floats(backend, filter), g, (output, value) => {
    y[output] = value;
  });
  return out;
};

/** dy [N, OH, OW, C] → the gradient of `x` or of `filter`. */
function gradientOf(target: 'x' | 'filter'): WasmKernel {
  return ({ x, filter, dy }, attrs, backend) => {
    const g = geometry(x, filter, attrs);
    const out = makeZeros(backend, target === 'x' ? x.shape : filter.shape);
    const [gradient, upstream] = [floats(backend, out), floats(backend, dy)];
    forEachMaximum(floats(backend, x), floats(backend, filter), g, (output, _value, input, tap) => {
      const at = target === 'x' ? input : tap;
      if (at >= 0) gradient[at] += upstream[output];
    });
    return out;
  };
}

/** Registers all three. */
export function registerDilationFixes(): void {
  replaceKernel('Dilation2D', dilation);
  replaceKernel('Dilation2DBackpropInput', gradientOf('x'));
  replaceKernel('Dilation2DBackpropFilter', gradientOf('filter'));
}
