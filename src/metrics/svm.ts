/**
 * A support vector classifier with an RBF kernel, trained by libsvm (Chang & Lin), which scikit-learn's `SVC` uses too.
 *
 *   f(x) = Σ_i c_i exp(−gamma · ‖s_i − x‖²) − rho
 *
 * libsvm-js predicts labels but gives no decision values, so f is evaluated here, from the support vectors' indices and the
 * coefficients in libsvm's own model text.
 */
import type { Svm, SvmConstructor } from '#libsvm';

/** A trained classifier between class 0 and class 1. */
export interface RbfSvm {
  /** How many training samples are support vectors. */
  readonly supportVectors: number;
  /** The decision value of each row of `samples` [N, F]: class 1 from 0 upwards, class 0 below. */
  decide(samples: Float64Array): Float64Array;
}

/** Options of {@link trainRbfSvm}. */
export interface RbfSvmOptions {
  /** C: the price of a misclassified training sample. */
  readonly cost: number;
  /** Kernel width: larger is narrower. */
  readonly gamma: number;
}

interface ProcessEvents {
  listeners(event: string): ((...values: unknown[]) => void)[];
  off(event: string, listener: (...values: unknown[]) => void): void;
}

const EVENT = 'unhandledRejection';

/**
 * Loads libsvm on first use, because it is a third of a megabyte of asm.js that few callers need.
 *
 * Its Node build registers a listener that ends the process, silently, on any unhandled rejection anywhere: taken off
 * again, so that asking for a metric does not change how the host fails.
 */
async function loadLibsvm(): Promise<SvmConstructor> {
  const host = (globalThis as { process?: Partial<ProcessEvents> }).process;
  const events = typeof host?.off === 'function' ? (host as ProcessEvents) : undefined;
  const before = new Set(events?.listeners(EVENT));
  const { default: libsvm } = await import('#libsvm');
  for (const listener of events?.listeners(EVENT) ?? []) {
    if (!before.has(listener) && String(listener).includes('["exit"](1)')) events?.off(EVENT, listener);
  }
  return libsvm;
}

/**
 * Trains a classifier. Takes O(N²) time and up to 100 MB: 0.1 s for 400 samples, 1 s for 4,000, 5 s for 10,000.
 *
 * @param class0 Row-major samples [N0, F] of class 0.
 * @param class1 Row-major samples [N1, F] of class 1.
 * @param featureCount F.
 */
export async function trainRbfSvm(
  class0: Float64Array,
  class1: Float64Array,
  featureCount: number,
  { cost, gamma }: RbfSvmOptions,
): Promise<RbfSvm> {
  const libsvm = await loadLibsvm();
  // Class 0 first: the order in which scikit-learn hands the classes over, which decides how libsvm breaks ties.
  const samples = [...rowsOf(class0, featureCount), ...rowsOf(class1, featureCount)];
  const labels = samples.map((_, i) => (i < class0.length / featureCount ? 0 : 1));
  // Type 0 is C-SVC, kernel 2 is RBF.
  const svm = new libsvm({ type: '0', kernel: '2', cost, gamma, quiet: true });
  try {
    svm.train(samples, labels);
    const vectors = svm.getSVIndices().map((i) => samples[i]);
    return { supportVectors: vectors.length, decide: decider(vectors, coefficientsOf(svm), featureCount, gamma) };
  } finally {
    svm.free();
  }
}

function rowsOf(samples: Float64Array, featureCount: number): Float64Array[] {
  const rows: Float64Array[] = [];
  for (let i = 0; i < samples.length; i += featureCount) rows.push(samples.subarray(i, i + featureCount));
  return rows;
}

/** rho and the coefficients c_i, read from libsvm's model text: a header, `SV`, then a line `c_i 1:x 2:x …` for each. */
function coefficientsOf(svm: Svm): { rho: number; coefficients: number[] } {
  const [header, vectors] = svm.serializeModel().split(/^SV\n/m);
  const rho = Number(/^rho (\S+)/m.exec(header)?.[1]);
  return { rho, coefficients: vectors.trimEnd().split('\n').map(Number.parseFloat) };
}

function decider(
  vectors: readonly Float64Array[],
  { rho, coefficients }: { rho: number; coefficients: number[] },
  featureCount: number,
  gamma: number,
): RbfSvm['decide'] {
  // libsvm's f is positive for its first class, which is class 0 here.
  return (samples) =>
    Float64Array.from(rowsOf(samples, featureCount), (sample) => {
      let value = rho;
      for (let i = 0; i < vectors.length; i += 1) {
        let squared = 0;
        for (let j = 0; j < featureCount; j += 1) squared += (vectors[i][j] - sample[j]) ** 2;
        value -= coefficients[i] * Math.exp(-gamma * squared);
      }
      return value;
    });
}
