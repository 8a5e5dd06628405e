import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-layers';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { useFastestBackend } from 'amun-ts/node';
import { loadBackendPackage } from '../../src/node/backend-candidates';
import type { Candidate } from '../../src/node/backend-candidates';
import { probeRate } from '../../src/node/backend-probe';
import { useFastestOf } from '../../src/node/fastest-backend';
import { wrongGradient } from '../../src/node/gradient-check';
import { sharedState } from '../../src/core/shared-state';
import { useWasm } from '../../src/wasm/use-wasm';

let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'amun-backend-'));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

/** A candidate whose package is a module with this source. */
async function fromSource(name: Candidate['name'], backend: string, source: string): Promise<Candidate> {
  const path = join(folder, `${name}-${backend}-${source.length}.mjs`);
  await writeFile(path, source);
  const start = () => loadBackendPackage(path, backend);
  return { name, packages: [`@tensorflow/${name}`], backend, description: 'a test', start };
}

const cpu: Candidate = {
  name: 'cpu',
  packages: ['@tensorflow/tfjs-backend-cpu'],
  backend: 'cpu',
  description: 'plain JavaScript',
  start: () => loadBackendPackage('@tensorflow/tfjs-backend-cpu', 'cpu'),
};

/** Never started where another works. */
const last: Candidate = { ...cpu, lastResort: true, start: () => Promise.reject(new Error('never started')) };

describe('useFastestBackend', () => {
  it('measures what works, takes the fastest and passes over what is not installed', async () => {
    const startedAt = performance.now();
    const chosen = await useFastestBackend();
    expect(performance.now() - startedAt).toBeLessThan(10_000);
    expect(tf.getBackend()).toBe(chosen.backend);
    const names = chosen.tried.map(({ name }) => name);
    expect(names).toEqual(['tfjs-node-gpu', 'tfjs-node', 'native', 'webgpu', 'wasm']);
    expect(chosen.tried[0]).toEqual({ name: 'tfjs-node-gpu', ok: false, reason: 'not installed' });
    const wasm = chosen.tried.find(({ name }) => name === 'wasm')!;
    expect(wasm.ok).toBe(true);
    expect(wasm.imagesPerSecond).toBeGreaterThan(0);
    const rates = chosen.tried.map(({ imagesPerSecond = 0 }) => imagesPerSecond);
    const best = chosen.tried[rates.indexOf(Math.max(...rates))];
    expect(chosen.name).toBe(best.name);
    expect(chosen.reason).toMatch(new RegExp(`^${best.name}: .* images/s in the probe.*tfjs-node: not installed`, 'u'));
  });

  it('goes by the measurement, and undoes what it started for the others', async () => {
    const log: string[] = [];
    const candidate = (name: Candidate['name'], ms: number): Candidate => ({
      ...cpu,
      name,
      start: async () => {
        await tf.setBackend('cpu');
        log.push(`start ${name}`);
        sharedState().engine = {
          name,
          run: async (step) => {
            await new Promise((resolve) => setTimeout(resolve, ms));
            return [tf.clone(step.inputs[0])];
          },
        };
        return async () => {
          log.push(`stop ${name}`);
          sharedState().engine = undefined;
        };
      },
    });
    try {
      const chosen = await useFastestOf([
        candidate('native', 30),
        candidate('tfjs-node', 5),
        candidate('wasm', 60),
        last,
      ]);
      expect(chosen.name).toBe('tfjs-node');
      expect(chosen.tried.map(({ name }) => name)).toEqual(['native', 'tfjs-node', 'wasm']);
      expect(sharedState().engine!.name).toBe('tfjs-node');
      expect(log.slice(-1)).toEqual(['start tfjs-node']);
      expect(log.filter((line) => line.startsWith('stop'))).toEqual(['stop native', 'stop tfjs-node', 'stop wasm']);
    } finally {
      sharedState().engine = undefined;
    }
  });

  it('passes over a package whose native binding is missing, and says so', async () => {
    const source = `const error = new Error("Cannot find module '/x/tfjs_binding.node'\\nRequire stack:"); error.code = 'MODULE_NOT_FOUND'; throw error;`;
    const chosen = await useFastestOf([await fromSource('tfjs-node', 'tensorflow', source), cpu]);
    expect(chosen.backend).toBe('cpu');
    expect(chosen.tried[0]).toEqual({
      name: 'tfjs-node',
      ok: false,
      reason: "installed, but it does not work: Cannot find module '/x/tfjs_binding.node'",
    });
  });

  it('passes over a package that registered with another tfjs-core', async () => {
    const chosen = await useFastestOf([await fromSource('tfjs-node', 'tensorflow', 'export default 1;'), cpu]);
    expect(chosen.tried[0].reason).toMatch(/another copy of @tensorflow\/tfjs-core/u);
  });

  it('passes over a backend that loads and computes nonsense', async () => {
    const start = async () => {
      await tf.setBackend('cpu');
      return undefined;
    };
    const chosen = await useFastestOf([{ ...cpu, name: 'tfjs-node', backend: 'tensorflow', start }, cpu]);
    expect(chosen.tried[0].reason).toMatch(/the current backend is 'cpu'/u);
    expect(chosen.backend).toBe('cpu');
  });

  it('keeps the current backend and gives the install line when nothing works', async () => {
    await tf.setBackend('cpu');
    const broken = await fromSource('tfjs-node', 'tensorflow', 'throw new Error("no AVX");');
    await expect(useFastestOf([broken])).rejects.toMatchObject({
      code: 'no-backend',
      message: expect.stringMatching(/no AVX.*npm install @tensorflow\/tfjs-backend-wasm@\^4\.22\.0$/u) as string,
    });
    expect(tf.getBackend()).toBe('cpu');
  });

  it('leaks no tensor', async () => {
    const before = tf.memory().numTensors;
    await useFastestBackend();
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('the checks of a backend', () => {
  it.each(['cpu', 'wasm'])('finds the gradients of %s right, measures it, and leaks nothing', async (backend) => {
    if (backend === 'wasm') await useWasm();
    else await tf.setBackend('cpu');
    const before = tf.memory().numTensors;
    expect(await wrongGradient()).toBeUndefined();
    if (backend === 'wasm') expect(await probeRate()).toBeGreaterThan(0);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('finds a wrong gradient, and says which', async () => {
    await tf.setBackend('cpu');
    const right = tf.getGradient('MaxPool');
    tf.registerGradient({ ...right, gradFunc: (_dy, saved) => ({ x: () => tf.zerosLike((saved as tf.Tensor[])[0]) }) });
    try {
      expect(await wrongGradient()).toMatch(/gradient of maxPool should be 1 0 1 0.*and is 0 0 0/u);
    } finally {
      tf.registerGradient(right);
    }
  });
});
