/**
 * The tfjs engine of a worker: set up once, before its first task.
 */
import { setBackend, ready } from '@tensorflow/tfjs-core';
import { AmunError } from '../../core/errors';
import { useWasm } from '../../wasm/use-wasm';
import { importModule } from './module-function';
import type { EngineSetup, WorkerBackend } from './protocol';

let prepared: { readonly key: string; readonly done: Promise<void> } | undefined;

/**
 * Makes the backend current and imports the caller's modules, once per worker.
 *
 * @throws AmunError `no-backend`, `not-found`, `callback-failed`.
 */
export function prepareEngine(engine: EngineSetup): Promise<void> {
  const key = JSON.stringify(engine);
  if (prepared?.key !== key) prepared = { key, done: setUp(engine) };
  return prepared.done;
}

async function setUp({ backend, setup }: EngineSetup): Promise<void> {
  // tfjs registers its gradients and layers with this import: modules that register layers of their own build on them.
  await import('@tensorflow/tfjs-layers');
  await START[backend]();
  for (const module of setup) await importModule(module);
}

const START: Readonly<Record<WorkerBackend, () => Promise<void>>> = {
  native: async () => {
    // One thread each: the workers are the threads.
    const { useNative } = await import('../../native/use-native');
    await useNative({ threads: 1 });
  },
  wasm: async () => {
    await useWasm();
  },
  cpu: async () => {
    try {
      await import('@tensorflow/tfjs-backend-cpu');
    } catch (cause) {
      throw new AmunError(
        'no-backend',
        'createWorkers: expected the package @tensorflow/tfjs-backend-cpu, which could not be loaded; npm install it.',
        { cause },
      );
    }
    await setBackend('cpu');
    await ready();
  },
};
