import { defineConfig } from 'tsup';

/** What users import. */
const entry = {
  index: 'src/index.ts',
  wasm: 'src/wasm/index.ts',
  native: 'src/native/index.ts',
  node: 'src/node/index.ts',
  report: 'src/report/index.ts',
  metrics: 'src/metrics/index.ts',
};

export default defineConfig({
  // Worker threads run a script of their own: see src/node/workers/entry-location.ts.
  entry: { ...entry, 'node-worker': 'src/node/workers/entry.ts' },
  format: ['esm', 'cjs'],
  target: 'es2022',
  platform: 'neutral',
  // Bundlers and other hosts tell a builtin by its prefix.
  removeNodeProtocol: false,
  dts: { entry },
  // Entries of one format share chunks. ESM and CJS copies share none, so common state lives on globalThis (core/shared-state).
  splitting: true,
  // The bundles are not minified, so stack traces can be read without maps, which would make up three quarters of the package.
  sourcemap: false,
  clean: true,
  treeshake: true,
  external: [/^node:/, /^@tensorflow\//, '#libsvm', 'pure-rand'],
});
