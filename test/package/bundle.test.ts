/**
 * What a bundler makes of the installed package: `sideEffects: false` must hold, and the core must run in a browser.
 */
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { consumer, node, write } from './consumer';

interface Bundle {
  readonly text: string;
  readonly bytes: number;
  /** Packages of which something is left in the bundle. */
  readonly packages: readonly string[];
  /** What is imported and not bundled. */
  readonly imports: readonly string[];
}

/** Everything that a bundle may leave to others: peers and what they bring. */
const PEERS = ['@tensorflow/*'];

async function bundle(source: string, options: { external?: string[]; minify?: boolean } = {}): Promise<Bundle> {
  const { external = [], minify = false } = options;
  const { outputFiles, metafile } = await build({
    stdin: { contents: source, resolveDir: consumer, sourcefile: 'app.js' },
    bundle: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    write: false,
    metafile: true,
    minify,
    external,
    logLevel: 'silent',
  });
  const [output] = Object.values(metafile.outputs);
  const parts = Object.entries(output.inputs).filter(([, { bytesInOutput }]) => bytesInOutput > 0);
  const names = parts.map(([path]) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? 'app');
  return {
    text: outputFiles[0].text,
    bytes: outputFiles[0].contents.length,
    packages: [...new Set(names)].sort(),
    imports: [...new Set(output.imports.map(({ path }) => path))].sort(),
  };
}

/** Words that only the code of a part has. */
const PARTS = {
  attacks: /\bPgd\b/,
  search: /MinimumNormSearch/,
  'the paper’s search': /IncreasingEpsilonSearch/,
  unlearning: /RandomLabels/,
  evaluation: /evaluateLogits/,
};

const partsOf = (text: string): string[] =>
  Object.entries(PARTS)
    .filter(([, word]) => word.test(text))
    .map(([name]) => name);

describe('a bundle of', () => {
  it('everything has every part, so that the words below can be missed', async () => {
    const { text } = await bundle("export * from 'amun-ts'", { external: PEERS });
    expect(partsOf(text)).toEqual(Object.keys(PARTS));
  });

  it('rocAuc alone is small and has no tfjs', async () => {
    const { text, bytes, packages, imports } = await bundle("export { rocAuc } from 'amun-ts/metrics'");
    // A constant of pure-rand's is all that may be left beside the function and its checks.
    expect(packages.filter((name) => name !== 'pure-rand')).toEqual(['amun-ts']);
    expect(imports).toEqual([]);
    expect(partsOf(text)).toEqual([]);
    expect(bytes).toBeLessThan(5500);
  });

  it('an unused import is empty', async () => {
    const { bytes } = await bundle(
      ['', '/wasm', '/native', '/node', '/report', '/metrics'].map((path) => `import 'amun-ts${path}';`).join('\n'),
      { external: [...PEERS, 'node:*'] },
    );
    expect(bytes).toBe(0);
  });

  it('evaluate alone brings neither attacks nor unlearning', async () => {
    const { text } = await bundle("export { evaluate } from 'amun-ts'", { external: PEERS });
    expect(partsOf(text)).toEqual([]);
  });

  it('Amun alone brings its search and no evaluation', async () => {
    const { text, packages } = await bundle("export { Amun } from 'amun-ts'", { external: PEERS });
    expect(partsOf(text)).toEqual(['search']);
    expect(packages).toEqual(['amun-ts', 'pure-rand']);
  });

  it.each(['', '/wasm', '/report', '/metrics'])('amun-ts%s needs nothing of Node', async (path) => {
    // A browser bundle with a node: import fails to build.
    const { imports, packages } = await bundle(`export * from 'amun-ts${path}'`, { external: PEERS });
    const backend = path === '/wasm' ? ['@tensorflow/tfjs-backend-wasm'] : [];
    const own = imports.filter((name) => name.startsWith('@tensorflow/'));
    expect(own).toEqual(
      path === '' || path === '/wasm' ? [...backend, '@tensorflow/tfjs-core', '@tensorflow/tfjs-layers'] : [],
    );
    expect(packages.filter((name) => !['amun-ts', 'libsvm-js', 'pure-rand'].includes(name))).toEqual([]);
  });
});

describe('#libsvm', () => {
  it('is the browser build in a browser bundle, and works', async () => {
    const { text, packages } = await bundle(`
      import { svcMiaScores } from 'amun-ts/metrics';
      export { svcMiaScores };
    `);
    expect(packages).toContain('libsvm-js');
    const script = write('svc-browser.mjs', text);
    // What libsvm asks a browser's page.
    const check = `
      globalThis.window = { URL, location: { href: 'https://example.org/' } };
      globalThis.document = { getElementsByTagName: () => [] };
      const { svcMiaScores } = await import(${JSON.stringify(script)});
      const { svcMiaScores: own } = await import('amun-ts/metrics');
      const set = (size, low) => ({
        probabilities: Array.from({ length: 2 * size }, (_, i) => {
          const p = low + (0.3 * ((i >> 1) % 7)) / 7;
          return i % 2 === 0 ? p : 1 - p;
        }),
        labels: new Array(size).fill(0),
      });
      const input = { shadowMembers: set(30, 0.6), shadowNonMembers: set(30, 0.4), target: set(10, 0.5), classCount: 2 };
      const browser = await svcMiaScores(input);
      delete globalThis.window;
      console.log(JSON.stringify([browser, await own(input)]));
    `;
    const { stdout, stderr } = node('--input-type=module', '--eval', check);
    expect(stderr).toBe('');
    const [browser, host] = JSON.parse(stdout) as unknown[];
    expect(browser).toHaveProperty('confidence.nonMemberFraction');
    expect(browser).toEqual(host);
  });
});

/**
 * Minified bytes of each entry without its peers and dependencies, and what it may grow to: about 15 % above what it was when
 * the figure was last set.
 */
const CEILINGS = {
  '': 145_000,
  '/wasm': 83_000,
  '/native': 148_000,
  '/node': 240_000,
  '/report': 136_000,
  '/metrics': 32_500,
};

describe('sizes', () => {
  it.each(Object.entries(CEILINGS))('amun-ts%s stays under %i bytes', async (path, ceiling) => {
    const { bytes } = await bundle(`export * from 'amun-ts${path}'`, {
      external: [...PEERS, 'pure-rand', 'pure-rand/*', '#libsvm', 'libsvm-js', 'tinypool', 'node:*'],
      minify: true,
    });
    expect(bytes).toBeLessThan(ceiling);
    // A ceiling far above the size would not notice anything.
    expect(bytes).toBeGreaterThan(0.7 * ceiling);
  });
});
