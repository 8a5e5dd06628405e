/**
 * Makes tfjs' WebGPU backend the current one in Node, on a GPU of any maker.
 */
import {
  backend,
  findBackendFactory,
  getBackend,
  ready,
  registerBackend,
  removeBackend,
  setBackend,
} from '@tensorflow/tfjs-core';
import type { KernelBackend } from '@tensorflow/tfjs-core';
import { AmunError } from '../../core/errors';
import { checkBoolean, checkKeys, show } from '../../core/options';
import { wrongGradient } from '../gradient-check';
import { type Adapter, describeAdapter, type Device, findAdapter, isSoftware, requestDevice } from './adapter';
import { fixKernels } from './fixes';
import { forgetRefusals, guarded } from './guard';

/** Options of {@link useWebgpu}. */
export interface UseWebgpuOptions {
  /** Take an adapter that computes on the processor too: far slower than wasm, and of use for tests only. @default false */
  readonly allowSoftware?: boolean;
  /**
   * Options of Dawn, such as `['backend=vulkan']` or `['adapter=NVIDIA']`: see the package `webgpu`. The first call of a process
   * decides. @default []
   */
  readonly dawnOptions?: readonly string[];
}

/** What {@link useWebgpu} set up. */
export interface WebgpuInfo {
  /** The backend that is now current. */
  readonly backend: 'webgpu';
  /** The GPU in words. */
  readonly adapter: string;
  /** Whether it is the processor in truth. */
  readonly software: boolean;
  /** Largest tensor, in bytes. */
  readonly maxTensorBytes: number;
}

interface WebgpuPackage {
  readonly WebGPUBackend: new (device: Device, info: Adapter['info']) => KernelBackend;
}

const WHERE = 'useWebgpu';

/**
 * Sets up `@tensorflow/tfjs-backend-webgpu` on the GPU that `webgpu` (Dawn) finds, with the device's limits raised to the GPU's own, and
 * checks a few gradients. Results differ from those of other backends by rounding. Where the GPU refuses a computation, every later read rejects, since other tensors
 * of the same batch of work are void too; calling this again starts anew with what is made from then on.
 *
 * @throws AmunError `no-backend` where a package is missing, or there is no GPU, or only one in software: with the remedy;
 *   `gradient-unsupported` if the GPU computes wrong gradients; `invalid-option`. The current backend then stays as it was.
 * @example
 * ```ts
 * import { useWebgpu } from 'amun-ts/node';
 *
 * const { adapter } = await useWebgpu();
 * ```
 */
export async function useWebgpu(options: UseWebgpuOptions = {}): Promise<WebgpuInfo> {
  checkKeys(WHERE, options, ['allowSoftware', 'dawnOptions']);
  const { allowSoftware = false, dawnOptions = [] } = options;
  checkBoolean(`${WHERE}: allowSoftware`, allowSoftware);
  if (!Array.isArray(dawnOptions) || !dawnOptions.every((option) => typeof option === 'string')) {
    throw new AmunError(
      'invalid-option',
      `${WHERE}: dawnOptions: expected an array of strings, got ${show(dawnOptions)}.`,
    );
  }
  // Importing tfjs-layers registers tfjs' gradients.
  await import('@tensorflow/tfjs-layers');
  const adapter = await findAdapter(WHERE, dawnOptions);
  const software = isSoftware(adapter);
  if (software && !allowSoftware) {
    throw new AmunError(
      'no-backend',
      `${WHERE}: expected a GPU, found ${describeAdapter(adapter)}, which computes on the processor, far more slowly than wasm. Install the ` +
        "GPU's own Vulkan driver, or use useFastestBackend(); for tests, pass { allowSoftware: true }.",
    );
  }
  await activate(adapter);
  const { maxBufferSize = 0, maxStorageBufferBindingSize = 0 } = adapter.limits;
  return {
    backend: 'webgpu',
    adapter: describeAdapter(adapter),
    software,
    maxTensorBytes: Math.min(maxBufferSize, maxStorageBufferBindingSize),
  };
}

async function activate(adapter: Adapter): Promise<void> {
  const before = getBackend() as string | undefined;
  const registered = findBackendFactory('webgpu') !== null;
  try {
    if (!registered) await register(adapter);
    if (!(await setBackend('webgpu'))) throw new AmunError('no-backend', `${WHERE}: tfjs could not start its backend.`);
    await ready();
    forgetRefusals(backend());
    const fault = await wrongGradient();
    if (fault === undefined) return;
    throw new AmunError(
      'gradient-unsupported',
      `${WHERE}: ${describeAdapter(adapter)} computes wrong gradients: ${fault}. Update its driver, or use another backend.`,
    );
  } catch (error) {
    if (!registered) removeBackend('webgpu');
    if (before !== undefined && before !== '' && before !== 'webgpu') await setBackend(before);
    throw error;
  }
}

/** tfjs' own registration asks for a device with few limits, and for a feature by a list that Dawn refuses. */
async function register(adapter: Adapter): Promise<void> {
  let loaded: WebgpuPackage;
  try {
    const name = '@tensorflow/tfjs-backend-webgpu';
    const imported = (await import(/* @vite-ignore */ name)) as WebgpuPackage | { default: WebgpuPackage };
    loaded = 'WebGPUBackend' in imported ? imported : imported.default;
  } catch (cause) {
    throw new AmunError(
      'no-backend',
      `${WHERE}: expected the package @tensorflow/tfjs-backend-webgpu, which could not be loaded: npm install @tensorflow/tfjs-backend-webgpu`,
      { cause },
    );
  }
  fixKernels();
  // Importing it has registered a factory of its own, now that there is a navigator.gpu.
  removeBackend('webgpu');
  const device = await requestDevice(adapter);
  registerBackend('webgpu', () => guarded(new loaded.WebGPUBackend(device, adapter.info), device), 3);
}
