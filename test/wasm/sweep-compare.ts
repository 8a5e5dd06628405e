/** How two outcomes of a case are compared, and a gradient with central differences. */
import * as tf from '@tensorflow/tfjs-core';
import { randomStream } from '../../src/core/random';
import { differentiated, inputValues, upstream } from './sweep-run';
import type { Outcome, SweepCase } from './sweep-run';

/** Float32 kernels round differently: a few units in the last place of what is computed. */
const RELATIVE = 2e-5;
const ABSOLUTE = 2e-6;

function near(a: number, b: number, scale: number): boolean {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) && Number.isNaN(b);
  if (!Number.isFinite(a) || !Number.isFinite(b)) return a === b;
  return Math.abs(a - b) <= RELATIVE * Math.abs(b) + ABSOLUTE * scale;
}

/** What differs between an outcome and the reference, in one line; undefined when nothing does. */
export function difference(test: SweepCase, got: Outcome, expected: Outcome, forwardOnly = false): string | undefined {
  if ('error' in expected) return 'error' in got ? undefined : `cpu throws: ${expected.error}`;
  if ('error' in got) return `throws: ${got.error}`;
  if (!forwardOnly && got.values.length !== expected.values.length) return 'another number of gradients';
  for (const [i, reference] of expected.values.entries()) {
    const value = got.values[i];
    const name = i === 0 ? 'forward' : `gradient of input ${differentiated(test)[i - 1]}`;
    if (value.dtype !== reference.dtype) return `${name}: dtype ${value.dtype}, expected ${reference.dtype}`;
    if (value.shape.join() !== reference.shape.join()) return `${name}: shape ${value.shape.join()}`;
    const largest = reference.data.reduce((max, v) => (Number.isFinite(v) ? Math.max(max, Math.abs(v)) : max), 1);
    const at = value.data.findIndex((v, j) => !near(v, reference.data[j], test.contracts ? largest : 1));
    if (at >= 0) return `${name}[${at}]: ${value.data[at]}, expected ${reference.data[at]}`;
  }
  return undefined;
}

const STEP_FRACTION = 0.05;
const DIFFERENCE_TOLERANCE = 0.01;

/** Half the distance that keeps every input on its side of every tie and kink. */
function stepSize(test: SweepCase): number {
  const steps = differentiated(test).map((i) => {
    const { shape, range = [-2, 2] } = test.inputs[i];
    return (range[1] - range[0]) / tf.util.sizeFromShape(shape as number[]);
  });
  return Math.min(0.02, STEP_FRACTION * Math.min(...steps));
}

/** f(x + t·d) = Σ dy · run(x + t·d) in double precision sums. */
function along(test: SweepCase, directions: readonly number[][], t: number, seed: number): number {
  return tf.tidy(() => {
    const inputs = test.inputs.map((spec, i) => {
      const values = inputValues(spec, 'random', seed, i);
      const moved = values.map((v, j) => v + t * (directions[i][j] ?? 0));
      return tf.tensor(moved, [...spec.shape], spec.dtype ?? 'float32');
    });
    const y = test.run(...inputs).dataSync();
    const dy = upstream(y.length, seed);
    return Array.from(y).reduce((sum, v, j) => sum + v * dy[j], 0);
  });
}

/**
 * Compares an outcome's gradients at `random` inputs with the central difference along one random direction per input;
 * says what differs, or undefined.
 */
export function contradiction(test: SweepCase, got: Outcome, seed: number): string | undefined {
  if ('error' in got) return `throws: ${got.error}`;
  const h = stepSize(test);
  for (const [k, i] of differentiated(test).entries()) {
    const gradient = got.values[k + 1].data;
    const stream = randomStream(seed, 'direction', i);
    const direction = gradient.map(() => 2 * stream.float() - 1);
    const directions = test.inputs.map((_, j) => (j === i ? direction : []));
    const numeric = (along(test, directions, h, seed) - along(test, directions, -h, seed)) / (2 * h);
    const analytic = gradient.reduce((sum, g, j) => sum + g * direction[j], 0);
    const scale = gradient.reduce((sum, g, j) => sum + Math.abs(g * direction[j]), 0.1);
    if (!(Math.abs(numeric - analytic) <= DIFFERENCE_TOLERANCE * scale)) {
      return `gradient of input ${i}: ${analytic} along a direction, central difference ${numeric}`;
    }
  }
  return undefined;
}
