/**
 * Gradients of depthwise convolution and max pooling as plain loops over the backend's heap, for hosts where the compiled
 * kernels can't run. V8 makes scalar code of them: a fraction of SIMD's speed, but far above composition.
 *
 * The loops follow tfjs' cpu kernels in order and in ties: a pooling window's gradient goes to its first maximum in row-major
 * order, as in PyTorch; tfjs' own wasm kernel gives windows with a maximum of zero or less no gradient at all.
 */

import { floats, makeZeros } from './backend';
import type { WasmKernel } from './backend';
import { convGeometry, poolGeometry } from './conv-geometry';
import type { ConvGeometry } from './conv-geometry';

/** Calls `visit` for each pair of an input pixel and the output pixel whose window, at row and column (r, c), covers it. */
function forEachTap(
  g: ConvGeometry,
  visit: (inputPixel: number, outputPixel: number, r: number, c: number) => void,
): void {
  for (let n = 0; n < g.batchSize; n++) {
    for (let oy = 0; oy < g.outHeight; oy++) {
      for (let ox = 0; ox < g.outWidth; ox++) {
        const outputPixel = (n * g.outHeight + oy) * g.outWidth + ox;
        const top = oy * g.strideHeight - g.padInfo.top;
        const left = ox * g.strideWidth - g.padInfo.left;
        for (let r = Math.max(0, -top); r < Math.min(g.filterHeight, g.inHeight - top); r++) {
          for (let c = Math.max(0, -left); c < Math.min(g.filterWidth, g.inWidth - left); c++) {
            visit((n * g.inHeight + top + r) * g.inWidth + left + c, outputPixel, r, c);
          }
        }
      }
    }
  }
}

/** dy [N, OH, OW, C·m], filter [kh, kw, C, m] → dx [N, H, W, C]. */
export const loopDepthwiseBackpropInput: WasmKernel = ({ dy, filter }, attrs, backend) => {
  const name = 'DepthwiseConv2dNativeBackpropInput';
  const g = convGeometry(name, attrs['inputShape'] as number[], filter.shape, attrs, true);
  const out = makeZeros(backend, g.inShape);
  const [dx, dyValues, w] = [floats(backend, out), floats(backend, dy), floats(backend, filter)];
  const multiplier = filter.shape[3];
  const channels = g.inChannels;
  forEachTap(g, (inputPixel, outputPixel, r, c) => {
    const tap = (r * g.filterWidth + c) * channels * multiplier;
    for (let q = 0; q < channels; q++) {
      let sum = 0;
      for (let m = 0; m < multiplier; m++) {
        const k = q * multiplier + m;
        sum += dyValues[outputPixel * channels * multiplier + k] * w[tap + k];
      }
      dx[inputPixel * channels + q] += sum;
    }
  });
  return out;
};

/** x [N, H, W, C], dy [N, OH, OW, C·m] → dw [kh, kw, C, m]; summed in float64. */
export const loopDepthwiseBackpropFilter: WasmKernel = ({ x, dy }, attrs, backend) => {
  const filterShape = attrs['filterShape'] as number[];
  const g = convGeometry('DepthwiseConv2dNativeBackpropFilter', x.shape, filterShape, attrs, true);
  const out = makeZeros(backend, filterShape);
  const [dw, xValues, dyValues] = [floats(backend, out), floats(backend, x), floats(backend, dy)];
  const multiplier = filterShape[3];
  const width = g.inChannels * multiplier;
  const sums = new Float64Array(dw.length);
  forEachTap(g, (inputPixel, outputPixel, r, c) => {
    const tap = (r * g.filterWidth + c) * width;
    for (let k = 0; k < width; k++) {
      sums[tap + k] +=
        xValues[inputPixel * g.inChannels + Math.floor(k / multiplier)] * dyValues[outputPixel * width + k];
    }
  });
  dw.set(sums);
  return out;
};

/** dy [N, OH, OW, C], input [N, H, W, C] → dx [N, H, W, C]. */
export const loopMaxPoolGrad: WasmKernel = ({ dy, input }, attrs, backend) => {
  const g = poolGeometry(input.shape, attrs);
  const out = makeZeros(backend, input.shape);
  const [dx, x, dyValues] = [floats(backend, out), floats(backend, input), floats(backend, dy)];
  const channels = g.inChannels;
  const windows = g.batchSize * g.outHeight * g.outWidth * channels;
  const best = new Float32Array(windows).fill(-Infinity);
  const position = new Int32Array(windows).fill(-1);
  forEachTap(g, (inputPixel, outputPixel) => {
    for (let q = 0; q < channels; q++) {
      const from = inputPixel * channels + q;
      const window = outputPixel * channels + q;
      if (x[from] > best[window]) {
        best[window] = x[from];
        position[window] = from;
      }
    }
  });
  for (let i = 0; i < windows; i++) if (position[i] >= 0) dx[position[i]] += dyValues[i];
  return out;
};
