/**
 * Running programs in the project that the packed library is installed in.
 */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inject } from 'vitest';

/** How a program ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Where the library is installed. */
export const consumer = inject('consumer');

/** The library as it was installed. */
export const installed = join(consumer, 'node_modules/amun-ts');

/** Runs `node` in the consumer's project. */
export function node(...args: string[]): Ended {
  const env = { PATH: process.env['PATH'] };
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: consumer, env, encoding: 'utf8' });
  return { code: status, stdout, stderr };
}

/** Writes a file into the consumer's project. */
export function write(name: string, text: string): string {
  const path = join(consumer, name);
  writeFileSync(path, text);
  return path;
}
