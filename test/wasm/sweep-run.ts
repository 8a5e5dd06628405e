/**
 * Runs one case of the sweep on one backend: forward values and gradients under a random upstream gradient, from inputs
 * that the seed determines.
 */
import * as tf from '@tensorflow/tfjs-core';
import { randomStream } from '../../src/core/random';

/** What the inputs look like. `random` has distinct values away from kinks, the others are where kernels go wrong. */
export type ValueKind = 'random' | 'negative' | 'zero' | 'tied' | 'large' | 'nan';

export const VALUE_KINDS: readonly ValueKind[] = ['random', 'negative', 'zero', 'tied', 'large', 'nan'];

export interface InputSpec {
  readonly shape: readonly number[];
  readonly dtype?: 'float32' | 'int32' | 'bool';
  /** Range of the `random` values. @default [-2, 2] */
  readonly range?: readonly [number, number];
  /** These values whatever the kind: indices, segment ids. */
  readonly fixed?: readonly number[];
}

export interface SweepCase {
  /** The kernel whose gradient the case exercises. */
  readonly kernel: string;
  readonly label: string;
  readonly inputs: readonly InputSpec[];
  readonly run: (...inputs: tf.Tensor[]) => tf.Tensor;
  /** Which inputs to differentiate. @default every float32 input */
  readonly wrt?: readonly number[];
  /** @default all */
  readonly kinds?: readonly ValueKind[];
  /** Sums many terms: errors are measured against the largest value rather than each value. @default false */
  readonly contracts?: boolean;
  /** Why cpu's gradient is not the reference: only its forward value is. Central differences judge the gradient. */
  readonly cpuGradientFault?: string;
  /** Whether central differences on `random` inputs must confirm the gradient. @default true */
  readonly finiteDifference?: boolean;
}

/** What a case computed: the forward value first, then one gradient per differentiated input. */
export type Outcome =
  | { readonly values: readonly { dtype: string; shape: readonly number[]; data: readonly number[] }[] }
  | { readonly error: string };

const VALUES: Record<Exclude<ValueKind, 'random'>, (stream: ReturnType<typeof randomStream>) => number> = {
  negative: (stream) => -0.1 - 3 * stream.float(),
  zero: () => 0,
  tied: (stream) => [-1, 0, 1, 6][stream.int(4)],
  large: (stream) => (stream.int(2) === 0 ? -1 : 1) * 10 ** (2 + 4 * stream.float()),
  nan: (stream) => [Number.NaN, Infinity, -Infinity, 0.5, -0.5][stream.int(5)],
};

/** Distinct values in a random order, `step` apart, none of them at zero or a half. */
function spacedValues(count: number, [low, high]: readonly [number, number], seed: number, input: number): number[] {
  const step = (high - low) / count;
  const order = randomStream(seed, 'order', input).permutation(count);
  return Array.from(order, (rank) => low + (rank + 0.37 - 0.13 * input) * step);
}

/** The values of one input. */
export function inputValues(spec: InputSpec, kind: ValueKind, seed: number, input: number): number[] {
  if (spec.fixed !== undefined) return [...spec.fixed];
  const count = tf.util.sizeFromShape(spec.shape as number[]);
  const stream = randomStream(seed, kind, input);
  if (spec.dtype === 'bool') return Array.from({ length: count }, () => (kind === 'zero' ? 0 : stream.int(2)));
  if (spec.dtype === 'int32') {
    const draw = kind === 'random' ? () => stream.int(41) - 20 : VALUES[kind === 'nan' ? 'tied' : kind];
    return Array.from({ length: count }, () => Math.trunc(draw(stream)));
  }
  if (kind === 'random') return spacedValues(count, spec.range ?? [-2, 2], seed, input);
  return Array.from({ length: count }, () => VALUES[kind](stream));
}

/** Indices of the inputs that a case differentiates. */
export function differentiated(test: SweepCase): number[] {
  if (test.wrt !== undefined) return [...test.wrt];
  return test.inputs.flatMap((spec, i) => ((spec.dtype ?? 'float32') === 'float32' ? [i] : []));
}

function toTensors(test: SweepCase, kind: ValueKind, seed: number): tf.Tensor[] {
  return test.inputs.map((spec, i) =>
    tf.tensor(inputValues(spec, kind, seed, i), [...spec.shape], spec.dtype ?? 'float32'),
  );
}

/** The upstream gradient of a case: uniform in [-1, 1). */
export function upstream(size: number, seed: number): Float32Array {
  const stream = randomStream(seed, 'upstream');
  return Float32Array.from({ length: size }, () => 2 * stream.float() - 1);
}

function compute(test: SweepCase, kind: ValueKind, seed: number): tf.Tensor[] {
  const inputs = toTensors(test, kind, seed);
  const wrt = differentiated(test);
  const y = test.run(...inputs);
  if (wrt.length === 0) return [y];
  const run = (...xs: tf.Tensor[]) => test.run(...inputs.map((x, i) => (wrt.includes(i) ? xs[wrt.indexOf(i)] : x)));
  const dy = tf.tensor(upstream(y.size, seed), y.shape);
  return [
    y,
    ...tf.grads(run)(
      wrt.map((i) => inputs[i]),
      dy,
    ),
  ];
}

/** Runs a case on the current backend; asserts nothing. Throws when tensors leak. */
export function outcome(test: SweepCase, kind: ValueKind, seed: number): Outcome {
  const before = [tf.memory().numTensors, tf.memory().numDataBuffers];
  let result: Outcome;
  try {
    const values = tf.tidy(() =>
      compute(test, kind, seed).map((y) => ({ dtype: y.dtype, shape: y.shape, data: Array.from(y.dataSync()) })),
    );
    result = { values };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
  const after = [tf.memory().numTensors, tf.memory().numDataBuffers];
  if (after.join() !== before.join())
    return { error: `leak: tensors and buffers ${before.join()} became ${after.join()}` };
  return result;
}
