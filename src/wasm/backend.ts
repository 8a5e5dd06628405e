/**
 * What the kernels of this folder share: the wasm backend as they see it, and composition of registered kernels.
 *
 * A kernel must never call ops and return their tensors: the engine then counts, keeps or frees the wrong data. So a
 * composed kernel runs other kernels through their `kernelFunc` and frees what lies between by itself.
 */

import { getKernel, registerKernel, unregisterKernel, util } from '@tensorflow/tfjs-core';
import type { DataType, KernelFunc, NamedAttrMap, TensorInfo } from '@tensorflow/tfjs-core';
import { AmunError } from '../core/errors';

/** The emscripten module behind the backend. */
export interface WasmModule {
  /** The exports of the instance; the memory is among them. */
  asm?: Record<string, unknown>;
  HEAPU8: Uint8Array;
  _malloc(bytes: number): number;
  _free(address: number): void;
}

/** The members of tfjs' `BackendWasm` that the kernels use. */
export interface WasmBackend {
  readonly wasm: WasmModule;
  readonly dataIdMap: { get(dataId: object): { id: number; memoryOffset: number } };
  makeOutput(shape: number[], dtype: DataType): TensorInfo;
  typedArrayFromHeap(tensor: TensorInfo): Float32Array | Int32Array | Uint8Array;
  disposeData(dataId: object, force?: boolean): boolean;
  incRef(dataId: object): void;
}

/** Named input tensors of a kernel. */
export type Inputs = Record<string, TensorInfo>;

/** A kernel as this folder writes it. */
export type WasmKernel = (
  inputs: Inputs,
  attrs: Record<string, unknown>,
  backend: WasmBackend,
) => TensorInfo | TensorInfo[];

/** Runs one registered kernel; its result belongs to the surrounding {@link compose}. */
export type RunStep = (name: string, inputs: Inputs, attrs?: object) => TensorInfo;

/** The kernel that is registered for `name`, or `kernel-missing`. */
export function kernelOf(name: string): KernelFunc {
  const config = getKernel(name, 'wasm');
  if (!config) {
    throw new AmunError(
      'kernel-missing',
      `useWasm: @tensorflow/tfjs-backend-wasm has no kernel '${name}'. Install version 4.22 or a later 4.x of it.`,
    );
  }
  return config.kernelFunc;
}

/** Runs `body` and frees every intermediate result but the one that it returns. */
export function compose(backend: WasmBackend, body: (step: RunStep) => TensorInfo): TensorInfo {
  const made: TensorInfo[] = [];
  const step: RunStep = (name, inputs, attrs = {}) => {
    const out = kernelOf(name)({ inputs, attrs: attrs as NamedAttrMap, backend }) as TensorInfo;
    made.push(out);
    return out;
  };
  let result: TensorInfo | undefined;
  try {
    result = body(step);
    return result;
  } finally {
    for (const tensor of made) if (tensor !== result) backend.disposeData(tensor.dataId);
  }
}

/**
 * Registers `kernel` for the wasm backend in place of what is there. The old kernel is still set up with the backend, as the
 * new one may call it.
 */
export function replaceKernel(name: string, kernel: WasmKernel): void {
  const old = getKernel(name, 'wasm');
  if (old) unregisterKernel(name, 'wasm');
  registerKernel({
    ...old,
    kernelName: name,
    backendName: 'wasm',
    kernelFunc: ({ inputs, attrs, backend }) =>
      kernel(inputs as Inputs, (attrs ?? {}) as Record<string, unknown>, backend as WasmBackend),
  });
}

/** The float32 values of a tensor, in place. The view dies when the heap grows: make all outputs before taking one. */
export function floats(backend: WasmBackend, tensor: TensorInfo): Float32Array {
  return backend.typedArrayFromHeap(tensor) as Float32Array;
}

/** A tensor of zeros. */
export function makeZeros(backend: WasmBackend, shape: number[], dtype: DataType = 'float32'): TensorInfo {
  const out = backend.makeOutput(shape, dtype);
  if (util.sizeFromShape(shape) > 0) backend.typedArrayFromHeap(out).fill(0);
  return out;
}
