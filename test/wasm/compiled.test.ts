import { beforeAll, expect, it } from 'vitest';
import { useWasm } from '../../src/wasm';
import { testConvolutions } from './convolution-suite';
import { testKernels } from './kernels-suite';

beforeAll(async () => {
  await useWasm();
});

it('runs the compiled kernels, registered once', async () => {
  expect(await useWasm()).toEqual({ backend: 'wasm', registered: false, native: true });
});

testConvolutions();
testKernels();
