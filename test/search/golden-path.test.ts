/**
 * The max-pooled golden net, step by step. Its search is chaotic: where two entries of a pooling window are closer than float32's
 * rounding, the last bit decides which pixel gets the gradient, and from there on two right programs part. So every gradient
 * along the way is compared with a float64 twin, pixel by pixel, but for the pixels of which the twin alone says that float32
 * cannot decide them (see cnn-twin.ts). End points are compared in golden.test.ts.
 */
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { oneHotLabels } from '../../src/model/losses';
import { cnnTwin, type TwinGradient } from '../golden/cnn-twin';
import { goldenCnn, goldenModels } from '../golden/models';
import { golden } from '../metrics/golden';
import { BACKENDS, useBackend } from '../model/support';

const PIXELS = 784;
const RADIUS = 0.04;
/** Steps of the four rounds with radii 0.04 to 0.32 that most stored examples take. */
const STEPS = 200;
const COMPARE_EVERY = 20;

interface Stored {
  readonly labels: number[];
  readonly tight: boolean[];
  readonly float64_reimplementation: { readonly gradient_steps: number[] };
}

interface State {
  readonly image: Float64Array;
  readonly label: number;
}

/** The next point as the original search steps: normalised, projected, clamped; the radius doubles every 50 steps. */
function next({ image, label }: State, clean: Float64Array, gradient: Float32Array, step: number): State {
  const radius = RADIUS * 2 ** Math.floor(step / 50);
  const scale = radius / 10 / Math.hypot(...gradient);
  const moved = image.map((value, i) => value - clean[i] + scale * gradient[i]);
  const shrink = Math.min(1, radius / Math.hypot(...moved));
  return { label, image: moved.map((delta, i) => Math.fround(Math.min(1, Math.max(0, clean[i] + shrink * delta)))) };
}

/** Gradients [N, 784] of cross-entropy on the current backend. */
function gradients(states: readonly State[]): Float32Array {
  const model = goldenCnn();
  const values = tf.tidy(() => {
    const pixels = Float32Array.from(states.flatMap(({ image }) => Array.from(image)));
    const oneHot = oneHotLabels(
      Int32Array.from(states, ({ label }) => label),
      10,
    );
    const loss = (x: tf.Tensor): tf.Tensor =>
      tf.neg(tf.sum(tf.mul(tf.logSoftmax(model.apply(x) as tf.Tensor), oneHot)));
    return tf
      .grad(loss)(tf.tensor(pixels, [states.length, 28, 28, 1]))
      .dataSync<'float32'>();
  });
  model.dispose();
  return values;
}

/** Every twentieth point on the way of the examples, led by the current backend's gradients. */
function followed(start: readonly State[]): State[] {
  const seen: State[] = [];
  let states = start;
  for (let step = 0; step < STEPS; step++) {
    if (step % COMPARE_EVERY === 0) seen.push(...states);
    const all = gradients(states);
    states = states.map((state, i) => next(state, start[i].image, all.subarray(i * PIXELS, (i + 1) * PIXELS), step));
  }
  return seen;
}

/** The examples on which PyTorch's own runs agree and that take all four rounds. */
function chosen(): State[] {
  const stored = golden<Record<'cnn', Stored>>('pgd-l2-increasing-epsilon').cnn;
  const images = Float64Array.from(goldenModels().images.data, (level) => Math.fround(level / 255));
  const indices = stored.labels.flatMap((_, i) =>
    stored.tight[i] && stored.float64_reimplementation.gradient_steps[i] >= STEPS ? [i] : [],
  );
  return indices.map((i) => ({ image: images.slice(i * PIXELS, (i + 1) * PIXELS), label: stored.labels[i] }));
}

let states: State[];
let expected: TwinGradient[];

beforeAll(async () => {
  await useBackend('wasm');
  states = followed(chosen());
  const twin = cnnTwin();
  expected = states.map(({ image, label }) => twin(image, label));
});

describe.each(BACKENDS)('golden path of the max-pooled net on %s', (backend) => {
  beforeAll(() => useBackend(backend));

  it('gradients agree with float64 in every pixel that float32 can decide', () => {
    const actual = gradients(states);
    expected.forEach(({ gradient, undecided }, n) => {
      const largest = gradient.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      const errors = gradient.map((value, i) => (undecided[i] === 1 ? 0 : Math.abs(actual[n * PIXELS + i] - value)));
      expect(Math.max(...errors)).toBeLessThan(1e-4 * largest);
    });
  });
});

it('leaves out less than half of the pixels', () => {
  const left = expected.reduce((sum, { undecided }) => sum + undecided.reduce((a, b) => a + b, 0), 0);
  expect(expected.length).toBe(70);
  expect(left).toBeLessThan(0.5 * expected.length * PIXELS);
});
