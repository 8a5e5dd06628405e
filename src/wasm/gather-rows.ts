/**
 * `GatherV2` along the first axis: batches drawn from a data set, and embedding lookups. Whole rows are copied; tfjs' kernel
 * works out the place of every single value.
 */

import { util } from '@tensorflow/tfjs-core';
import type { KernelFunc, TensorInfo } from '@tensorflow/tfjs-core';
import type { WasmBackend, WasmKernel } from './backend';

function indicesInRange(backend: WasmBackend, indices: TensorInfo, rows: number): boolean {
  return backend.typedArrayFromHeap(indices).every((row) => row >= 0 && row < rows);
}

function copyRows(backend: WasmBackend, x: TensorInfo, indices: TensorInfo, out: TensorInfo): void {
  const width = util.sizeFromShape(x.shape.slice(1));
  const [from, rows, to] = [x, indices, out].map((tensor) => backend.typedArrayFromHeap(tensor));
  rows.forEach((row, i) => {
    to.set(from.subarray(row * width, (row + 1) * width), i * width);
  });
}

/** `GatherV2`: x [N, …], indices of any shape → [...indices, …]; other axes and bad indices are left to tfjs. */
export function gatherRows(original: KernelFunc): WasmKernel {
  return (inputs, attrs, backend) => {
    const { x, indices } = inputs;
    const leading = attrs['axis'] === 0 && !attrs['batchDims'] && x.dtype !== 'string' && indices.dtype === 'int32';
    const filled = leading && util.sizeFromShape(x.shape) > 0 && util.sizeFromShape(indices.shape) > 0;
    if (!filled || !indicesInRange(backend, indices, x.shape[0])) {
      return original({ inputs, attrs: attrs as never, backend });
    }
    const out = backend.makeOutput([...indices.shape, ...x.shape.slice(1)], x.dtype);
    copyRows(backend, x, indices, out);
    return out;
  };
}
