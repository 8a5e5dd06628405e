/**
 * Gradients of three-dimensional convolution, as loops over outputs o and filter taps k with input i = o·stride + k − padding:
 *
 *     dx(i, c) += Σ_m dy(o, m)·w(k, c, m)        dw(k, c, m) += x(i, c)·dy(o, m)
 *
 * Both native kernels add to memory that they do not clear first, and place the taps wrongly under padding.
 */

import { backend_util } from '@tensorflow/tfjs-core';
import { floats, makeZeros, replaceKernel } from '../backend';
import type { WasmKernel } from '../backend';

type Conv3DInfo = ReturnType<typeof backend_util.computeConv3DInfo>;

/** Told of the offsets of an output position, an input position under it, and the filter tap between them, in elements. */
type Visit = (output: number, pixel: number, tap: number) => void;

/** Visits each tap of output (n, od, oh, ow) that lies inside the input. */
function forEachTapOf(g: Conv3DInfo, [n, od, oh, ow]: readonly number[], output: number, visit: Visit): void {
  const front = od * g.strideDepth - g.padInfo.front;
  const top = oh * g.strideHeight - g.padInfo.top;
  const left = ow * g.strideWidth - g.padInfo.left;
  for (let d = Math.max(0, -front); d < Math.min(g.filterDepth, g.inDepth - front); d++) {
    for (let h = Math.max(0, -top); h < Math.min(g.filterHeight, g.inHeight - top); h++) {
      for (let w = Math.max(0, -left); w < Math.min(g.filterWidth, g.inWidth - left); w++) {
        const pixel = ((n * g.inDepth + front + d) * g.inHeight + top + h) * g.inWidth + left + w;
        const tap = (d * g.filterHeight + h) * g.filterWidth + w;
        visit(output, pixel * g.inChannels, tap * g.inChannels * g.outChannels);
      }
    }
  }
}

function forEachTap(g: Conv3DInfo, visit: Visit): void {
  let output = 0;
  for (let n = 0; n < g.batchSize; n++) {
    for (let od = 0; od < g.outDepth; od++) {
      for (let oh = 0; oh < g.outHeight; oh++) {
        for (let ow = 0; ow < g.outWidth; ow++) {
          forEachTapOf(g, [n, od, oh, ow], output, visit);
          output += g.outChannels;
        }
      }
    }
  }
}

function geometry(inputShape: number[], filterShape: number[], attrs: Record<string, unknown>): Conv3DInfo {
  const { strides, pad } = attrs as Record<string, never>;
  return backend_util.computeConv3DInfo(inputShape as never, filterShape as never, strides, 1, pad);
}

/** dy [N, OD, OH, OW, M], filter [kd, kh, kw, C, M] → dx [N, D, H, W, C]. */
const inputGradient: WasmKernel = ({ dy, filter }, attrs, backend) => {
  const g = geometry(attrs['inputShape'] as number[], filter.shape, attrs);
  const out = makeZeros(backend, g.inShape);
  const [dx, upstream, weights] = [out, dy, filter].map((tensor) => floats(backend, tensor));
  forEachTap(g, (output, pixel, tap) => {
    for (let c = 0; c < g.inChannels; c++) {
      const row = tap + c * g.outChannels;
      let sum = 0;
      for (let m = 0; m < g.outChannels; m++) sum += upstream[output + m] * weights[row + m];
      dx[pixel + c] += sum;
    }
  });
  return out;
};

/** x [N, D, H, W, C], dy [N, OD, OH, OW, M] → dw [kd, kh, kw, C, M]; summed in float64. */
const filterGradient: WasmKernel = ({ x, dy }, attrs, backend) => {
  const g = geometry(x.shape, attrs['filterShape'] as number[], attrs);
  const out = backend.makeOutput(g.filterShape, 'float32');
  const [values, upstream] = [x, dy].map((tensor) => floats(backend, tensor));
  const sums = new Float64Array(g.filterDepth * g.filterHeight * g.filterWidth * g.inChannels * g.outChannels);
  forEachTap(g, (output, pixel, tap) => {
    for (let c = 0; c < g.inChannels; c++) {
      const row = tap + c * g.outChannels;
      for (let m = 0; m < g.outChannels; m++) sums[row + m] += values[pixel + c] * upstream[output + m];
    }
  });
  floats(backend, out).set(sums);
  return out;
};

/** Registers both gradients. */
export function registerConv3DFixes(): void {
  replaceKernel('Conv3DBackpropInputV2', inputGradient);
  replaceKernel('Conv3DBackpropFilterV2', filterGradient);
}
