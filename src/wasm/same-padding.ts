/**
 * Forward convolutions with 'same' padding and a stride larger than the kernel. The backend's library computes their padding
 * as (output − 1)·stride + kernel − input in unsigned numbers; where that is negative it reads nothing but padding, and the
 * output is all zeros. Told the padding explicitly, it is right.
 */

import { backend_util } from '@tensorflow/tfjs-core';
import type { KernelFunc } from '@tensorflow/tfjs-core';
import type { WasmKernel } from './backend';

type Shape4D = [number, number, number, number];
type Pair = number | [number, number];

/** `convolve` with 'same' written out as explicit padding where the stride exceeds the kernel. */
export function withExplicitSamePadding(convolve: KernelFunc, depthwise: boolean): WasmKernel {
  return (inputs, attrs, backend) => {
    const { x, filter } = inputs;
    const [strideHeight, strideWidth] = [attrs['strides'] as Pair].flat();
    const tooWide = strideHeight > filter.shape[0] || (strideWidth ?? strideHeight) > filter.shape[1];
    if (attrs['pad'] !== 'same' || !tooWide) return convolve({ inputs, attrs: attrs as never, backend });
    const { top, bottom, left, right } = backend_util.computeConv2DInfo(
      x.shape as Shape4D,
      filter.shape as Shape4D,
      attrs['strides'] as Pair,
      (attrs['dilations'] as Pair | undefined) ?? 1,
      'same',
      undefined,
      depthwise,
    ).padInfo;
    const pad = [
      [0, 0],
      [top, bottom],
      [left, right],
      [0, 0],
    ];
    return convolve({ inputs, attrs: { ...attrs, pad } as never, backend });
  };
}
