/**
 * What stays impossible on wasm, said in words: complex numbers, which the backend has no memory layout for.
 */

import { AmunError } from '../../core/errors';
import { getKernel } from '@tensorflow/tfjs-core';
import { replaceKernel } from '../backend';

/** Kernels of complex tensors. */
const COMPLEX_KERNELS = ['Complex', 'ComplexAbs', 'Real', 'Imag', 'FFT', 'IFFT'];

/** Registers a typed refusal for each kernel that the installed backend lacks. */
export function registerUnsupportedKernels(): void {
  for (const name of COMPLEX_KERNELS) {
    if (getKernel(name, 'wasm') !== undefined) continue;
    replaceKernel(name, () => {
      throw new AmunError(
        'kernel-missing',
        `${name}: the wasm backend has no complex numbers. Run this model on another backend, such as ` +
          '@tensorflow/tfjs-backend-cpu, or keep real and imaginary parts as two float32 tensors.',
      );
    });
  }
}
