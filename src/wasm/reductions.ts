/**
 * Sums and means over leading or middle axes. tfjs' kernels transpose the whole tensor first, to reduce its last axes; the
 * compiled one adds up rows where they lie, in float64 across blocks.
 */

import { backend_util, util } from '@tensorflow/tfjs-core';
import type { KernelFunc, TensorInfo } from '@tensorflow/tfjs-core';
import type { WasmKernel } from './backend';
import { nativeKernels } from './native/load';

/** x seen as [groups, rows, columns], of which the rows are reduced. */
interface Reduction {
  groups: number;
  rows: number;
  columns: number;
  shape: number[];
}

function reductionOf(x: TensorInfo, axis: number | number[], keepDims: boolean): Reduction | undefined {
  const axes = util.parseAxisParam(axis, x.shape).sort((a, b) => a - b);
  const [first, last] = [axes[0], axes[axes.length - 1]];
  // Only neighbouring axes, and only with others behind them: the rest is well served by tfjs.
  if (axes.length === 0 || last - first + 1 !== axes.length || last === x.shape.length - 1) return undefined;
  const size = (from: number, to: number) => util.sizeFromShape(x.shape.slice(from, to));
  const [shape] = backend_util.computeOutAndReduceShapes(x.shape, axes);
  return {
    groups: size(0, first),
    rows: size(first, last + 1),
    columns: size(last + 1, x.shape.length),
    shape: keepDims ? backend_util.expandShapeToKeepDim(shape, axes) : shape,
  };
}

function rowReduction(original: KernelFunc, factor: (rows: number) => number): WasmKernel {
  return (inputs, attrs, backend) => {
    const { x } = inputs;
    const native = nativeKernels(backend);
    const reduction =
      native && x.dtype === 'float32' && util.sizeFromShape(x.shape) > 0
        ? reductionOf(x, attrs['axis'] as number | number[], attrs['keepDims'] as boolean)
        : undefined;
    if (!native || !reduction) return original({ inputs, attrs: attrs as never, backend });
    const { groups, rows, columns, shape } = reduction;
    const out = backend.makeOutput(shape, 'float32');
    const scratch = native.scratch(3 * columns);
    native.call('sum_rows', native.address(x), groups, rows, columns, factor(rows), native.address(out), scratch);
    return out;
  };
}

/** `Sum` */
export const sumKernel = (original: KernelFunc): WasmKernel => rowReduction(original, () => 1);

/** `Mean` */
export const meanKernel = (original: KernelFunc): WasmKernel => rowReduction(original, (rows) => 1 / rows);
