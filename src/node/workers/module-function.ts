/**
 * Functions of the caller's, named by module and export, since functions themselves can't go to another thread.
 */
import { existsSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { AmunError, isAmunError } from '../../core/errors';
import { show } from '../../core/options';

/**
 * The URL of a module as text.
 *
 * @throws AmunError `invalid-option` for what is neither a URL nor an absolute path: workers know no caller that a path could be
 *   relative to.
 */
export function moduleUrl(where: string, module: unknown): string {
  // By its shape: a URL may come from another realm, as under a test runner.
  const href = typeof module === 'string' ? module : (module as Partial<URL> | null | undefined)?.href;
  if (typeof href === 'string' && href !== '') {
    if (isAbsolute(href)) return pathToFileURL(href).href;
    if (/^(file|data|node):/u.test(href)) return href;
  }
  throw new AmunError(
    'invalid-option',
    `${where}: expected the URL of a module, such as new URL('./task.js', import.meta.url), got ${show(module)}.`,
  );
}

/**
 * Imports a module and calls a function of it.
 *
 * @throws AmunError `not-found` when there is no such module or function; `callback-failed` when loading it throws. What the function
 *   throws passes through.
 */
export async function callModule(module: string, exportName: string, parameters: readonly unknown[]): Promise<unknown> {
  const exports = await importModule(module);
  const direct = exports[exportName];
  // Node puts the exports of a CommonJS module under `default`, and those of a transpiled one under `default.default`.
  const nested = (exports['default'] as Record<string, unknown> | undefined)?.[exportName];
  const found = typeof direct === 'function' ? direct : nested;
  if (typeof found !== 'function') {
    throw new AmunError(
      'not-found',
      `workers: expected ${module} to export a function '${exportName}', got ${show(direct)}.`,
    );
  }
  return (found as (...values: readonly unknown[]) => unknown)(...parameters);
}

/**
 * Imports a module of the caller's.
 *
 * @throws AmunError `not-found`, `callback-failed`.
 */
export async function importModule(module: string): Promise<Record<string, unknown>> {
  if (module.startsWith('file:') && !existsSync(new URL(module))) {
    throw new AmunError('not-found', `workers: expected a module at ${fileURLToPath(module)}, where there is no file.`);
  }
  try {
    return (await import(/* @vite-ignore */ module)) as Record<string, unknown>;
  } catch (cause) {
    if (isAmunError(cause)) throw cause;
    const { code, message = String(cause) } = cause as NodeJS.ErrnoException;
    if (code === 'ERR_UNKNOWN_FILE_EXTENSION') {
      throw new AmunError(
        'callback-failed',
        `workers: ${module} can't be loaded as it is; compile it, or register a loader in a module that createWorkers({ setup: new URL(…) }) names. (${message})`,
        { cause },
      );
    }
    throw new AmunError('callback-failed', `workers: the module ${module} can't be loaded: ${message}`, { cause });
  }
}
