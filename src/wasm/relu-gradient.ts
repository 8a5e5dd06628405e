/**
 * The gradient of ReLU in one pass: dx = dy where x > 0, else 0. tfjs makes a mask, casts it and multiplies.
 */

import { backend, engine, getBackend, getGradient, registerGradient, util } from '@tensorflow/tfjs-core';
import type { GradConfig, Tensor } from '@tensorflow/tfjs-core';
import type { WasmBackend, WasmKernel } from './backend';
import { nativeKernels } from './native/load';

/** Name of the kernel that only this library runs. */
export const RELU_GRADIENT = 'AmunReluGradient';

/** {@link RELU_GRADIENT}: dy, x → dx, all of one shape. */
export const reluGradient: WasmKernel = ({ dy, x }, _attrs, wasm) => {
  const dx = wasm.makeOutput(x.shape, 'float32');
  // The gradient below comes here only while the compiled kernels are loaded.
  const native = nativeKernels(wasm)!;
  const [from, input, to] = [dy, x, dx].map((tensor) => native.address(tensor));
  native.call('relu_gradient', from, input, util.sizeFromShape(x.shape), to);
  return dx;
};

/** Replaces the gradient of `Relu` on the wasm backend; other backends and types keep theirs. */
export function registerReluGradient(): void {
  const original = getGradient('Relu');
  if (!original) return;
  const gradFunc: GradConfig['gradFunc'] = (dyOrList, saved, attrs) => {
    const [x] = saved;
    const dy = dyOrList as Tensor;
    const fast = getBackend() === 'wasm' && x.dtype === 'float32' && dy.dtype === 'float32';
    if (!fast || !nativeKernels(backend() as unknown as WasmBackend)) return original.gradFunc(dyOrList, saved, attrs);
    return { x: () => engine().runKernel(RELU_GRADIENT, { dy, x }) as Tensor };
  };
  registerGradient({ ...original, gradFunc });
}
