/**
 * Where the worker's script is, and what Node needs to run it: beside the bundles in the published package, in either module format;
 * the TypeScript source where the library itself runs from it.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { AmunError } from '../../core/errors';

/** This file, or the bundle that it ended in: CommonJS has no `import.meta`, ES modules have no `__filename`. */
function here(): string {
  return typeof __filename === 'string' ? pathToFileURL(__filename).href : import.meta.url;
}

const isSource = (url: string): boolean => url.endsWith('.ts');

/**
 * URL of the worker's script.
 *
 * @throws AmunError `not-found` when a bundler has left it behind.
 */
export function entryUrl(): string {
  const url = new URL(isSource(here()) ? './entry.ts' : './node-worker.js', here());
  if (existsSync(url)) return url.href;
  throw new AmunError(
    'not-found',
    `createWorkers: expected the worker's script at ${fileURLToPath(url)}; leave amun-ts out of the bundle (mark it as external), so that it is loaded from node_modules.`,
  );
}

/** Node's own arguments for workers. Threads do not inherit tsx, where the main thread runs under it. */
export function workerArguments(own: readonly string[] | undefined): string[] | undefined {
  const loader = tsxLoader();
  if (loader === undefined) return own === undefined ? undefined : [...own];
  const register = `data:text/javascript,import { register } from ${JSON.stringify(loader)}; register();`;
  return [...(own ?? []), '--import', register];
}

/** What registers tsx in a thread: that of the process, or, to run the library's own source, the one installed beside it. */
function tsxLoader(): string | undefined {
  const running = process.execArgv.find((argument) => /^file:.*\/tsx\/dist\/loader\.mjs$/u.test(argument));
  if (running !== undefined) return new URL('./esm/api/index.mjs', running).href;
  if (!isSource(here())) return undefined;
  // The CommonJS file that resolves looks for its loader in the wrong place.
  return new URL('./index.mjs', pathToFileURL(createRequire(here()).resolve('tsx/esm/api'))).href;
}
