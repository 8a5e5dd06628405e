import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fileCheckpoint } from 'amun-ts/node';

let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'amun-checkpoint-'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

describe('fileCheckpoint', () => {
  it('gives back what was saved, and nothing after clear', async () => {
    const store = fileCheckpoint(join(folder, 'deep', 'run.checkpoint'));
    expect(await store.load()).toBeUndefined();
    await store.save(Uint8Array.of(1, 2, 3));
    expect(await store.load()).toEqual(Uint8Array.of(1, 2, 3));
    await store.save(new Uint8Array(0));
    expect(await store.load()).toEqual(new Uint8Array(0));
    await store.clear();
    await store.clear();
    expect(await store.load()).toBeUndefined();
  });

  it('saves the part of a buffer that a view shows', async () => {
    const store = fileCheckpoint(join(folder, 'run'));
    await store.save(Uint8Array.of(9, 1, 2, 9).subarray(1, 3));
    expect([...(await readFile(join(folder, 'run')))]).toEqual([1, 2]);
  });

  it('keeps the last of overlapping saves, and leaves no other file', async () => {
    const store = fileCheckpoint(join(folder, 'run'));
    await Promise.all(Array.from({ length: 20 }, (_, i) => store.save(new Uint8Array(1000).fill(i))));
    expect(await store.load()).toEqual(new Uint8Array(1000).fill(19));
    expect(await readdir(folder)).toEqual(['run']);
  });

  it('leaves the old checkpoint where a save fails, and works again afterwards', async () => {
    // A folder where the file should go cannot be replaced by rename.
    const path = join(folder, 'run');
    await mkdir(path);
    await writeFile(join(path, 'inside'), 'x');
    const store = fileCheckpoint(path);
    await expect(store.save(Uint8Array.of(1))).rejects.toThrow();
    expect(await readdir(folder)).toEqual(['run']);
    await rm(path, { recursive: true });
    await store.save(Uint8Array.of(2));
    expect(await store.load()).toEqual(Uint8Array.of(2));
  });

  it('refuses what is no path', () => {
    expect(() => fileCheckpoint('')).toThrow(expect.objectContaining({ code: 'invalid-option' }) as Error);
    expect(() => fileCheckpoint(3 as never)).toThrow(/expected the path of a file, got 3/u);
  });
});
