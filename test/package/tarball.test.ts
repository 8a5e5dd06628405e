/**
 * What is in the package, and what is not.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, inject, it } from 'vitest';
import { installed } from './consumer';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

const files = (readdirSync(installed, { recursive: true }) as string[]).filter((file) =>
  statSync(join(installed, file)).isFile(),
);
const text = (file: string): string => readFileSync(join(installed, file), 'utf8');
const manifest = JSON.parse(text('package.json')) as Record<string, Record<string, unknown>>;

function tool(name: string, ...args: string[]): { status: number | null; output: string } {
  const env = { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' };
  const { status, stdout, stderr } = spawnSync(join(ROOT, 'node_modules/.bin', name), args, { env, encoding: 'utf8' });
  return { status, output: stdout + stderr };
}

describe('the tarball', () => {
  it('holds the bundles, their types and the papers', () => {
    const papers = ['CHANGELOG.md', 'LICENSE', 'README.md', 'THIRD-PARTY-NOTICES.md', 'package.json'];
    expect(files.filter((file) => !file.startsWith('dist/')).sort()).toEqual(papers);
    for (const entry of ['index', 'wasm', 'native', 'node', 'report', 'metrics']) {
      for (const end of ['js', 'cjs', 'd.ts', 'd.cts']) expect(files).toContain(`dist/${entry}.${end}`);
    }
  });

  it('holds no data, tests, sources or maps', () => {
    const rest = files.filter((file) => file.startsWith('dist/') && !/^dist\/[\w-]+\.(d\.)?c?[jt]s$/.test(file));
    expect(rest).toEqual([]);
    for (const file of files.filter((name) => /\.c?js$/.test(name)))
      expect(text(file)).not.toContain('sourceMappingURL');
  });

  it('names every file that its exports promise', () => {
    const promised = JSON.stringify([manifest['exports'], manifest['main'], manifest['module'], manifest['types']]);
    const targets = promised.match(/\.\/dist\/[^"]+/g) ?? [];
    expect(targets.length).toBeGreaterThan(20);
    for (const target of targets) expect(files).toContain(target.slice(2));
  });

  it('depends on little at run time, and leaves tfjs to its user', () => {
    expect(Object.keys(manifest['dependencies']).sort()).toEqual(['libsvm-js', 'pure-rand', 'tinypool']);
    expect(manifest['sideEffects']).toBe(false);
    const peers = Object.keys(manifest['peerDependencies']);
    const optional = Object.keys(manifest['peerDependenciesMeta']);
    expect(peers.filter((name) => !optional.includes(name))).toEqual([
      '@tensorflow/tfjs-core',
      '@tensorflow/tfjs-layers',
    ]);
    expect(optional.sort()).toEqual([
      '@tensorflow/tfjs-backend-cpu',
      '@tensorflow/tfjs-backend-wasm',
      '@tensorflow/tfjs-backend-webgpu',
      '@tensorflow/tfjs-node',
      '@tensorflow/tfjs-node-gpu',
      'onnxruntime-node',
      'webgpu',
    ]);
    for (const [name, range] of Object.entries(manifest['peerDependencies'])) {
      if (name.startsWith('@tensorflow/')) expect(range).toBe('^4.22.0');
    }
  });

  it('carries a notice for each package that is bundled into it', () => {
    // esbuild heads each part with the path that it came from.
    const bundled = new Set<string>();
    for (const file of files.filter((name) => /\.c?js$/.test(name))) {
      for (const [, name] of text(file).matchAll(/^\/\/ node_modules\/((?:@[^/\n]+\/)?[^/\n]+)/gm)) bundled.add(name);
    }
    expect([...bundled]).toContain('d3-scale');
    const notices = text('THIRD-PARTY-NOTICES.md');
    for (const name of bundled) expect(notices).toContain(name);
  });

  it('satisfies publint and attw', () => {
    const linted = tool('publint', installed, '--strict', '--pack', 'false');
    expect(linted.output).toContain('All good!');
    expect(linted.status).toBe(0);
    const types = tool('attw', inject('tarball'), '--format', 'table-flipped');
    expect(types.output).toContain('No problems found');
    expect(types.status).toBe(0);
  });
});
