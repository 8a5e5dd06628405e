/**
 * Makes tfjs' wasm backend the current one, able to train.
 */

import { backend, getBackend, ready, setBackend } from '@tensorflow/tfjs-core';
import type * as WasmBackendModule from '@tensorflow/tfjs-backend-wasm';
import { AmunError } from '../core/errors';
import { checkKeys } from '../core/options';
import { sharedState } from '../core/shared-state';
import type { WasmBackend } from './backend';
import { loadNativeKernels } from './native/load';
import { fuseBatchNormLayers } from './norm-layers';
import { registerTrainingKernels } from './register';

/** Options of {@link useWasm}. */
export interface UseWasmOptions {
  /**
   * Where the backend's `.wasm` files lie: a folder (path or URL, ending in `/`), or a path for each file by name. Browsers
   * behind a bundler need it; Node finds the files of the installed package by itself.
   *
   * @default beside the backend's own script
   */
  readonly wasmPaths?: string | Readonly<Record<string, string>>;
}

/** What {@link useWasm} set up. */
export interface WasmInfo {
  /** The backend that is now current. */
  readonly backend: 'wasm';
  /** Whether this call registered the training kernels; false when an earlier call had done so. */
  readonly registered: boolean;
  /**
   * True when the compiled kernels run in the backend's memory; false when slower ones, composed of tfjs' own, stand in because
   * the host has no SIMD or the backend shares its memory between threads.
   */
  readonly native: boolean;
}

type WasmPackage = typeof WasmBackendModule;

/**
 * Loads `@tensorflow/tfjs-backend-wasm`, registers the training kernels that it lacks or gets wrong, and makes it the current
 * backend. Calling it again is free; ESM and CJS copies of the library share one registration.
 *
 * @returns when the backend is ready to run.
 * @throws AmunError `no-backend` if the package is not installed or its `.wasm` file cannot be loaded; `kernel-missing` if its version
 *   is too old; `invalid-option` for an option it does not have, or if `wasmPaths` leaves a file out.
 * @example
 * ```ts
 * import { useWasm } from 'amun-ts/wasm';
 *
 * await useWasm();
 * ```
 */
export async function useWasm(options: UseWasmOptions = {}): Promise<WasmInfo> {
  checkKeys('useWasm', options, ['wasmPaths']);
  // Importing tfjs-layers registers tfjs' gradients and layer classes, which the training kernels complete.
  await import('@tensorflow/tfjs-layers');
  const wasm = await loadPackage();
  if (options.wasmPaths !== undefined) setPaths(wasm, options.wasmPaths);
  const state = sharedState();
  const registered = state.wasmKernels === undefined;
  if (registered) {
    registerTrainingKernels();
    state.wasmKernels = { version: '1' };
  }
  await activate();
  fuseBatchNormLayers();
  const native = await loadNativeKernels(backend() as unknown as WasmBackend);
  return { backend: 'wasm', registered, native };
}

async function loadPackage(): Promise<WasmPackage> {
  try {
    const loaded = await import('@tensorflow/tfjs-backend-wasm');
    // Node wraps a CommonJS package's exports in `default` where it cannot list them.
    return 'setWasmPaths' in loaded ? loaded : (loaded as { default: WasmPackage }).default;
  } catch (cause) {
    throw new AmunError(
      'no-backend',
      'useWasm: expected the package @tensorflow/tfjs-backend-wasm, which could not be loaded. ' +
        'Install it beside @tensorflow/tfjs-core: npm install @tensorflow/tfjs-backend-wasm',
      { cause },
    );
  }
}

/** Has an effect only before the backend's first use. */
function setPaths(wasm: WasmPackage, paths: NonNullable<UseWasmOptions['wasmPaths']>): void {
  try {
    wasm.setWasmPaths(paths as string);
  } catch (cause) {
    throw new AmunError('invalid-option', `useWasm: wasmPaths was refused: ${(cause as Error).message}`, { cause });
  }
}

async function activate(): Promise<void> {
  let ok = false;
  let cause: unknown;
  try {
    ok = await setBackend('wasm');
    await ready();
  } catch (error) {
    cause = error;
  }
  if (!ok || getBackend() !== 'wasm') {
    throw new AmunError(
      'no-backend',
      "useWasm: the backend 'wasm' did not start; most often its .wasm files were not found. " +
        'Serve them from @tensorflow/tfjs-backend-wasm/dist/ and pass their folder as `wasmPaths`.',
      { cause },
    );
  }
}
