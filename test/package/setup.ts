/**
 * Packs the built library as npm would publish it, and installs it with its peers in an empty project: once for all tests here.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Peers of the library that the consumer installs, at the versions that its own users would get. */
const PEERS = ['tfjs-core', 'tfjs-layers', 'tfjs-backend-wasm'].map((name) => `@tensorflow/${name}@^4.22.0`);

declare module 'vitest' {
  interface ProvidedContext {
    /** The packed tarball. */
    tarball: string;
    /** The project that it is installed in, with the fixtures copied into it. */
    consumer: string;
  }
}

function npm(cwd: string, ...args: string[]): string {
  const env = { ...process.env, npm_config_loglevel: 'error' };
  return execFileSync('npm', args, { cwd, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
}

const lastChange = (path: string): number => statSync(path).mtimeMs;

/** A stale build would be tested as if it were the source. */
function checkBuilt(): void {
  const built = join(ROOT, 'dist/index.js');
  const sources = (readdirSync(join(ROOT, 'src'), { recursive: true }) as string[]).filter((file) =>
    file.endsWith('.ts'),
  );
  const newest = Math.max(...sources.map((file) => lastChange(join(ROOT, 'src', file))));
  if (!existsSync(built) || lastChange(built) < newest) {
    throw new Error('dist/ is missing or older than src/: run npm run build first (npm test does).');
  }
}

export default function setup({ provide }: TestProject): () => void {
  checkBuilt();
  const folder = mkdtempSync(join(tmpdir(), 'amun-package-'));
  // The build has just been checked; packing would make it once more.
  const name = npm(ROOT, 'pack', '--ignore-scripts', '--silent', '--pack-destination', folder).trim();
  const tarball = join(folder, name);
  const consumer = join(folder, 'consumer');
  cpSync(fileURLToPath(new URL('./fixtures/', import.meta.url)), consumer, { recursive: true });
  writeFileSync(join(consumer, 'package.json'), JSON.stringify({ name: 'consumer', private: true }));
  npm(consumer, 'install', '--no-audit', '--no-fund', '--prefer-offline', tarball, ...PEERS);
  provide('tarball', tarball);
  provide('consumer', consumer);
  return () => {
    rmSync(folder, { recursive: true, force: true });
  };
}
