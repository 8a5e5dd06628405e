/**
 * Loading the installed package: as ESM, as CJS, and both in one process.
 */
import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { consumer, node } from './consumer';

interface Smoke {
  readonly state: string;
  readonly found: number;
  readonly forgetAccuracy: number;
  readonly efficacy: number;
  readonly reloaded: boolean;
  readonly markdown: string;
  readonly auc: number;
  readonly leaked: number;
}

describe.each(['smoke.mjs', 'smoke.cjs'])('%s', (script) => {
  it('forgets, evaluates, saves, loads and reports on every sub-path', () => {
    const { code, stdout, stderr } = node(script);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    const smoke = JSON.parse(stdout) as Smoke;
    expect(smoke.state).toBe('completed');
    expect(smoke.found).toBe(6);
    expect(smoke.forgetAccuracy).toBeGreaterThanOrEqual(0);
    expect(smoke.forgetAccuracy).toBeLessThanOrEqual(1);
    // The SVC's efficacy comes from libsvm: `#libsvm` was found in the installed package.
    expect(smoke.efficacy).toBeGreaterThanOrEqual(0);
    expect(smoke.efficacy).toBeLessThanOrEqual(1);
    expect(smoke.reloaded).toBe(true);
    expect(smoke.markdown).toContain('| Amun');
    expect(smoke.auc).toBe(0.75);
    expect(smoke.leaked).toBe(0);
  });
});

describe('ESM beside CJS', () => {
  it('shares locks, errors and kernels', () => {
    const { code, stdout, stderr } = node('both.mjs');
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      copies: 2,
      refused: { code: 'model-busy', recognisedByEsm: true, recognisedByCjs: true, isInstance: false },
      afterwards: 'completed',
      registered: [true, false],
      kernels: 'unchanged',
    });
  });
});

describe('importing', () => {
  it.each(['quiet.mjs', 'quiet.cjs'])('%s changes nothing and says nothing', (script) => {
    const { code, stdout, stderr } = node(script);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      pure: { globals: [], listeners: [] },
      rest: { globals: [], listeners: [], backends: [], kernels: 0 },
    });
  });

  it('needs no tfjs for metrics and reports', () => {
    // tfjs is CommonJS, so whatever is loaded of it shows in this cache.
    const source = `
      import { createRequire } from 'node:module';
      const { cache } = createRequire(import.meta.url);
      const tfjs = () => Object.keys(cache).filter((file) => file.includes('tensorflow')).length > 0;
      await import('amun-ts/metrics');
      await import('amun-ts/report');
      const before = tfjs();
      await import('amun-ts');
      console.log(JSON.stringify({ before, after: tfjs() }));
    `;
    const { stdout, stderr } = node('--input-type=module', '--eval', source);
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual({ before: false, after: true });
  });
});

describe('without the optional peers', () => {
  it('is imported, says what to install, and falls back on what there is', () => {
    const backend = join(consumer, 'node_modules/@tensorflow/tfjs-backend-wasm');
    renameSync(backend, `${backend}.away`);
    try {
      // tfjs itself advertises its Node backend on stderr here.
      const { code, stdout } = node('without-backend.mjs');
      expect(code).toBe(0);
      const { refusal, fastest } = JSON.parse(stdout) as {
        refusal: { code: string; message: string };
        fastest: { backend: string; reason: string };
      };
      expect(refusal.code).toBe('no-backend');
      expect(refusal.message).toContain('npm install @tensorflow/tfjs-backend-wasm');
      // The wasm backend had brought the cpu backend along, which is still there.
      expect(fastest.backend).toBe('cpu');
      for (const name of ['tfjs-node-gpu', 'tfjs-node', 'wasm']) {
        expect(fastest.reason).toContain(`${name}: not installed`);
      }
    } finally {
      renameSync(`${backend}.away`, backend);
    }
  });
});
