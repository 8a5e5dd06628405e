/**
 * Max pooling of volumes. The native kernels start from the smallest positive float32, so that the maximum of negative
 * values is 1.2e-38, and their gradient goes astray with it. On ties the gradient goes to the last element, as on cpu.
 */

import { backend_util } from '@tensorflow/tfjs-core';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { floats, makeZeros, replaceKernel } from '../backend';
import type { WasmBackend, WasmKernel } from '../backend';

type Pool3DInfo = ReturnType<typeof backend_util.computePool3DInfo>;

function geometry(x: TensorInfo, attrs: Record<string, unknown>): Pool3DInfo {
  const { filterSize, strides, pad, dimRoundingMode, dataFormat } = attrs as Record<string, never>;
  return backend_util.computePool3DInfo(x.shape as never, filterSize, strides, 1, pad, dimRoundingMode, dataFormat);
}

/** The first and the end of the elements that output position `out` of one axis covers inside the input. */
function span(out: number, stride: number, padding: number, window: number, size: number): [number, number] {
  const start = out * stride - padding;
  return [Math.max(0, start), Math.min(start + window, size)];
}

/** For each output element, the index of the last largest input element of its window; -1 where all are NaN. */
function lastMaxima(x: Float32Array, g: Pool3DInfo): Int32Array {
  const [, inDepth, inHeight, inWidth, channels] = g.inShape;
  const winners = new Int32Array(g.batchSize * g.outDepth * g.outHeight * g.outWidth * channels);
  let at = 0;
  const window = (n: number, od: number, oh: number, ow: number): void => {
    const [d0, d1] = span(od, g.strideDepth, g.padInfo.front, g.filterDepth, inDepth);
    const [h0, h1] = span(oh, g.strideHeight, g.padInfo.top, g.filterHeight, inHeight);
    const [w0, w1] = span(ow, g.strideWidth, g.padInfo.left, g.filterWidth, inWidth);
    for (let c = 0; c < channels; c++) {
      let best = -Infinity;
      let winner = -1;
      for (let d = d0; d < d1; d++) {
        for (let h = h0; h < h1; h++) {
          for (let w = w0; w < w1; w++) {
            const i = (((n * inDepth + d) * inHeight + h) * inWidth + w) * channels + c;
            if (x[i] >= best) [best, winner] = [x[i], i];
          }
        }
      }
      winners[at++] = winner;
    }
  };
  for (let n = 0; n < g.batchSize; n++) {
    for (let od = 0; od < g.outDepth; od++) {
      for (let oh = 0; oh < g.outHeight; oh++) {
        for (let ow = 0; ow < g.outWidth; ow++) window(n, od, oh, ow);
      }
    }
  }
  return winners;
}

/** x [N, D, H, W, C] → the largest of each window; -∞ where a window has only NaN, as on cpu. */
const maxPool3D: WasmKernel = ({ x }, attrs, backend: WasmBackend) => {
  const g = geometry(x, attrs);
  const out = backend.makeOutput(g.outShape, x.dtype);
  const [values, result] = [floats(backend, x), floats(backend, out)];
  for (const [i, winner] of lastMaxima(values, g).entries()) result[i] = winner < 0 ? -Infinity : values[winner];
  return out;
};

/** dy [N, OD, OH, OW, C] → dx, each value added where its window's maximum is. */
const maxPool3DGrad: WasmKernel = ({ dy, input }, attrs, backend) => {
  const g = geometry(input, attrs);
  const out = makeZeros(backend, input.shape);
  const [values, gradient, dx] = [floats(backend, input), floats(backend, dy), floats(backend, out)];
  for (const [i, winner] of lastMaxima(values, g).entries()) if (winner >= 0) dx[winner] += gradient[i];
  return out;
};

/** Registers both. */
export function registerMaxPool3DFixes(): void {
  replaceKernel('MaxPool3D', maxPool3D);
  replaceKernel('MaxPool3DGrad', maxPool3DGrad);
}
