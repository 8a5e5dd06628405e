/**
 * Matrix products. tfjs' kernel is slow with transpose flags, twelve times slower than to transpose first; the compiled one packs
 * either matrix as it is stored.
 */

import { util } from '@tensorflow/tfjs-core';
import type { KernelFunc, TensorInfo } from '@tensorflow/tfjs-core';
import { compose } from './backend';
import type { Inputs, RunStep, WasmBackend, WasmKernel } from './backend';
import { CLAMPS } from './clamps';
import { defer } from './deferred';
import { nativeKernels } from './native/load';
import type { NativeKernels } from './native/load';

const PANEL = 8;

/** Sizes of one product, or of a batch of them. */
interface Product {
  batch: number;
  m: number;
  n: number;
  k: number;
  transposeA: boolean;
  transposeB: boolean;
  /** Floats from one matrix to the next of the batch; 0 where one serves all. */
  stepA: number;
  stepB: number;
  shape: number[];
}

function productOf({ a, b }: Inputs, attrs: Record<string, unknown>): Product | undefined {
  const [transposeA, transposeB] = [Boolean(attrs['transposeA']), Boolean(attrs['transposeB'])];
  const [rowsA, columnsA] = a.shape.slice(-2);
  const [rowsB, columnsB] = b.shape.slice(-2);
  const [m, k] = transposeA ? [columnsA, rowsA] : [rowsA, columnsA];
  const [n, kB] = transposeB ? [rowsB, columnsB] : [columnsB, rowsB];
  const [outerA, outerB] = [a.shape.slice(0, -2), b.shape.slice(0, -2)];
  const [batchA, batchB] = [outerA, outerB].map((shape) => util.sizeFromShape(shape));
  const sameBatch = util.arraysEqual(outerA, outerB);
  const ranksAgree = outerA.length === outerB.length;
  if (a.dtype !== 'float32' || b.dtype !== 'float32' || k !== kB || m * n * k === 0) return undefined;
  if (!sameBatch && !(ranksAgree && (batchA === 1 || batchB === 1))) return undefined;
  const batch = Math.max(batchA, batchB);
  const shape = [...(batchA >= batchB ? outerA : outerB), m, n];
  const flat = { transposeA, transposeB, n, k, shape };
  // Matrices of a that meet one and the same b are one tall matrix.
  if (batchB === 1 && !transposeA) return { ...flat, batch: 1, m: batch * m, stepA: 0, stepB: 0 };
  return { ...flat, batch, m, stepA: batchA === 1 ? 0 : m * k, stepB: batchB === 1 ? 0 : n * k };
}

const scratchFloats = (p: Product) => p.k * Math.ceil(p.n / PANEL) * PANEL;

function multiplyInto(native: NativeKernels, p: Product, { a, b }: Inputs, out: TensorInfo): void {
  // First the addresses: asking for a deferred tensor's computes it, in the same scratch space.
  const [addressA, addressB, addressOut] = [a, b, out].map((tensor) => native.address(tensor));
  const left = [addressA, Number(p.transposeA), p.stepA];
  const right = [addressB, Number(p.transposeB), p.stepB];
  native.call('matmul', p.batch, p.m, p.n, p.k, ...left, ...right, addressOut, native.scratch(scratchFloats(p)));
}

function multiply(native: NativeKernels, backend: WasmBackend, p: Product, inputs: Inputs): TensorInfo {
  const out = backend.makeOutput(p.shape, 'float32');
  multiplyInto(native, p, inputs, out);
  return out;
}

/**
 * The product at its first use. The gradient of a fused dense layer by its weights, aᵀ·dy, is asked for even when only the
 * input's is wanted, like a convolution's: see deferred.ts.
 */
function multiplyLater(native: NativeKernels, backend: WasmBackend, p: Product, inputs: Inputs): TensorInfo {
  const out = backend.makeOutput(p.shape, 'float32');
  native.scratch(scratchFloats(p));
  return defer(backend, out, [inputs['a'], inputs['b']], () => {
    multiplyInto(native, p, inputs, out);
  });
}

/** `BatchMatMul`: a [..., m, k], b [..., k, n] → [..., m, n]. */
export function matMul(original: KernelFunc): WasmKernel {
  const fallback = transposingMatMul(original);
  return (inputs, attrs, backend) => {
    const native = nativeKernels(backend);
    const product = native && productOf(inputs, attrs);
    if (!native || !product) return fallback(inputs, attrs, backend);
    const weightGradient = product.transposeA && !product.transposeB;
    return (weightGradient ? multiplyLater : multiply)(native, backend, product, inputs);
  };
}

/** `_FusedMatMul`: product, bias and activation. */
export function fusedMatMul(original: KernelFunc): WasmKernel {
  const fallback = transposingMatMul(original);
  return (inputs, attrs, backend) => {
    const { bias } = inputs;
    const native = nativeKernels(backend);
    const clamp = CLAMPS.get(attrs['activation'] ?? undefined);
    const product = native && clamp !== undefined ? productOf(inputs, attrs) : undefined;
    const plainBias = bias == null || (bias.shape.length === 1 && bias.shape[0] === product?.n);
    if (!native || !product || !plainBias) return fallback(inputs, attrs, backend);
    const out = multiply(native, backend, product, inputs);
    if (bias != null || clamp !== 0) {
      const address = bias == null ? 0 : native.address(bias);
      native.call('add_bias', native.address(out), product.batch * product.m, product.n, address, clamp!);
    }
    return out;
  };
}

function transposed(step: RunStep, x: TensorInfo): TensorInfo {
  const rank = x.shape.length;
  const perm = x.shape.map((_, axis) => axis);
  [perm[rank - 2], perm[rank - 1]] = [rank - 1, rank - 2];
  return step('Transpose', { x }, { perm });
}

/** `original` with a and b transposed beforehand where their flags say so. */
function transposingMatMul(original: KernelFunc): WasmKernel {
  return (inputs, attrs, backend) =>
    compose(backend, (step) => {
      const a = attrs['transposeA'] ? transposed(step, inputs['a']) : inputs['a'];
      const b = attrs['transposeB'] ? transposed(step, inputs['b']) : inputs['b'];
      const plain = { ...attrs, transposeA: false, transposeB: false };
      return original({ inputs: { ...inputs, a, b }, attrs: plain as never, backend }) as TensorInfo;
    });
}
