/**
 * `Einsum`, which the wasm backend lacks: transposes, products and sums in the order that tfjs-core plans for every backend.
 * tfjs-core has no gradient for it on any backend.
 */

import { backend_util } from '@tensorflow/tfjs-core';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { compose, replaceKernel } from '../backend';
import type { RunStep, WasmKernel } from '../backend';

/** A term with its axes in the order of the plan, and axes of size one for the letters that it lacks. */
function aligned(step: RunStep, term: TensorInfo, remaining: number, letters: number[]): TensorInfo {
  const { permutationIndices, expandDims } = backend_util.getEinsumPermutation(remaining, letters);
  const x = backend_util.isIdentityPermutation(permutationIndices)
    ? term
    : step('Transpose', { x: term }, { perm: permutationIndices });
  const shape = [...x.shape];
  for (const axis of expandDims) shape.splice(axis, 0, 1);
  return step('Reshape', { x }, { shape });
}

const einsum: WasmKernel = (inputs, attrs, backend) => {
  const terms = Object.values(inputs);
  const { allDims, summedDims, idDims } = backend_util.decodeEinsumEquation(attrs['equation'] as string, terms.length);
  backend_util.checkEinsumDimSizes(allDims.length, idDims, terms as never);
  const { path, steps } = backend_util.getEinsumComputePath(summedDims, idDims);
  return compose(backend, (step) => {
    let out: TensorInfo | undefined;
    let remaining = allDims.length;
    for (const [i, joining] of steps.entries()) {
      for (const term of joining) {
        const x = aligned(step, terms[term], remaining, idDims[term]);
        out = out === undefined ? x : step('Multiply', { a: x, b: out });
      }
      if (i === steps.length - 1) break;
      if (path[i] >= 0 && out !== undefined) {
        out = step('Sum', { x: out }, { axis: path[i] - (allDims.length - remaining), keepDims: false });
      }
      remaining--;
    }
    return out as TensorInfo;
  });
};

/** Registers it. */
export function registerEinsum(): void {
  replaceKernel('Einsum', einsum);
}
