/**
 * `Slice` on the heap. tfjs' kernel first reads the whole tensor out of it: a batch of 128 cost as much as a copy of the data set.
 */

import { slice_util, util } from '@tensorflow/tfjs-core';
import type { KernelFunc, TensorInfo } from '@tensorflow/tfjs-core';
import type { WasmBackend, WasmKernel } from './backend';

/** Where a slice lies: runs of `length` neighbouring values, one for each index of the outer axes. */
interface Runs {
  outer: number;
  length: number;
}

/** Inner axes that are taken whole, and the one before them, make one run. */
function runsOf(shape: number[], size: number[]): Runs {
  let axis = shape.length - 1;
  while (axis > 0 && size[axis] === shape[axis]) axis--;
  return { outer: axis, length: util.sizeFromShape(size.slice(axis)) };
}

function copyRuns(backend: WasmBackend, x: TensorInfo, begin: number[], size: number[], out: TensorInfo): void {
  const { outer, length } = runsOf(x.shape, size);
  const strides = [...util.computeStrides(x.shape), 1];
  const [from, to] = [x, out].map((tensor) => backend.typedArrayFromHeap(tensor));
  const index = new Array<number>(outer).fill(0);
  const start = begin.reduce((sum, first, axis) => sum + first * strides[axis], 0);
  for (let target = 0; target < to.length; target += length) {
    const source = index.reduce((sum, at, axis) => sum + at * strides[axis], start);
    to.set(from.subarray(source, source + length), target);
    for (let axis = outer - 1; axis >= 0 && ++index[axis] === size[axis]; axis--) index[axis] = 0;
  }
}

/** `Slice` */
export function sliceKernel(original: KernelFunc): WasmKernel {
  return (inputs, attrs, backend) => {
    const { x } = inputs;
    if (x.dtype === 'string' || x.shape.length === 0) return original({ inputs, attrs: attrs as never, backend });
    const [begin, size] = slice_util.parseSliceParams(x, attrs['begin'] as number[], attrs['size'] as number[]);
    slice_util.assertParamsValid(x, begin, size);
    const out = backend.makeOutput(size, x.dtype);
    if (util.sizeFromShape(size) > 0) copyRuns(backend, x, begin, size, out);
    return out;
  };
}
