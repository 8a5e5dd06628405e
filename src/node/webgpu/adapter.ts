/**
 * WebGPU in Node: Dawn, from the package `webgpu`, and what tfjs' backend expects of a browser.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AmunError } from '../../core/errors';

/** What the library uses of an adapter. */
export interface Adapter {
  readonly info: { readonly vendor: string; readonly architecture: string; readonly description: string } & Readonly<
    Partial<Record<'isFallbackAdapter', boolean>>
  >;
  readonly limits: Readonly<Record<string, number>>;
  requestDevice(descriptor: { requiredLimits: Record<string, number> }): Promise<Device>;
}

/** What the library uses of a device. */
export interface Device {
  readonly lost: Promise<{ readonly reason: string; readonly message: string }>;
  addEventListener(
    type: 'uncapturederror',
    listener: (event: { readonly error: { readonly message: string }; preventDefault(): void }) => void,
  ): void;
}

interface Gpu {
  requestAdapter(options: { powerPreference: string }): Promise<Adapter | null>;
}

interface DawnPackage {
  create(options: readonly string[]): Gpu;
  readonly globals: Readonly<Record<string, unknown>>;
}

/** Limits that tfjs' kernels run into; WebGPU grants only small ones unless asked. */
const RAISED = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupSizeY',
  'maxComputeWorkgroupSizeZ',
  'maxComputeWorkgroupsPerDimension',
];

/** Adapters that compute on the processor, by the names that they give themselves. */
const SOFTWARE = /swiftshader|llvmpipe|lavapipe|softpipe|basic render|warp\b|software/iu;

/** True where "GPU" means the processor. */
export function isSoftware({ info }: Adapter): boolean {
  return info.isFallbackAdapter === true || SOFTWARE.test(describeAdapter({ info }));
}

/** An adapter in words. */
export function describeAdapter({ info }: Pick<Adapter, 'info'>): string {
  const parts = [info.vendor, info.architecture, info.description].filter((part) => part !== '');
  return parts.length === 0 ? 'an adapter without a name' : [...new Set(parts)].join(' ');
}

/** The GPU interface, kept for the life of the process: Dawn crashes when it is collected before its devices. */
let gpu: Gpu | undefined;

/**
 * Loads Dawn and finds an adapter. Puts what browsers have beside it, such as `navigator.gpu` and `GPUBufferUsage`, on
 * `globalThis`, where tfjs looks for it.
 *
 * @throws AmunError `no-backend` where the package is missing or there is no adapter, with the remedy.
 */
export async function findAdapter(where: string, dawnOptions: readonly string[]): Promise<Adapter> {
  gpu ??= await createGpu(where, dawnOptions);
  let adapter: Adapter | null;
  try {
    adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  } catch (cause) {
    throw noAdapter(where, String(cause), cause);
  }
  if (adapter === null) throw noAdapter(where, 'Dawn found no adapter');
  return adapter;
}

function noAdapter(where: string, reason: string, cause?: unknown): AmunError {
  return new AmunError(
    'no-backend',
    `${where}: expected a GPU that WebGPU can use, found none: ${reason}. On Linux, install the GPU's Vulkan driver and loader (apt-get install ` +
      "libvulkan1, and mesa-vulkan-drivers or NVIDIA's driver; vulkaninfo --summary lists what there is), and in a container pass the " +
      'device on. Without a GPU, use useFastestBackend().',
    { cause },
  );
}

const LOADER = 'libvulkan.so.1';

/** Whether Vulkan's loader is there; Dawn would say so on stderr. Known for Linux alone, and there only where the linker keeps a cache. */
function hasVulkan(): boolean {
  const cache = '/etc/ld.so.cache';
  if (process.platform !== 'linux' || !existsSync(cache)) return true;
  const folders = (process.env['LD_LIBRARY_PATH'] ?? '').split(':').filter((folder) => folder !== '');
  return folders.some((folder) => existsSync(join(folder, LOADER))) || readFileSync(cache).includes(LOADER);
}

async function createGpu(where: string, dawnOptions: readonly string[]): Promise<Gpu> {
  let dawn: DawnPackage;
  try {
    const name = 'webgpu';
    dawn = (await import(/* @vite-ignore */ name)) as DawnPackage;
  } catch (cause) {
    throw new AmunError(
      'no-backend',
      `${where}: expected the package webgpu, which could not be loaded: npm install webgpu`,
      {
        cause,
      },
    );
  }
  if (!hasVulkan()) throw noAdapter(where, `Vulkan's loader ${LOADER} is not installed`);
  const created = dawn.create(dawnOptions);
  for (const [name, value] of Object.entries(dawn.globals)) {
    if (!(name in globalThis)) Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  }
  if (!('navigator' in globalThis)) {
    Object.defineProperty(globalThis, 'navigator', { value: {}, configurable: true, writable: true });
  }
  Object.defineProperty(globalThis.navigator, 'gpu', { value: created, configurable: true, writable: true });
  return created;
}

/** A device with all limits that the adapter grants. */
export function requestDevice(adapter: Adapter): Promise<Device> {
  const requiredLimits: Record<string, number> = {};
  for (const name of RAISED) {
    const limit = adapter.limits[name];
    if (limit !== undefined) requiredLimits[name] = limit;
  }
  return adapter.requestDevice({ requiredLimits });
}
