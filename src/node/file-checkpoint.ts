/**
 * A checkpoint in one file, for `UnlearnRun.checkpoint`: a run that was killed goes on from its last whole epoch.
 */

import { readFile, rm } from 'node:fs/promises';
import { AmunError } from '../core/errors';
import { show } from '../core/options';
import type { CheckpointStore } from '../unlearn/checkpoint-store';
import { writeAtomically } from './atomic-write';

/**
 * Keeps a run's checkpoint in the file at `path`. Saving replaces the file atomically and flushes it to the disk: a crash, even
 * of the machine, leaves the old checkpoint or the new one. The folder is made on the first save.
 *
 * @param path - where the checkpoint lies; one file per run
 * @throws AmunError `invalid-option` if `path` is not a non-empty string.
 * @example
 * ```ts
 * import { fileCheckpoint } from 'amun-ts/node';
 *
 * const checkpoint = fileCheckpoint('runs/forget-42.checkpoint');
 * await new Amun().unlearn(model, split, { checkpoint }); // run it again after a crash: it resumes
 * ```
 */
export function fileCheckpoint(path: string): CheckpointStore {
  if (typeof path !== 'string' || path === '') {
    throw new AmunError('invalid-option', `fileCheckpoint: path: expected the path of a file, got ${show(path)}.`);
  }
  // Saves that overlap take place in the order in which they were asked for.
  let last: Promise<unknown> = Promise.resolve();
  const inOrder = <T>(work: () => Promise<T>): Promise<T> => {
    const result = last.then(work, work);
    last = result.catch(() => undefined);
    return result;
  };
  return {
    load: () => inOrder(() => readIfThere(path)),
    save: (bytes) => inOrder(() => writeAtomically(path, [bytes])),
    clear: () => inOrder(() => rm(path, { force: true })),
  };
}

async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  try {
    return new Uint8Array(await readFile(path));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
