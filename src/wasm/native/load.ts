/**
 * Loads the compiled kernels into the memory of tfjs' wasm backend, so that they read and write its tensors in place.
 *
 * The backend's emscripten module shows its exports, and with them its memory, as `asm`. The compiled module (C sources beside
 * this file) imports that memory and has neither data nor memory of its own; its stack, its arguments and its scratch space
 * are blocks taken from the backend's allocator. Where that cannot be had (no SIMD, memory shared between threads, another
 * build of the backend), the caller keeps the composed kernels.
 */

import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { WasmBackend } from '../backend';
import type { ConvGeometry } from '../conv-geometry';
import { allowDeferred } from '../deferred';
import { MODULE_BASE64 } from './module';

/** A compiled function: addresses and integers in, nothing or an integer out. */
type NativeFunction = (...args: number[]) => number;

/** The functions that src/wasm/native/*.c export. */
export type NativeName =
  | 'matmul'
  | 'conv'
  | 'conv_input_gradient'
  | 'conv_filter_gradient'
  | 'winograd_scratch'
  | 'winograd_conv'
  | 'winograd_input_gradient'
  | 'winograd_filter_gradient'
  | 'sum_rows'
  | 'moments'
  | 'norm_sums'
  | 'scale_rows'
  | 'norm_input_gradient'
  | 'combine_with_row'
  | 'add_bias'
  | 'relu_gradient'
  | 'depthwise_input_gradient'
  | 'depthwise_filter_gradient'
  | 'max_pool_gradient';

const FLOAT_BYTES = 4;
const STACK_BYTES = 65_536;
const GEOMETRY_INTEGERS = 16;

/** Half of a common second-level cache: blocks of this size are read back before they are evicted. */
export const BLOCK_FLOATS = 65_536;

/** The compiled kernels of one backend. */
export class NativeKernels {
  private readonly functions: Record<NativeName, NativeFunction>;
  private readonly geometryAddress: number;
  private scratchAddress = 0;
  private scratchFloats = 0;

  constructor(
    private readonly backend: WasmBackend,
    exports: WebAssembly.Exports,
  ) {
    this.functions = exports as unknown as Record<NativeName, NativeFunction>;
    this.geometryAddress = backend.wasm._malloc(GEOMETRY_INTEGERS * FLOAT_BYTES);
    // The stack grows downwards, in steps of 16.
    const stack = backend.wasm._malloc(STACK_BYTES);
    (exports['__stack_pointer'] as WebAssembly.Global).value = (stack + STACK_BYTES) & ~15;
  }

  /** Calls a compiled function. */
  call(name: NativeName, ...args: number[]): number {
    return this.functions[name](...args);
  }

  /** Where a tensor's data lies. */
  address(tensor: TensorInfo): number {
    return this.backend.dataIdMap.get(tensor.dataId).memoryOffset;
  }

  /** The address of at least `floats` floats of scratch space, aligned to 8 bytes; the next call may take it over. */
  scratch(floats: number): number {
    if (floats > this.scratchFloats) {
      if (this.scratchAddress !== 0) this.backend.wasm._free(this.scratchAddress);
      this.scratchFloats = Math.max(floats, BLOCK_FLOATS);
      this.scratchAddress = this.backend.wasm._malloc(this.scratchFloats * FLOAT_BYTES);
    }
    return this.scratchAddress;
  }

  /** Writes a geometry where compiled functions read it (the struct in geometry.h) and returns its address. */
  geometry(g: ConvGeometry, scratchFloats = 0): number {
    const to = new Int32Array(this.backend.wasm.HEAPU8.buffer, this.geometryAddress >>> 0, GEOMETRY_INTEGERS);
    to.set([g.batchSize, g.inHeight, g.inWidth, g.inChannels]);
    to.set([g.outHeight, g.outWidth, g.outChannels], 4);
    to.set([g.filterHeight, g.filterWidth, g.strideHeight, g.strideWidth, g.padInfo.top, g.padInfo.left], 7);
    to[13] = scratchFloats;
    return this.geometryAddress;
  }
}

/** Kept on the backend itself, where every copy of this library finds it. */
const KEY = Symbol.for('amun-ts.native-kernels');

type Carrier = WasmBackend & { [KEY]?: NativeKernels };

/** The compiled kernels of a backend, once {@link loadNativeKernels} has loaded them. */
export function nativeKernels(backend: WasmBackend): NativeKernels | undefined {
  return (backend as Carrier)[KEY];
}

function memoryOf(backend: WasmBackend): WebAssembly.Memory | undefined {
  const found = Object.values(backend.wasm.asm ?? {}).find(
    (value) => typeof value === 'object' && value !== null && 'grow' in value && 'buffer' in value,
  ) as WebAssembly.Memory | undefined;
  return found?.buffer === backend.wasm.HEAPU8.buffer ? found : undefined;
}

async function instantiate(memory: WebAssembly.Memory): Promise<WebAssembly.Exports | undefined> {
  const code = Uint8Array.from(atob(MODULE_BASE64), (character) => character.charCodeAt(0));
  try {
    return (await WebAssembly.instantiate(code, { env: { memory } })).instance.exports;
  } catch {
    // No SIMD, or a shared memory: the composed kernels remain.
    return undefined;
  }
}

/** Loads the compiled kernels for a backend, unless it has them. Returns whether it has them now. */
export async function loadNativeKernels(backend: WasmBackend): Promise<boolean> {
  const memory = memoryOf(backend);
  if (nativeKernels(backend) === undefined && memory !== undefined) {
    const exports = await instantiate(memory);
    // Another call may have been faster.
    if (exports !== undefined && nativeKernels(backend) === undefined) {
      allowDeferred(backend);
      (backend as Carrier)[KEY] = new NativeKernels(backend, exports);
    }
  }
  return nativeKernels(backend) !== undefined;
}
