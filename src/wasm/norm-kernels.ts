/**
 * Batch normalisation by the compiled kernels, with x seen as [rows, channels]:
 *
 *     y = (x − μ)·s + β with s = γ·i and i = 1 / √(σ² + ε)
 *
 * In training, μ and σ² are those of x itself, and depend on it (Ioffe and Szegedy, arXiv 1502.03167, section 3):
 *
 *     dx = s·(dy − Σdy / M) − (x − μ)·s·i²·Σ(dy·(x − μ)) / M    dγ = i·Σ dy·(x − μ)    dβ = Σ dy
 *
 * which is one pass over dy and x for the sums and one for dx.
 */

import { util } from '@tensorflow/tfjs-core';
import type { KernelFunc, TensorInfo } from '@tensorflow/tfjs-core';
import { floats } from './backend';
import type { Inputs, WasmBackend, WasmKernel } from './backend';
import { nativeKernels } from './native/load';
import type { NativeKernels } from './native/load';

/** Names of the kernels that only this library runs. */
export const TRAIN_NORM = 'AmunTrainNorm';
export const TRAIN_NORM_GRADIENT = 'AmunTrainNormGradient';

const FLOAT_BYTES = 4;
/** Floats per channel that the compiled sums need (rows.c). */
const SUM_FLOATS = 6;

/** Scratch space seen as vectors of one float per channel, behind what the compiled sums use. */
class ChannelVectors {
  private readonly base: number;

  constructor(
    private readonly native: NativeKernels,
    private readonly backend: WasmBackend,
    private readonly channels: number,
    count: number,
  ) {
    this.base = native.scratch((SUM_FLOATS + count) * channels);
  }

  /** The address of vector `index`. */
  address(index: number): number {
    return this.base + (SUM_FLOATS + index) * this.channels * FLOAT_BYTES;
  }

  /** The values of vector `index`, in place. */
  values(index: number): Float32Array {
    return new Float32Array(this.backend.wasm.HEAPU8.buffer, this.address(index) >>> 0, this.channels);
  }

  /** Where the compiled sums keep theirs. */
  get sums(): number {
    return this.base;
  }

  call(name: 'moments' | 'norm_sums' | 'scale_rows' | 'norm_input_gradient', ...args: number[]): void {
    this.native.call(name, ...args);
  }
}

/** s of each channel, into `to`. */
function fillSlopes(
  backend: WasmBackend,
  to: Float32Array,
  variance: TensorInfo,
  scale: TensorInfo | undefined,
  epsilon: number,
): void {
  const sigma = floats(backend, variance);
  const gamma = scale == null ? undefined : floats(backend, scale);
  for (let c = 0; c < to.length; c++) to[c] = (gamma?.[c] ?? 1) / Math.sqrt(sigma[c] + epsilon);
}

function rowsOf(x: TensorInfo): { rows: number; channels: number } {
  const channels = x.shape[x.shape.length - 1];
  return { channels, rows: util.sizeFromShape(x.shape) / channels };
}

/** y = (x − mean)·s + offset */
function normalise(native: NativeKernels, backend: WasmBackend, inputs: Inputs, y: TensorInfo, epsilon: number): void {
  const { x, mean, variance, scale, offset } = inputs;
  const { rows, channels } = rowsOf(x);
  const [from, centre, to] = [x, mean, y].map((tensor) => native.address(tensor));
  const given = offset == null ? undefined : native.address(offset);
  const vectors = new ChannelVectors(native, backend, channels, 2);
  fillSlopes(backend, vectors.values(0), variance, scale, epsilon);
  if (given === undefined) vectors.values(1).fill(0);
  const shift = given ?? vectors.address(1);
  vectors.call('scale_rows', from, rows, channels, centre, vectors.address(0), shift, to);
}

/** `FusedBatchNorm` with one value per channel. */
export function fusedBatchNorm(original: KernelFunc): WasmKernel {
  return (inputs, attrs, backend) => {
    const { x, mean, variance, offset, scale } = inputs;
    const native = nativeKernels(backend);
    const perChannel = [mean, variance, offset, scale].every(
      (vector) => vector == null || util.sizeFromShape(vector.shape) === x.shape[x.shape.length - 1],
    );
    if (!native || !perChannel || x.dtype !== 'float32' || util.sizeFromShape(x.shape) === 0) {
      return original({ inputs, attrs: attrs as never, backend });
    }
    const y = backend.makeOutput(x.shape, 'float32');
    normalise(native, backend, inputs, y, attrs['varianceEpsilon'] as number);
    return y;
  };
}

function required(backend: WasmBackend): NativeKernels {
  // The layers are only redirected here while the compiled kernels are loaded.
  return nativeKernels(backend)!;
}

/** {@link TRAIN_NORM}: x [..., C], scale?, offset? [C] → y like x, and the batch's mean and variance [C]. */
export const trainNorm: WasmKernel = (inputs, attrs, backend) => {
  const native = required(backend);
  const { x } = inputs;
  const { rows, channels } = rowsOf(x);
  const y = backend.makeOutput(x.shape, 'float32');
  const mean = backend.makeOutput([channels], 'float32');
  const variance = backend.makeOutput([channels], 'float32');
  const vectors = new ChannelVectors(native, backend, channels, 0);
  const [from, meanAddress, varianceAddress] = [x, mean, variance].map((tensor) => native.address(tensor));
  vectors.call('moments', from, rows, channels, meanAddress, varianceAddress, vectors.sums);
  normalise(native, backend, { ...inputs, mean, variance }, y, attrs['epsilon'] as number);
  return [y, mean, variance];
};

/** {@link TRAIN_NORM_GRADIENT}: dy, x [..., C], mean, variance, scale? [C] → dx like x, dscale and doffset [C]. */
export const trainNormGradient: WasmKernel = ({ dy, x, mean, variance, scale }, attrs, backend) => {
  const native = required(backend);
  const epsilon = attrs['epsilon'] as number;
  const { rows, channels } = rowsOf(x);
  const dx = backend.makeOutput(x.shape, 'float32');
  const dScale = backend.makeOutput([channels], 'float32');
  const dOffset = backend.makeOutput([channels], 'float32');
  const vectors = new ChannelVectors(native, backend, channels, 3);
  const [dyAddress, xAddress, meanAddress, dxAddress] = [dy, x, mean, dx].map((tensor) => native.address(tensor));
  const sums = [dOffset, dScale].map((tensor) => native.address(tensor));
  vectors.call('norm_sums', dyAddress, xAddress, meanAddress, rows, channels, ...sums, vectors.sums);
  const [slope, direct, centred] = [0, 1, 2].map((index) => vectors.values(index));
  fillSlopes(backend, slope, variance, scale, epsilon);
  const [sum, product, sigma] = [dOffset, dScale, variance].map((tensor) => floats(backend, tensor));
  for (let c = 0; c < channels; c++) {
    const inverse = 1 / Math.sqrt(sigma[c] + epsilon);
    direct[c] = sum[c] / rows;
    centred[c] = (slope[c] * inverse * inverse * product[c]) / rows;
    product[c] *= inverse;
  }
  const addresses = [0, 1, 2].map((index) => vectors.address(index));
  vectors.call('norm_input_gradient', dyAddress, xAddress, rows, channels, meanAddress, ...addresses, dxAddress);
  return [dx, dScale, dOffset];
};
