/**
 * Gradients of three-dimensional convolution. The native kernels add to an output that they do not clear first, so that
 * whatever lay in that memory is part of the result: they get a backend whose outputs are zeros.
 */

import { kernelOf, makeZeros, replaceKernel } from '../backend';
import type { WasmBackend } from '../backend';

function clearing(backend: WasmBackend): WasmBackend {
  return Object.assign(Object.create(backend) as WasmBackend, {
    makeOutput: (shape: number[], dtype: 'float32') => makeZeros(backend, shape, dtype),
  });
}

/** Registers both gradients. */
export function registerConv3DFixes(): void {
  for (const name of ['Conv3DBackpropInputV2', 'Conv3DBackpropFilterV2']) {
    const native = kernelOf(name);
    replaceKernel(name, (inputs, attrs, backend) =>
      native({ inputs, attrs: attrs as never, backend: clearing(backend) }),
    );
  }
}
