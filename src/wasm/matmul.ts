/**
 * Matrix products with transpose flags: tfjs' kernel takes a slow path for them, twelve times slower than to transpose first.
 */

import type { KernelFunc, TensorInfo } from '@tensorflow/tfjs-core';
import { compose } from './backend';
import type { RunStep, WasmKernel } from './backend';

function transposed(step: RunStep, x: TensorInfo): TensorInfo {
  const rank = x.shape.length;
  const perm = x.shape.map((_, axis) => axis);
  [perm[rank - 2], perm[rank - 1]] = [rank - 1, rank - 2];
  return step('Transpose', { x }, { perm });
}

/** `multiply` with a and b transposed beforehand where their flags say so. Serves `BatchMatMul` and `_FusedMatMul`. */
export function transposingMatMul(multiply: KernelFunc): WasmKernel {
  return (inputs, attrs, backend) =>
    compose(backend, (step) => {
      const a = attrs['transposeA'] ? transposed(step, inputs['a']) : inputs['a'];
      const b = attrs['transposeB'] ? transposed(step, inputs['b']) : inputs['b'];
      const plain = { ...attrs, transposeA: false, transposeB: false };
      return multiply({ inputs: { ...inputs, a, b }, attrs: plain as never, backend }) as TensorInfo;
    });
}
