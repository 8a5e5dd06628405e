import * as tf from '@tensorflow/tfjs-core';
import { afterEach, expect, it, vi } from 'vitest';
import { useWasm } from '../../src/wasm';

afterEach(() => {
  vi.doUnmock('@tensorflow/tfjs-backend-wasm');
  vi.resetModules();
});

it('does nothing when it is imported', () => {
  expect(tf.findBackendFactory('wasm')).toBeNull();
  expect(tf.getKernel('Conv2DBackpropFilter', 'wasm')).toBeUndefined();
});

it('says what to install when the backend is missing', async () => {
  vi.doMock('@tensorflow/tfjs-backend-wasm', () => {
    throw new Error('Cannot find package');
  });
  await expect(useWasm()).rejects.toMatchObject({
    code: 'no-backend',
    message: expect.stringContaining('npm install @tensorflow/tfjs-backend-wasm') as string,
  });
});

it('names an option that it does not have, before it loads anything', async () => {
  await expect(useWasm({ wasmPath: '/wasm/' } as object)).rejects.toMatchObject({
    code: 'invalid-option',
    message: expect.stringContaining("no option 'wasmPath'; known options are wasmPaths") as string,
  });
  expect(tf.findBackendFactory('wasm')).toBeNull();
});

it('refuses paths that leave a file out', async () => {
  await expect(useWasm({ wasmPaths: { 'tfjs-backend-wasm.wasm': '/a.wasm' } })).rejects.toMatchObject({
    code: 'invalid-option',
    message: expect.stringContaining('tfjs-backend-wasm-simd.wasm') as string,
  });
});
