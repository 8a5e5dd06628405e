/**
 * The backends that Node can have, and how each is started.
 */
import { findBackend, ready, setBackend } from '@tensorflow/tfjs-core';
import { useWasm } from '../wasm/use-wasm';
import { useWebgpu } from './webgpu/use-webgpu';

/** What {@link useFastestBackend} can choose. */
export type BackendCandidate = 'tfjs-node-gpu' | 'tfjs-node' | 'native' | 'webgpu' | 'wasm' | 'cpu';

/** A way to get a backend running. */
export interface Candidate {
  readonly name: BackendCandidate;
  /** The npm packages that bring it. */
  readonly packages: readonly string[];
  /** Its name in tfjs, once it is current. */
  readonly backend: string;
  /** What it is, for the reason given. */
  readonly description: string;
  /** Tried only where nothing else works. */
  readonly lastResort?: boolean;
  /** Loads and activates it; throws where it cannot. What comes back undoes what `setBackend` does not. */
  start(): Promise<(() => Promise<void>) | undefined>;
}

/**
 * Imports a package that may not be installed. Loading registers the backend with the tfjs-core that the package itself resolves,
 * which need not be ours.
 */
export async function loadBackendPackage(packageName: string, backend: string): Promise<undefined> {
  await import(/* @vite-ignore */ packageName);
  if (findBackend(backend) === null) {
    throw new Error(
      `it registered its backend with another copy of @tensorflow/tfjs-core; install the same version of both, so that npm ` +
        'keeps one copy (npm ls @tensorflow/tfjs-core shows them)',
    );
  }
  if (!(await setBackend(backend))) throw new Error(`its backend '${backend}' did not start`);
  await ready();
  return undefined;
}

function fromPackage(name: BackendCandidate, backend: string, description: string): Candidate {
  const packageName = `@tensorflow/${name === 'cpu' ? 'tfjs-backend-cpu' : name}`;
  return { name, packages: [packageName], backend, description, start: () => loadBackendPackage(packageName, backend) };
}

/** All of them, in the order in which they are tried. */
export const CANDIDATES: readonly Candidate[] = [
  fromPackage('tfjs-node-gpu', 'tensorflow', 'native TensorFlow on CUDA'),
  fromPackage('tfjs-node', 'tensorflow', 'native TensorFlow'),
  {
    name: 'native',
    packages: ['onnxruntime-node'],
    backend: 'wasm',
    description: 'ONNX Runtime for whole steps, WebAssembly for the rest',
    start: async () => {
      const { useNative } = await import('../native/use-native');
      return (await useNative()).stop;
    },
  },
  {
    name: 'webgpu',
    packages: ['webgpu', '@tensorflow/tfjs-backend-webgpu'],
    backend: 'webgpu',
    description: 'the GPU through WebGPU',
    start: async () => {
      await useWebgpu();
      return undefined;
    },
  },
  {
    name: 'wasm',
    packages: ['@tensorflow/tfjs-backend-wasm'],
    backend: 'wasm',
    description: "WebAssembly with amun-ts' training kernels",
    start: async () => {
      await useWasm();
      return undefined;
    },
  },
  {
    ...fromPackage('cpu', 'cpu', 'plain JavaScript, some hundred times slower than the others'),
    lastResort: true,
  },
];
