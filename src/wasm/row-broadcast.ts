/**
 * Sums, differences and products of a tensor [..., C] with one value per channel [C]: biases, and the slopes of batch
 * normalisation. tfjs' broadcasting loop takes three times as long as the memory needs.
 */

import { util } from '@tensorflow/tfjs-core';
import type { KernelFunc, TensorInfo } from '@tensorflow/tfjs-core';
import type { WasmKernel } from './backend';
import { nativeKernels } from './native/load';

/** How combine_with_row in rows.c names its operations. */
const OPERATIONS = { Add: 0, Sub: 1, Multiply: 2 } as const;

/** The kernels that {@link rowBroadcast} serves. */
export type RowOperation = keyof typeof OPERATIONS;

/** True when `row` has one value per last index of x, and x more than one row. */
function isRowOf(row: TensorInfo, x: TensorInfo): boolean {
  const channels = x.shape[x.shape.length - 1];
  return (
    x.shape.length > row.shape.length &&
    row.shape.length > 0 &&
    row.shape[row.shape.length - 1] === channels &&
    util.sizeFromShape(row.shape) === channels &&
    util.sizeFromShape(x.shape) > channels
  );
}

/** `Add`, `Sub` or `Multiply` with a fast path for one value per channel. */
export function rowBroadcast(name: RowOperation, original: KernelFunc): WasmKernel {
  return (inputs, attrs, backend) => {
    const native = nativeKernels(backend);
    const floats = inputs['a'].dtype === 'float32' && inputs['b'].dtype === 'float32';
    let { a: x, b: row } = inputs;
    if (native && floats && name !== 'Sub' && isRowOf(x, row)) [x, row] = [row, x];
    if (!native || !floats || !isRowOf(row, x)) return original({ inputs, attrs: attrs as never, backend });
    const out = backend.makeOutput(x.shape, 'float32');
    const channels = x.shape[x.shape.length - 1];
    const rows = util.sizeFromShape(x.shape) / channels;
    const [from, vector, to] = [x, row, out].map((tensor) => native.address(tensor));
    native.call('combine_with_row', OPERATIONS[name], from, rows, channels, vector, to);
    return out;
  };
}
