/**
 * Chooses the fastest tfjs backend that is installed and works: by measuring, since names tell little of a machine.
 */
import { getBackend, setBackend } from '@tensorflow/tfjs-core';
import { AmunError, isAmunError } from '../core/errors';
import { CANDIDATES, type BackendCandidate, type Candidate } from './backend-candidates';
import { probeRate } from './backend-probe';
import { wrongGradient } from './gradient-check';

/** How one candidate fared. */
export interface BackendTrial {
  /** The candidate. */
  readonly name: BackendCandidate;
  /** Whether it works. */
  readonly ok: boolean;
  /** What it is, or why it does not work, in words. */
  readonly reason: string;
  /** Images per second in the probe: two convolutions and their gradient. Absent where it does not work. */
  readonly imagesPerSecond?: number;
}

/** What {@link useFastestBackend} chose. */
export interface FastestBackend {
  /** The candidate that was the fastest. */
  readonly name: BackendCandidate;
  /** The name of the tfjs backend that is now current, as `tf.getBackend()` returns it. */
  readonly backend: string;
  /** Why this one, in a sentence. */
  readonly reason: string;
  /** Every candidate that was tried, in order. */
  readonly tried: readonly BackendTrial[];
}

/** Whether an import failed because the package itself is not there, rather than something that it needs. */
function isMissing(error: unknown, packageName: string): boolean {
  const { code, message = '' } = error as Partial<NodeJS.ErrnoException>;
  const notFound = code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND';
  if (notFound && new RegExp(`^[^']*'${packageName}'`, 'u').test(message)) return true;
  // Vite puts a module that throws this in the place of an optional peer that is not there.
  return message.startsWith(`Could not resolve "${packageName}"`);
}

function whyNot(error: unknown, packages: readonly string[]): string {
  const cause = isAmunError(error) ? error.cause : error;
  if (cause instanceof Error && packages.some((name) => isMissing(cause, name))) return 'not installed';
  const message = error instanceof Error ? error.message : String(error);
  return `installed, but it does not work: ${message.split('\n')[0]}`;
}

async function trial(candidate: Candidate): Promise<BackendTrial> {
  const { name, packages, description } = candidate;
  let stop: (() => Promise<void>) | undefined;
  try {
    stop = await candidate.start();
    if (getBackend() !== candidate.backend)
      throw new Error(`the current backend is '${getBackend()}' after it was loaded`);
    const fault = await wrongGradient();
    if (fault !== undefined) throw new Error(fault);
    return { name, ok: true, reason: description, imagesPerSecond: await probeRate() };
  } catch (error) {
    return { name, ok: false, reason: whyNot(error, packages) };
  } finally {
    await stop?.();
  }
}

async function tryAll(candidates: readonly Candidate[]): Promise<BackendTrial[]> {
  const tried: BackendTrial[] = [];
  const working = new Set<string>();
  for (const candidate of candidates) {
    if (candidate.lastResort === true && working.size > 0) continue;
    // Two packages of one backend would take each other's place.
    if (candidate.backend === 'tensorflow' && working.has('tensorflow')) continue;
    const result = await trial(candidate);
    tried.push(result);
    if (result.ok) working.add(candidate.backend);
  }
  return tried;
}

const rate = (trial: BackendTrial): number => trial.imagesPerSecond ?? 0;

function inWords(trial: BackendTrial): string {
  const measured = trial.ok ? ` (${Math.round(rate(trial))} images/s in the probe)` : '';
  return `${trial.name}: ${trial.reason}${measured}`;
}

/** {@link useFastestBackend} over other candidates. */
export async function useFastestOf(candidates: readonly Candidate[]): Promise<FastestBackend> {
  // Asking for the current backend may start one; what is not there yet need not be restored.
  const before = currentBackend();
  const tried = await tryAll(candidates);
  const [best, ...others] = [...tried].sort((a, b) => rate(b) - rate(a));
  if (best?.ok === true) {
    const { backend, start } = candidates.find(({ name }) => name === best.name)!;
    await start();
    return { name: best.name, backend, reason: [best, ...others].map(inWords).join('; '), tried };
  }
  if (before !== undefined) await setBackend(before);
  throw new AmunError(
    'no-backend',
    `useFastestBackend: expected a tfjs backend for Node, found none that works (${tried
      .map(inWords)
      .join('; ')}). Install one: npm install @tensorflow/tfjs-backend-wasm@^4.22.0`,
  );
}

function currentBackend(): string | undefined {
  const name = getBackend() as string | undefined;
  return name === undefined || name === '' ? undefined : name;
}

/**
 * Makes the fastest backend that is installed and works the current one. Candidates are `@tensorflow/tfjs-node-gpu`,
 * `@tensorflow/tfjs-node`, `amun-ts/native` (`onnxruntime-node`), {@link useWebgpu} (`webgpu` and `@tensorflow/tfjs-backend-webgpu`, on a
 * GPU), `amun-ts/wasm` (`@tensorflow/tfjs-backend-wasm`) and, where none of these works, `@tensorflow/tfjs-backend-cpu`.
 *
 * Each that is installed computes a few gradients, which must be right, and a probe of about a tenth of a second; what is not
 * installed costs nothing. A package that is installed and broken (no native binding, no GPU, another copy of tfjs-core) is passed over, and
 * `tried` says why. GPUs give other roundings than processors: call `useWasm()` or `useNative()` where results must repeat
 * to the bit on every machine.
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
  return useFastestOf(CANDIDATES);
}
