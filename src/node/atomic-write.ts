/**
 * Files that are either the old ones or the new ones, whatever happens in between: written under another name in the same
 * folder, flushed to the disk, renamed.
 */

import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { threadId } from 'node:worker_threads';

let written = 0;

/** A name beside `path` that no other process, thread or call uses. */
function temporaryName(path: string): string {
  written += 1;
  return `${path}.${process.pid}-${threadId}-${written}.tmp`;
}

/** Flushes the folder's own entry. Windows cannot open folders, and needs no such flush. */
async function flushFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EPERM' && code !== 'EISDIR' && code !== 'EACCES' && code !== 'EINVAL') throw error;
  }
}

/** Replaces the file at `path` by `chunks`, all or nothing; makes its folder where there is none. */
export async function writeAtomically(path: string, chunks: readonly Uint8Array[]): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = temporaryName(path);
  try {
    const handle = await open(temporary, 'wx');
    try {
      for (const chunk of chunks) await handle.writeFile(chunk);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await flushFolder(dirname(path));
}
