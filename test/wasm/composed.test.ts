import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it, vi } from 'vitest';
import { useWasm } from '../../src/wasm';
import type { WasmInfo } from '../../src/wasm';
import { testConvolutions } from './convolution-suite';
import { testKernels } from './kernels-suite';

let info: WasmInfo;

beforeAll(async () => {
  await tf.setBackend('wasm');
  await tf.ready();
  // A host that cannot load the compiled kernels, as one without SIMD.
  const instantiate = vi.spyOn(WebAssembly, 'instantiate').mockRejectedValue(new WebAssembly.CompileError('no SIMD'));
  info = await useWasm();
  instantiate.mockRestore();
});

it('stands in for compiled kernels that do not load', () => {
  expect(info).toEqual({ backend: 'wasm', registered: true, native: false });
});

testConvolutions();
testKernels();
