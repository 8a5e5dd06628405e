/**
 * Kernels of tfjs' WebGPU backend (4.22.0) that compute something else than cpu, without a word: found by the sweep of test/wasm with the
 * GPU made to compute small tensors too.
 *
 * - `Cumsum` and `Cumprod` with `reverse`, which the gradient of a cumulative sum needs too: repeated partial sums from the wrong
 *   end. Here the input is reversed, summed forwards, and reversed again.
 * - `ArgMax` and `ArgMin` of a vector: shape [1] in place of [].
 * - the gradients of `Dilation2D`: wrong at padded and dilated windows. Refused.
 *
 * What the GPU refuses by itself (transposing int32, slices of rank 5 and their gradients) becomes an error in guard. Left as they are:
 * the logarithm of 0 is −88 and not −Infinity, cosines and arccosines err by up to 2·10⁻⁴, and among equal values `MaxPool` passes the gradient to
 * another one than cpu.
 */
import { getKernel, registerKernel, unregisterKernel } from '@tensorflow/tfjs-core';
import type { KernelBackend, KernelConfig, KernelFunc, TensorInfo } from '@tensorflow/tfjs-core';
import { AmunError } from '../../core/errors';

const BACKEND = 'webgpu';

type Run = (inputs: Record<string, TensorInfo>, attrs: Record<string, unknown>, backend: KernelBackend) => TensorInfo;

function kernel(kernelName: string): Run {
  const { kernelFunc } = getKernel(kernelName, BACKEND);
  return (inputs, attrs, backend) => kernelFunc({ inputs, backend, attrs: attrs as never }) as TensorInfo;
}

function replaceKernel(kernelName: string, make: (former: Run) => Run): void {
  const { setupFunc, disposeFunc } = getKernel(kernelName, BACKEND);
  const run = make(kernel(kernelName));
  const kernelFunc: KernelFunc = ({ inputs, attrs, backend }) =>
    run(inputs as Record<string, TensorInfo>, attrs as Record<string, unknown>, backend as KernelBackend);
  unregisterKernel(kernelName, BACKEND);
  const config: KernelConfig = { kernelName, backendName: BACKEND, kernelFunc };
  registerKernel({ ...config, ...(setupFunc && { setupFunc }), ...(disposeFunc && { disposeFunc }) });
}

function cumulateForwards(former: Run): Run {
  const reverse = kernel('Reverse');
  return ({ x }, attrs, backend) => {
    if (attrs['reverse'] !== true) return former({ x }, attrs, backend);
    const dims = [attrs['axis']];
    const backwards = reverse({ x }, { dims }, backend);
    const cumulated = former({ x: backwards }, { ...attrs, reverse: false }, backend);
    const result = reverse({ x: cumulated }, { dims }, backend);
    backend.disposeData(backwards.dataId);
    backend.disposeData(cumulated.dataId);
    return result;
  };
}

function withoutAxis(former: Run): Run {
  return ({ x }, attrs, backend) => {
    const result = former({ x }, attrs, backend);
    return x.shape.length === 1 ? { ...result, shape: [] } : result;
  };
}

function refuse(kernelName: string): Run {
  return () => {
    throw new AmunError(
      'kernel-missing',
      `webgpu: tfjs computes the kernel ${kernelName} wrongly on this backend; use another backend for this model.`,
    );
  };
}

/** Puts right, or refuses, what the backend gets wrong. Once per registration of its kernels. */
export function fixKernels(): void {
  for (const name of ['Cumsum', 'Cumprod']) replaceKernel(name, cumulateForwards);
  for (const name of ['ArgMax', 'ArgMin']) replaceKernel(name, withoutAxis);
  for (const name of ['Dilation2DBackpropInput', 'Dilation2DBackpropFilter']) replaceKernel(name, () => refuse(name));
}
