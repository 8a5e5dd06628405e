/**
 * Gradients of 2-D convolution, composed of the backend's own kernels.
 *
 * By the input: dx = conv(dy with stride − 1 zeros between its rows and columns, the filter turned by 180° with its
 * channels exchanged). By the filter: dw = conv(x with channels in the batch's place, dy with positions as the filter,
 * dilated by the stride). Both therefore run at the speed of a forward convolution; tfjs' own gradient by the input is a
 * naive loop, and by the filter it has none.
 */

import type { TensorInfo } from '@tensorflow/tfjs-core';
import { compose, makeZeros } from './backend';
import type { RunStep, WasmKernel } from './backend';
import { convGeometry } from './conv-geometry';

const VALID_CONV = { strides: 1, dilations: 1, pad: 'valid', dataFormat: 'NHWC' } as const;

/** Pads height and width of [N, H, W, C]; negative amounts crop. */
function padOrCrop(step: RunStep, x: TensorInfo, [top, bottom]: number[], [left, right]: number[]): TensorInfo {
  const cropTop = Math.max(0, -top);
  const cropLeft = Math.max(0, -left);
  const height = x.shape[1] - cropTop - Math.max(0, -bottom);
  const width = x.shape[2] - cropLeft - Math.max(0, -right);
  let out = x;
  if (height !== x.shape[1] || width !== x.shape[2]) {
    out = step('Slice', { x }, { begin: [0, cropTop, cropLeft, 0], size: [x.shape[0], height, width, x.shape[3]] });
  }
  const paddings = [
    [0, 0],
    [Math.max(0, top), Math.max(0, bottom)],
    [Math.max(0, left), Math.max(0, right)],
    [0, 0],
  ];
  return paddings.flat().some((amount) => amount > 0) ? step('PadV2', { x: out }, { paddings, constantValue: 0 }) : out;
}

/** [N, H, W, C] → [N, H·sh, W·sw, C]: each value followed by stride − 1 zeros in both directions. */
function spread(step: RunStep, x: TensorInfo, strideHeight: number, strideWidth: number): TensorInfo {
  const [n, h, w, c] = x.shape;
  if (strideHeight === 1 && strideWidth === 1) return x;
  const pixels = step('Reshape', { x }, { shape: [n * h * w, 1, c] });
  const columns = step('PadV2', { x: pixels }, { paddings: zeroRows(strideWidth - 1), constantValue: 0 });
  const lines = step('Reshape', { x: columns }, { shape: [n * h, 1, w * strideWidth * c] });
  const rows = step('PadV2', { x: lines }, { paddings: zeroRows(strideHeight - 1), constantValue: 0 });
  return step('Reshape', { x: rows }, { shape: [n, h * strideHeight, w * strideWidth, c] });
}

const zeroRows = (after: number) => [
  [0, 0],
  [0, after],
  [0, 0],
];

/** dy [N, OH, OW, Co], filter [kh, kw, Ci, Co] → dx [N, H, W, Ci]. */
export const composedConv2DBackpropInput: WasmKernel = ({ dy, filter }, attrs, backend) => {
  const g = convGeometry('Conv2DBackpropInput', attrs['inputShape'] as number[], filter.shape, attrs);
  if (dy.shape.includes(0)) return makeZeros(backend, g.inShape);
  return compose(backend, (step) => {
    const turned = step('Reverse', { x: filter }, { dims: [0, 1] });
    const exchanged = step('Transpose', { x: turned }, { perm: [0, 1, 3, 2] });
    const spreadDy = spread(step, dy, g.strideHeight, g.strideWidth);
    const top = g.filterHeight - 1 - g.padInfo.top;
    const left = g.filterWidth - 1 - g.padInfo.left;
    const bottom = g.inHeight + g.filterHeight - 1 - spreadDy.shape[1] - top;
    const right = g.inWidth + g.filterWidth - 1 - spreadDy.shape[2] - left;
    const x = padOrCrop(step, spreadDy, [top, bottom], [left, right]);
    return step('Conv2D', { x, filter: exchanged }, VALID_CONV);
  });
};

/** x [N, H, W, Ci], dy [N, OH, OW, Co] → dw [kh, kw, Ci, Co]. */
export const composedConv2DBackpropFilter: WasmKernel = ({ x, dy }, attrs, backend) => {
  const g = convGeometry('Conv2DBackpropFilter', x.shape, attrs['filterShape'] as number[], attrs);
  if (dy.shape.includes(0) || x.shape.includes(0)) return makeZeros(backend, g.filterShape);
  return compose(backend, (step) => {
    const channelsFirst = step('Transpose', { x }, { perm: [3, 1, 2, 0] });
    const filter = step('Transpose', { x: dy }, { perm: [1, 2, 0, 3] });
    const spanHeight = (g.outHeight - 1) * g.strideHeight + 1;
    const spanWidth = (g.outWidth - 1) * g.strideWidth + 1;
    const bottom = g.filterHeight - 1 + spanHeight - g.inHeight - g.padInfo.top;
    const right = g.filterWidth - 1 + spanWidth - g.inWidth - g.padInfo.left;
    const padded = padOrCrop(step, channelsFirst, [g.padInfo.top, bottom], [g.padInfo.left, right]);
    const attrsOut = { ...VALID_CONV, dilations: [g.strideHeight, g.strideWidth] };
    // [Ci, kh, kw, Co]
    const out = step('Conv2D', { x: padded, filter }, attrsOut);
    return step('Transpose', { x: out }, { perm: [1, 2, 0, 3] });
  });
};
