/**
 * Engines that can run the library's side of the benchmarks.
 */
import { createRequire } from 'node:module';
import * as tf from '@tensorflow/tfjs-core';
import { useWasm } from 'amun-ts/wasm';
import { currentEngine } from '../src/core/engine';
import { loadBackendPackage } from '../src/node/backend-candidates';

/** Names of the engines, fastest first. */
export const ENGINES = ['native', 'tfjs-node', 'wasm', 'cpu'] as const;

/** Name of an engine. */
export type EngineName = (typeof ENGINES)[number];

/** What runs once an engine has started. */
export interface EngineInfo {
  readonly engine: EngineName;
  /** Version of the package that computes. */
  readonly version: string;
  /** tfjs backend, and what runs whole steps. */
  readonly details: string;
}

const PACKAGES: Record<EngineName, string> = {
  native: 'onnxruntime-node',
  'tfjs-node': '@tensorflow/tfjs-node',
  wasm: '@tensorflow/tfjs-backend-wasm',
  cpu: '@tensorflow/tfjs-backend-cpu',
};

const STARTS: Record<EngineName, () => Promise<unknown>> = {
  native: startNative,
  'tfjs-node': () => loadBackendPackage(PACKAGES['tfjs-node'], 'tensorflow'),
  wasm: () => useWasm(),
  cpu: () => loadBackendPackage(PACKAGES.cpu, 'cpu'),
};

/** What ran op by op although an engine was in use, and why. */
export const fallbacks: string[] = [];

async function startNative(): Promise<void> {
  const { useNative } = await import('../src/native/index');
  await useNative({ onFallback: (message) => fallbacks.push(message) });
}

function versionOf(packageName: string): string {
  try {
    const require = createRequire(import.meta.url);
    return (require(`${packageName}/package.json`) as { version: string }).version;
  } catch {
    return 'unknown';
  }
}

/**
 * Starts an engine.
 *
 * @throws Error that says `not installed` where its package is missing.
 */
export async function startEngine(engine: EngineName): Promise<EngineInfo> {
  try {
    await STARTS[engine]();
  } catch (error) {
    throw new Error(whyNot(error, PACKAGES[engine]), { cause: error });
  }
  const steps = currentEngine()?.name ?? 'op by op';
  return { engine, version: versionOf(PACKAGES[engine]), details: `tfjs backend ${tf.getBackend()}, steps ${steps}` };
}

function whyNot(error: unknown, packageName: string): string {
  const { code, message } =
    (error as Error).cause instanceof Error
      ? ((error as Error).cause as Error & { code?: string })
      : (error as Error & { code?: string });
  const missing = code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND';
  return missing && message.includes(packageName) ? `not installed (${packageName})` : (error as Error).message;
}
