/**
 * Gradients of resizing, as the transpose of the forward pass: each output pixel hands its gradient back to the pixels that it
 * was made of, with the same weights. The native gradients ignore `halfPixelCenters` and round differently from their forward
 * pass (cpu's bilinear one even swaps height and width, and its nearest one never ends on an image of one pixel).
 */

import type { TensorInfo } from '@tensorflow/tfjs-core';
import { util } from '@tensorflow/tfjs-core';
import { floats, makeZeros, replaceKernel } from '../backend';
import type { WasmKernel } from '../backend';

/** What one output row (or column) is made of: `low` and `high` of the input, the latter with weight `fraction`. */
interface Source {
  readonly low: number;
  readonly high: number;
  readonly fraction: number;
}

interface ResizeAttrs {
  readonly alignCorners: boolean;
  readonly halfPixelCenters: boolean;
}

type Sources = (inSize: number, outSize: number, attrs: ResizeAttrs) => Source[];

function ratio(inSize: number, outSize: number, alignCorners: boolean): number {
  return alignCorners && outSize > 1 ? (inSize - 1) / (outSize - 1) : inSize / outSize;
}

const bilinear: Sources = (inSize, outSize, { alignCorners, halfPixelCenters }) => {
  const scale = ratio(inSize, outSize, alignCorners);
  return Array.from({ length: outSize }, (_, i) => {
    const position = halfPixelCenters ? scale * (i + 0.5) - 0.5 : scale * i;
    const low = Math.max(0, Math.floor(position));
    return { low, high: Math.min(inSize - 1, Math.ceil(position)), fraction: position - low };
  });
};

const nearest: Sources = (inSize, outSize, { alignCorners, halfPixelCenters }) => {
  const scale = ratio(inSize, outSize, alignCorners);
  return Array.from({ length: outSize }, (_, i) => {
    const position = halfPixelCenters ? scale * (i + 0.5) : scale * i;
    const low = Math.min(inSize - 1, alignCorners ? Math.round(position) : Math.floor(position));
    return { low, high: low, fraction: 0 };
  });
};

/** images [N, H, W, C], dy [N, OH, OW, C] → dx [N, H, W, C]. */
function gradientOf(sources: Sources): WasmKernel {
  return ({ images, dy }, attrs, backend) => {
    const [batch, height, width, channels] = images.shape;
    const [, outHeight, outWidth] = dy.shape;
    const rows = sources(height, outHeight, attrs as unknown as ResizeAttrs);
    const columns = sources(width, outWidth, attrs as unknown as ResizeAttrs);
    const out = makeZeros(backend, images.shape);
    const [dx, upstream] = [floats(backend, out), floats(backend, dy)];
    let at = 0;
    const give = (row: number, column: number, weight: number): void => {
      if (weight === 0) return;
      const pixel = (row * width + column) * channels;
      for (let c = 0; c < channels; c++) dx[pixel + c] += weight * upstream[at + c];
    };
    for (let n = 0; n < batch; n++) {
      for (const r of rows) {
        for (const c of columns) {
          give(n * height + r.low, c.low, (1 - r.fraction) * (1 - c.fraction));
          give(n * height + r.low, c.high, (1 - r.fraction) * c.fraction);
          give(n * height + r.high, c.low, r.fraction * (1 - c.fraction));
          give(n * height + r.high, c.high, r.fraction * c.fraction);
          at += channels;
        }
      }
    }
    return out;
  };
}

/** The nearest pixel, of any type (the native kernel makes float32 of int32); its positions are those of the gradient. */
const resizeNearest: WasmKernel = ({ images }, attrs, backend) => {
  const [batch, height, width, channels] = images.shape;
  const [outHeight, outWidth] = attrs['size'] as [number, number];
  const shape = [batch, outHeight, outWidth, channels];
  const out = backend.makeOutput(shape, images.dtype);
  if (util.sizeFromShape(shape) === 0) return out;
  const rows = nearest(height, outHeight, attrs as unknown as ResizeAttrs);
  const columns = nearest(width, outWidth, attrs as unknown as ResizeAttrs);
  const [values, result] = [images as TensorInfo, out].map((tensor) => backend.typedArrayFromHeap(tensor));
  let at = 0;
  for (let n = 0; n < batch; n++) {
    for (const r of rows) {
      for (const c of columns) {
        const from = ((n * height + r.low) * width + c.low) * channels;
        for (let k = 0; k < channels; k++) result[at++] = values[from + k];
      }
    }
  }
  return out;
};

/** Registers both gradients, and the forward pass of the nearest one. */
export function registerResizeFixes(): void {
  replaceKernel('ResizeNearestNeighbor', resizeNearest);
  replaceKernel('ResizeNearestNeighborGrad', gradientOf(nearest));
  replaceKernel('ResizeBilinearGrad', gradientOf(bilinear));
}
