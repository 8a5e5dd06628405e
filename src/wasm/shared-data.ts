/**
 * Kernels that tfjs' wasm backend runs by copying, where its tensors' data never changes: here input and output share it, as on
 * the cpu backend. The engine clones every tensor that a gradient needs, so a training step copied all its activations.
 */

import type { KernelFunc, TensorInfo } from '@tensorflow/tfjs-core';
import type { WasmBackend, WasmKernel } from './backend';

function share(backend: WasmBackend, { dataId, shape, dtype }: TensorInfo): TensorInfo {
  backend.incRef(dataId);
  return { dataId, shape, dtype };
}

/** `Identity` */
export function sharedIdentity(original: KernelFunc): WasmKernel {
  return (inputs, attrs, backend) =>
    inputs['x'].dtype === 'string' ? original({ inputs, attrs: attrs as never, backend }) : share(backend, inputs['x']);
}

/** `Cast`; to the type that the input has already, nothing is computed. */
export function sharedCast(original: KernelFunc): WasmKernel {
  return (inputs, attrs, backend) =>
    inputs['x'].dtype === attrs['dtype'] && attrs['dtype'] !== 'string'
      ? share(backend, inputs['x'])
      : original({ inputs, attrs: attrs as never, backend });
}
