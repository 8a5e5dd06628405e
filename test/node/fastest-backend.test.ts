import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-layers';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { useFastestBackend } from 'amun-ts/node';
import { loadBackendPackage, useFirstOf } from '../../src/node/fastest-backend';
import type { Candidate } from '../../src/node/fastest-backend';

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
  return { name, packageName: `@tensorflow/${name}`, backend, description: 'a test', start };
}

const cpu: Candidate = {
  name: 'cpu',
  packageName: '@tensorflow/tfjs-backend-cpu',
  backend: 'cpu',
  description: 'plain JavaScript',
  start: () => loadBackendPackage('@tensorflow/tfjs-backend-cpu', 'cpu'),
};

describe('useFastestBackend', () => {
  it('passes over what is not installed and takes wasm', async () => {
    const chosen = await useFastestBackend();
    expect(chosen.backend).toBe('wasm');
    expect(tf.getBackend()).toBe('wasm');
    expect(chosen.tried.map(({ name, ok }) => [name, ok])).toEqual([
      ['tfjs-node-gpu', false],
      ['tfjs-node', false],
      ['wasm', true],
    ]);
    expect(chosen.tried[0].reason).toBe('not installed');
    expect(chosen.reason).toMatch(/^wasm: .*tfjs-node: not installed$/u);
  });

  it('passes over a package whose native binding is missing, and says so', async () => {
    const source = `const error = new Error("Cannot find module '/x/tfjs_binding.node'\\nRequire stack:"); error.code = 'MODULE_NOT_FOUND'; throw error;`;
    const chosen = await useFirstOf([await fromSource('tfjs-node', 'tensorflow', source), cpu]);
    expect(chosen.backend).toBe('cpu');
    expect(chosen.tried[0]).toEqual({
      name: 'tfjs-node',
      ok: false,
      reason: "installed, but it does not work: Cannot find module '/x/tfjs_binding.node'",
    });
  });

  it('passes over a package that registered with another tfjs-core', async () => {
    const chosen = await useFirstOf([await fromSource('tfjs-node', 'tensorflow', 'export default 1;'), cpu]);
    expect(chosen.tried[0].reason).toMatch(/another copy of @tensorflow\/tfjs-core/u);
  });

  it('passes over a backend that loads and computes nonsense', async () => {
    const start = async () => {
      await tf.setBackend('cpu');
    };
    const chosen = await useFirstOf([{ ...cpu, name: 'tfjs-node', backend: 'tensorflow', start }, cpu]);
    expect(chosen.tried[0].reason).toMatch(/the current backend is 'cpu'/u);
    expect(chosen.backend).toBe('cpu');
  });

  it('keeps the current backend and gives the install line when nothing works', async () => {
    await tf.setBackend('cpu');
    const broken = await fromSource('tfjs-node', 'tensorflow', 'throw new Error("no AVX");');
    await expect(useFirstOf([broken])).rejects.toMatchObject({
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
