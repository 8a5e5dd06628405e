/**
 * The rules that keep the source readable: imports point one way, no cycles, no backend in the core, no huge files.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const SRC = fileURLToPath(new URL('../src/', import.meta.url));

const files = (readdirSync(SRC, { recursive: true }) as string[]).filter((file) => file.endsWith('.ts')).sort();

interface Import {
  readonly specifier: string;
  readonly typeOnly: boolean;
}

function importsOf(file: string): Import[] {
  const text = readFileSync(join(SRC, file), 'utf8');
  const statements = text.matchAll(/^\s*(import|export)\s+(type\s)?[^;]*?from\s+'([^']+)'/gm);
  const dynamic = text.matchAll(/import\(\s*'([^']+)'\s*\)/g);
  return [
    ...Array.from(statements, (match) => ({ specifier: match[3], typeOnly: match[2] !== undefined })),
    ...Array.from(dynamic, (match) => ({ specifier: match[1], typeOnly: false })),
  ];
}

function target(file: string, specifier: string): string {
  return relative(SRC, resolve(SRC, dirname(file), specifier)) + '.ts';
}

const localImports = (file: string): { to: string; typeOnly: boolean }[] =>
  importsOf(file)
    .filter(({ specifier }) => specifier.startsWith('.'))
    .map(({ specifier, typeOnly }) => ({ to: target(file, specifier), typeOnly }));

/** What each folder may import from, beside itself. `src/index.ts` sees everything. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  core: [],
  data: ['core'],
  model: ['core', 'data'],
  search: ['core', 'data', 'model'],
  unlearn: ['core', 'data', 'model', 'search'],
  metrics: ['core'],
  evaluate: ['core', 'data', 'model', 'metrics'],
  report: ['core', 'metrics'],
  wasm: ['core'],
  native: ['core', 'wasm'],
  node: ['core', 'data', 'model', 'search', 'unlearn', 'evaluate', 'wasm', 'native'],
};

/** Types alone may also come from here. */
const MAY_IMPORT_TYPES: Record<string, readonly string[]> = { report: ['unlearn', 'evaluate', 'search'] };

describe('imports', () => {
  it.each(files.filter((file) => file !== 'index.ts'))('%s imports only what stands below it', (file) => {
    const folder = file.split('/')[0];
    const allowed = [folder, ...MAY_IMPORT[folder]];
    const allowedTypes = [...allowed, ...(MAY_IMPORT_TYPES[folder] ?? [])];
    for (const { to, typeOnly } of localImports(file)) {
      expect(typeOnly ? allowedTypes : allowed, `${file} imports ${to}`).toContain(to.split('/')[0]);
    }
  });

  it('has no cycles', () => {
    const done = new Set<string>();
    const visit = (file: string, path: readonly string[]): void => {
      expect(path, `cycle: ${[...path, file].join(' -> ')}`).not.toContain(file);
      if (done.has(file)) return;
      for (const { to, typeOnly } of localImports(file)) if (!typeOnly) visit(to, [...path, file]);
      done.add(file);
    };
    for (const file of files) visit(file, []);
    expect(done.size).toBe(files.length);
  });

  const portable = files.filter((file) => !/^(wasm|native|node)\//.test(file));
  it.each(portable)('%s brings no backend and nothing of one host', (file) => {
    const allowed = /^(\.|@tensorflow\/tfjs-(core|layers)$|pure-rand\/|#libsvm$|libsvm-js|d3-|fast-png|valibot)/;
    for (const { specifier } of importsOf(file)) expect(specifier, file).toMatch(allowed);
  });

  it.each(files.filter((file) => file.startsWith('metrics/')))('%s knows nothing of tfjs', (file) => {
    for (const { specifier } of importsOf(file)) expect(specifier).not.toContain('tensorflow');
  });
});

describe('files', () => {
  it.each(files)('%s is short and begins by saying what it is', (file) => {
    const text = readFileSync(join(SRC, file), 'utf8');
    expect(text.split('\n').length).toBeLessThanOrEqual(301);
    expect(text.trimStart()).toMatch(/^\/(\*|\/)/);
  });

  it('have no barrels but entry points', () => {
    const barrels = files.filter((file) => file.endsWith('index.ts'));
    expect(barrels).toEqual(
      [
        'index.ts',
        'metrics/index.ts',
        'native/index.ts',
        'node/index.ts',
        'report/index.ts',
        'wasm/fixes/index.ts',
        'wasm/index.ts',
      ].filter((file) => files.includes(file)),
    );
  });
});
