/**
 * Chooses the fastest tfjs backend that is installed and works.
 */

import { findBackend, getBackend, ready, setBackend, square, sum, tidy } from '@tensorflow/tfjs-core';
import { AmunError, isAmunError } from '../core/errors';
import { useWasm } from '../wasm/use-wasm';

/** What {@link useFastestBackend} can choose, fastest first. */
export type BackendCandidate = 'tfjs-node-gpu' | 'tfjs-node' | 'wasm' | 'cpu';

/** How one candidate fared. */
export interface BackendTrial {
  /** The candidate. */
  readonly name: BackendCandidate;
  /** Whether it is now the backend. */
  readonly ok: boolean;
  /** Why, or why not, in words. */
  readonly reason: string;
}

/** What {@link useFastestBackend} chose. */
export interface FastestBackend {
  /** The name of the tfjs backend that is now current, as `tf.getBackend()` returns it. */
  readonly backend: string;
  /** Why this one, in a sentence. */
  readonly reason: string;
  /** Every candidate that was tried, in order; the last one is the choice. */
  readonly tried: readonly BackendTrial[];
}

/** A way to get a backend running. */
export interface Candidate {
  readonly name: BackendCandidate;
  /** The npm package that brings it. */
  readonly packageName: string;
  /** Its name in tfjs. */
  readonly backend: string;
  /** What it is, for the reason given. */
  readonly description: string;
  /** Loads and activates it; throws where it cannot. */
  readonly start: () => Promise<void>;
}

/**
 * Imports a package that may not be installed. Loading registers the backend with the tfjs-core that the package itself resolves,
 * which need not be ours.
 */
export async function loadBackendPackage(packageName: string, backend: string): Promise<void> {
  await import(/* @vite-ignore */ packageName);
  if (findBackend(backend) === null) {
    throw new Error(
      `it registered its backend with another copy of @tensorflow/tfjs-core; install the same version of both, so that npm ` +
        'keeps one copy (npm ls @tensorflow/tfjs-core shows them)',
    );
  }
  if (!(await setBackend(backend))) throw new Error(`its backend '${backend}' did not start`);
  await ready();
}

function fromPackage(name: BackendCandidate, backend: string, description: string): Candidate {
  const packageName = `@tensorflow/${name === 'cpu' ? 'tfjs-backend-cpu' : name}`;
  return { name, packageName, backend, description, start: () => loadBackendPackage(packageName, backend) };
}

const CANDIDATES: readonly Candidate[] = [
  fromPackage('tfjs-node-gpu', 'tensorflow', 'native TensorFlow on CUDA'),
  fromPackage('tfjs-node', 'tensorflow', 'native TensorFlow'),
  {
    name: 'wasm',
    packageName: '@tensorflow/tfjs-backend-wasm',
    backend: 'wasm',
    description: "WebAssembly with amun-ts' training kernels",
    start: async () => {
      await useWasm();
    },
  },
  fromPackage('cpu', 'cpu', 'plain JavaScript, some hundred times slower than the others'),
];

/** 3² + 4², so that a backend that loads and cannot compute is found out here. */
function probe(candidate: Candidate): void {
  const backend = getBackend();
  if (backend !== candidate.backend) throw new Error(`the current backend is '${backend}' after it was loaded`);
  const result = tidy(() => sum(square([3, 4])).dataSync()[0]);
  if (Math.abs(result - 25) > 1e-3) throw new Error(`it computed 3² + 4² as ${result}`);
}

/** Whether an import failed because the package itself is not there, rather than something that it needs. */
function isMissing(error: unknown, packageName: string): boolean {
  const { code, message = '' } = error as Partial<NodeJS.ErrnoException>;
  const notFound = code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND';
  if (notFound && new RegExp(`^[^']*'${packageName}'`, 'u').test(message)) return true;
  // Vite puts a module that throws this in the place of an optional peer that is not there.
  return message.startsWith(`Could not resolve "${packageName}"`);
}

function whyNot(error: unknown, packageName: string): string {
  const cause = isAmunError(error) ? error.cause : error;
  if (cause instanceof Error && isMissing(cause, packageName)) return 'not installed';
  const message = error instanceof Error ? error.message : String(error);
  return `installed, but it does not work: ${message.split('\n')[0]}`;
}

async function trial(candidate: Candidate): Promise<BackendTrial> {
  const { name, packageName, description } = candidate;
  try {
    await candidate.start();
    probe(candidate);
    return { name, ok: true, reason: description };
  } catch (error) {
    return { name, ok: false, reason: whyNot(error, packageName) };
  }
}

/** {@link useFastestBackend} over other candidates. */
export async function useFirstOf(candidates: readonly Candidate[]): Promise<FastestBackend> {
  // Asking for the current backend may start one; what is not there yet need not be restored.
  const before = currentBackend();
  const tried: BackendTrial[] = [];
  for (const candidate of candidates) {
    const result = await trial(candidate);
    tried.push(result);
    if (!result.ok) continue;
    const others = tried.slice(0, -1).map(({ name, reason }) => `${name}: ${reason}`);
    const reason = [`${result.name}: ${result.reason}`, ...others].join('; ');
    return { backend: candidate.backend, reason, tried };
  }
  if (before !== undefined) await setBackend(before);
  throw new AmunError(
    'no-backend',
    `useFastestBackend: expected a tfjs backend for Node, found none that works (${tried
      .map(({ name, reason }) => `${name}: ${reason}`)
      .join('; ')}). Install one: npm install @tensorflow/tfjs-backend-wasm@^4.22.0`,
  );
}

function currentBackend(): string | undefined {
  const name = getBackend() as string | undefined;
  return name === undefined || name === '' ? undefined : name;
}

/**
 * Makes the fastest backend that is installed and works the current one: `@tensorflow/tfjs-node-gpu`, `@tensorflow/tfjs-node`,
 * `@tensorflow/tfjs-backend-wasm` with the training kernels of `amun-ts/wasm`, or `@tensorflow/tfjs-backend-cpu`.
 * A package that is installed and broken (no native binding, another copy of tfjs-core) is passed over, and `tried` says why.
 *
 * @returns what it chose, and why.
 * @throws AmunError `no-backend` if none works, with the line that installs one; the current backend stays as it was.
 * @example
 * ```ts
 * import { useFastestBackend } from 'amun-ts/node';
 *
 * const { backend, reason } = await useFastestBackend();
 * ```
 */
export function useFastestBackend(): Promise<FastestBackend> {
  return useFirstOf(CANDIDATES);
}
