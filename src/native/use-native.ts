/**
 * Makes ONNX Runtime run the steps of search, training and prediction.
 */
import { getBackend, ready } from '@tensorflow/tfjs-core';
import { isAmunError } from '../core/errors';
import { checkInteger, checkKeys, checkOptionalFunction } from '../core/options';
import { sharedState } from '../core/shared-state';
import { useWasm } from '../wasm/use-wasm';
import { NativeEngine } from './engine';
import { Runtime } from './runtime';

/** Options of {@link useNative}. */
export interface UseNativeOptions {
  /**
   * Threads for one step. With one, results are the same to the bit from run to run. @default 1
   */
  readonly threads?: number;
  /** Compiled steps that are kept; the least recently used one makes room. @default 32 */
  readonly maxCompiled?: number;
  /**
   * Told once for each computation that can't be compiled and runs on the tfjs backend instead, with the reason.
   * @default a process warning with the code `AMUN_NATIVE_FALLBACK`
   */
  readonly onFallback?: (message: string) => void;
}

/** What {@link useNative} set up. */
export interface NativeInfo {
  /** The tfjs backend that is now current, and runs what is not compiled: `wasm`, or the one that was current before. */
  readonly backend: string;
  /** What runs compiled steps. */
  readonly engine: 'onnxruntime-node';
  /** Version of onnxruntime-node. */
  readonly version: string;
  /** Channels that its convolutions take together: 16 with AVX-512, 8 with AVX2, 0 where they run one by one, more slowly. */
  readonly block: number;
  /** Threads for one step. */
  readonly threads: number;
  /** Goes back to the tfjs backend alone, and frees what was compiled. */
  stop(): Promise<void>;
}

/**
 * Lets `onnxruntime-node` run the search, training and prediction of this library: each step is recorded once as a graph of tfjs
 * kernels, translated, checked against what tfjs computes, and run as one call. What can't be translated runs on the tfjs backend, and
 * a warning says so once. Models, tensors and results are tfjs' own throughout.
 *
 * Calling it again replaces the former setting.
 *
 * @throws AmunError `no-backend` if onnxruntime-node is not installed or has no library for this platform (Linux and Windows on x64 and
 *   arm64, macOS on arm64), or if there is no tfjs backend; `invalid-option`.
 * @example
 * ```ts
 * import { useNative } from 'amun-ts/native';
 *
 * await useNative();
 * ```
 */
export async function useNative(options: UseNativeOptions = {}): Promise<NativeInfo> {
  const where = 'useNative';
  checkKeys(where, options, ['threads', 'maxCompiled', 'onFallback']);
  const { threads = 1, maxCompiled = 32, onFallback = warn } = options;
  checkInteger(`${where}: threads`, threads, { min: 1, max: 256 });
  checkInteger(`${where}: maxCompiled`, maxCompiled, { min: 1 });
  checkOptionalFunction(`${where}: onFallback`, options.onFallback);
  const runtime = await Runtime.load(where, { threads });
  const backend = await eagerBackend();
  const engine = new NativeEngine(runtime, { backend, maxCompiled, onFallback });
  const state = sharedState();
  const former = state.engine;
  state.engine = engine;
  if (former instanceof NativeEngine) await former.dispose();
  const stop = async (): Promise<void> => {
    if (state.engine === engine) state.engine = undefined;
    await engine.dispose();
  };
  const { version, block } = runtime;
  return { backend, engine: 'onnxruntime-node', version, block, threads, stop };
}

/** wasm where its package is there, else whatever backend is. */
async function eagerBackend(): Promise<string> {
  try {
    await useWasm();
  } catch (error) {
    const current = getBackend() as string | undefined;
    if (!isAmunError(error) || current === undefined || current === '') throw error;
    await ready();
  }
  return getBackend();
}

function warn(message: string): void {
  process.emitWarning(message, { code: 'AMUN_NATIVE_FALLBACK' });
}
