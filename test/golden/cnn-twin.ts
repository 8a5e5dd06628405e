/**
 * The stored `cnn` in float64 and plain loops: the gradient that the search follows, and which of its entries a float32 run
 * can be held to.
 *
 * A max-pooling window sends its gradient to its largest entry. Where the two largest are closer than the rounding error of
 * float32 sums, each order of summation may choose another entry: the window is undecided, and so is the gradient of every
 * pixel that it reaches. The error bound is the usual one for a sum of n products in any order, |error| ≤ n · 2⁻²⁴ · Σ |terms|
 * (Higham, "Accuracy and Stability of Numerical Algorithms", section 3.1), carried from layer to layer. Entries of equal
 * patches tie exactly in any arithmetic; the first counts.
 */
import { goldenModels, type GoldenTensor } from './models';

const UNIT = 2 ** -24;
const CLASSES = 10;
const TAPS = [-1, 0, 1];

interface Convolution {
  readonly size: number;
  readonly from: number;
  readonly to: number;
  readonly kernel: Float64Array;
  readonly bias: Float64Array;
}

/** Values [size, size, channels] and bounds of their float32 errors. */
interface Layer {
  readonly values: Float64Array;
  readonly errors: Float64Array;
}

/** A pooled layer: where each value came from, and whether float32 may tell otherwise. */
interface Pooled extends Layer {
  readonly source: Int32Array;
  readonly undecided: Uint8Array;
}

const float32 = ({ data }: GoldenTensor): Float64Array => Float64Array.from(data, Math.fround);

/** Calls for each pair of an output pixel and an input pixel of its 3×3 window, with the position in the kernel. */
function forTaps(size: number, visit: (output: number, input: number, tap: number) => void): void {
  for (let row = 0; row < size; row++)
    for (let column = 0; column < size; column++)
      for (const r of TAPS)
        for (const s of TAPS) {
          if (row + r < 0 || row + r >= size || column + s < 0 || column + s >= size) continue;
          visit(row * size + column, (row + r) * size + column + s, 3 * (r + 1) + s + 1);
        }
}

function convolve({ size, from, to, kernel, bias }: Convolution, x: Layer): Layer {
  const pixels = size * size;
  const values = Float64Array.from({ length: pixels * to }, (_, i) => bias[i % to]);
  const magnitudes = values.map(Math.abs);
  const inherited = new Float64Array(pixels * to);
  forTaps(size, (output, input, tap) => {
    for (let c = 0; c < from; c++) {
      const value = x.values[input * from + c];
      const error = x.errors[input * from + c];
      if (value === 0 && error === 0) continue;
      const weights = (tap * from + c) * to;
      for (let o = 0; o < to; o++) {
        const term = value * kernel[weights + o];
        values[output * to + o] += term;
        magnitudes[output * to + o] += Math.abs(term);
        inherited[output * to + o] += error * Math.abs(kernel[weights + o]);
      }
    }
  });
  const terms = 9 * from + 1;
  return { values, errors: inherited.map((error, i) => error + terms * UNIT * magnitudes[i]) };
}

/** The gradient by the input. */
function backward({ size, from, to, kernel }: Convolution, dy: Float64Array): Float64Array {
  const dx = new Float64Array(size * size * from);
  forTaps(size, (output, input, tap) => {
    for (let o = 0; o < to; o++) {
      const value = dy[output * to + o];
      if (value === 0) continue;
      for (let c = 0; c < from; c++) dx[input * from + c] += value * kernel[(tap * from + c) * to + o];
    }
  });
  return dx;
}

/** relu, then the first maximum of each 2×2 window; source −1 where nothing is above zero. */
function reluPool({ values, errors }: Layer, size: number, channels: number): Pooled {
  const half = size / 2;
  const length = half * half * channels;
  const result = { values: new Float64Array(length), errors: new Float64Array(length) };
  const source = new Int32Array(length).fill(-1);
  const undecided = new Uint8Array(length);
  for (let at = 0; at < length; at++) {
    const pixel = Math.floor(at / channels);
    const corner = 2 * Math.floor(pixel / half) * size + 2 * (pixel % half);
    let best = corner * channels + (at % channels);
    for (const step of [1, size, size + 1]) {
      const entry = (corner + step) * channels + (at % channels);
      if (values[entry] > values[best]) best = entry;
    }
    const positive = values[best] > 0;
    if (positive) [result.values[at], source[at]] = [values[best], best];
    // Below zero it is relu that decides, between the largest entry and zero.
    if (Math.abs(values[best]) <= errors[best]) undecided[at] = 1;
    for (const step of [0, 1, size, size + 1]) {
      const entry = (corner + step) * channels + (at % channels);
      result.errors[at] = Math.max(result.errors[at], errors[entry]);
      const gap = values[best] - values[entry];
      const bound = errors[best] + errors[entry];
      if ((positive && gap !== 0 && gap <= bound) || Math.abs(values[entry]) <= errors[entry]) undecided[at] = 1;
    }
  }
  return { ...result, source, undecided };
}

/** The gradient by the layer before relu and pooling. */
function unpool({ source }: Pooled, dy: Float64Array, length: number): Float64Array {
  const dx = new Float64Array(length);
  source.forEach((entry, at) => {
    if (entry >= 0) dx[entry] += dy[at];
  });
  return dx;
}

/** Marks the pixels of a square image that lie within `reach` of the undecided windows, each `window` pixels wide. */
function markReached(undecided: Uint8Array, half: number, window: number, reach: number, marked: Uint8Array): void {
  const size = half * window;
  const channels = undecided.length / half ** 2;
  undecided.forEach((flag, at) => {
    if (flag === 0) return;
    const pixel = Math.floor(at / channels);
    const [top, left] = [Math.floor(pixel / half) * window - reach, (pixel % half) * window - reach];
    for (let row = Math.max(0, top); row < Math.min(size, top + window + 2 * reach); row++)
      for (let column = Math.max(0, left); column < Math.min(size, left + window + 2 * reach); column++)
        marked[row * size + column] = 1;
  });
}

/** The gradient [784] of cross-entropy by one image. */
export interface TwinGradient {
  readonly gradient: Float64Array;
  /** 1 for the pixels whose gradient hangs on a comparison that float32 cannot decide. */
  readonly undecided: Uint8Array;
}

/** The gradient of cross-entropy for images [784] of one class. */
export function cnnTwin(): (image: ArrayLike<number>, label: number) => TwinGradient {
  const { weights } = goldenModels().cnn;
  const layer = (name: string, size: number, from: number, to: number): Convolution => {
    return { size, from, to, kernel: float32(weights[`${name}/kernel`]), bias: float32(weights[`${name}/bias`]) };
  };
  const [first, second] = [layer('conv1', 28, 1, 8), layer('conv2', 14, 8, 16)];
  const [dense, bias] = [float32(weights['dense/kernel']), float32(weights['dense/bias'])];
  return (image, label) => {
    const pooled1 = reluPool(convolve(first, { values: Float64Array.from(image), errors: new Float64Array(784) }), 28, 8);
    const pooled2 = reluPool(convolve(second, pooled1), 14, 16);
    const logits = bias.map((b, k) => pooled2.values.reduce((sum, value, i) => sum + value * dense[i * CLASSES + k], b));
    const largest = Math.max(...logits);
    const total = logits.reduce((sum, z) => sum + Math.exp(z - largest), 0);
    const dz = logits.map((z, k) => Math.exp(z - largest) / total - (k === label ? 1 : 0));
    const dPooled2 = pooled2.values.map((_, i) => dz.reduce((sum, d, k) => sum + d * dense[i * CLASSES + k], 0));
    const dPooled1 = backward(second, unpool(pooled2, dPooled2, 14 * 14 * 16));
    const gradient = backward(first, unpool(pooled1, dPooled1, 28 * 28 * 8));
    const undecided = new Uint8Array(784);
    markReached(pooled1.undecided, 14, 2, 1, undecided);
    // From a window of 2×2 second-layer values, one more on each side, each pooled from 2×2, and one pixel more: 4 + 2·3 wide.
    markReached(pooled2.undecided, 7, 4, 3, undecided);
    return { gradient, undecided };
  };
}
