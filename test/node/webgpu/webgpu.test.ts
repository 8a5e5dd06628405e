/**
 * The library on WebGPU in Node, on SwiftShader: a GPU in software, which the package chromium brings. Everything is computed on cpu too.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';

/** Where Vulkan's loader is told of SwiftShader: by the caller's environment, or by Debian's and Ubuntu's package. */
const ICD = [process.env['VK_ICD_FILENAMES'], '/usr/lib/chromium/vk_swiftshader_icd.json'].find(
  (path) => path !== undefined && existsSync(path),
);

/** Sums of a few hundred products in float32, in another order, over two epochs. */
const TOLERANCE = 1e-5;

interface Computed {
  readonly searches: Record<string, { xs: number[]; found: number[]; distances: number[] }>;
  readonly unlearned: Record<string, { state: string; losses: number[]; weights: number[][]; retain: number }>;
  readonly leaked: number;
}

interface Printed {
  readonly info: Record<string, unknown>;
  readonly current: string;
  readonly cpu: Computed;
  readonly webgpu: Computed;
  readonly errors: Record<string, string>;
  readonly afterwards: number[];
  readonly fixedOnGpu: unknown;
  readonly fixedOnCpu: unknown;
}

let printed: Printed;
let ended: { readonly status: number | null; readonly signal: string | null; readonly stderr: string };

const largestDifference = (a: readonly number[], b: readonly number[]): number =>
  a.length === b.length ? Math.max(...a.map((value, i) => Math.abs(value - b[i]))) : Infinity;

describe.skipIf(ICD === undefined)(
  `WebGPU in Node${ICD === undefined ? ' (skipped: no SwiftShader; apt-get install chromium)' : ''}`,
  () => {
    beforeAll(() => {
      const folders = [process.env['LD_LIBRARY_PATH'], dirname(ICD!)].filter((folder) => folder !== undefined);
      const env = { ...process.env, VK_ICD_FILENAMES: ICD, LD_LIBRARY_PATH: folders.join(delimiter) };
      const program = fileURLToPath(new URL('./program.ts', import.meta.url));
      const run = spawnSync(process.execPath, ['--import', 'tsx', program], {
        env,
        encoding: 'utf8',
        maxBuffer: 2 ** 28,
      });
      ended = run;
      printed = JSON.parse(run.stdout || '{}') as Printed;
    });

    it('ends cleanly, with a device and tensors still there', () => {
      expect(ended.stderr).not.toMatch(/error/iu);
      expect([ended.status, ended.signal]).toEqual([0, null]);
    });

    it('refuses a GPU in software unless told otherwise, and says what it found', () => {
      expect(printed.errors['refused']).toBe('no-backend');
      expect(printed.info).toMatchObject({ backend: 'webgpu', software: true });
      expect(printed.info['adapter']).toMatch(/swiftshader/iu);
      // Far beyond the 128 MB that are granted unless asked.
      expect(printed.info['maxTensorBytes']).toBeGreaterThan(2 ** 28);
      expect(printed.current).toBe('webgpu');
    });

    it('finds the same neighbours as cpu', () => {
      expect(Object.keys(printed.cpu.searches)).toEqual(['IncreasingEpsilonSearch', 'MinimumNormSearch']);
      for (const [name, expected] of Object.entries(printed.cpu.searches)) {
        const got = printed.webgpu.searches[name];
        expect(got.found).toEqual(expected.found);
        expect(expected.found).toContain(1);
        expect(largestDifference(got.xs, expected.xs)).toBeLessThan(TOLERANCE);
        expect(largestDifference(got.distances, expected.distances)).toBeLessThan(TOLERANCE);
      }
    });

    it('unlearns as cpu does, method by method, and evaluates the same', () => {
      expect(Object.keys(printed.cpu.unlearned).length).toBe(5);
      for (const [name, expected] of Object.entries(printed.cpu.unlearned)) {
        const got = printed.webgpu.unlearned[name];
        expect(got.state).toBe('completed');
        expect(largestDifference(got.losses, expected.losses)).toBeLessThan(TOLERANCE);
        expect(got.weights.length).toBe(expected.weights.length);
        const errors = expected.weights.map((weights, i) => largestDifference(got.weights[i], weights));
        expect(Math.max(...errors), name).toBeLessThan(TOLERANCE);
        expect(got.retain).toBe(expected.retain);
      }
      expect(printed.cpu.unlearned['amun'].losses[1]).toBeLessThan(printed.cpu.unlearned['amun'].losses[0]);
    });

    it('leaks no tensor', () => {
      expect(printed.webgpu.leaked).toBe(0);
    });

    it('computes what tfjs gets wrong there', () => {
      expect(printed.fixedOnGpu).toEqual(printed.fixedOnCpu);
    });

    it('says what it can not do, and goes on when it is set up anew', () => {
      const { dilation, sync, refusal, sticky } = printed.errors;
      expect({ dilation, sync, refusal, sticky }).toEqual({
        dilation: 'kernel-missing',
        sync: 'kernel-missing',
        refusal: 'kernel-missing',
        sticky: 'kernel-missing',
      });
      expect(printed.afterwards).toEqual([2, 2, 2, 2]);
    });
  },
);

describe('useWebgpu without a GPU', () => {
  it('says what to install, and keeps the backend', () => {
    const program = `
      import '@tensorflow/tfjs-backend-cpu';
      import * as tf from '@tensorflow/tfjs-core';
      import { useWebgpu } from 'amun-ts/node';
      await tf.setBackend('cpu');
      const { code, message } = await useWebgpu().catch((error) => error);
      const option = await useWebgpu({ software: true }).catch((error) => error.code);
      console.log(JSON.stringify({ code, message, option, backend: tf.getBackend() }));
    `;
    const env = { ...process.env, VK_ICD_FILENAMES: '/dev/null', VK_DRIVER_FILES: '/dev/null' };
    const options = { env, encoding: 'utf8', cwd: fileURLToPath(new URL('../../../', import.meta.url)) } as const;
    const run = spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', program], options);
    expect(run.status).toBe(0);
    const { code, message, option, backend } = JSON.parse(run.stdout) as Record<string, string>;
    expect({ code, option, backend }).toEqual({ code: 'no-backend', option: 'invalid-option', backend: 'cpu' });
    expect(message).toMatch(/Vulkan driver/u);
  });
});
