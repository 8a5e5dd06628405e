/**
 * Worker threads: functions of the caller's, errors, deaths, aborts.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isAmunError, type Progress } from 'amun-ts';
import { createWorkers, type WorkerPool } from 'amun-ts/node';

const TASKS = new URL('./tasks.ts', import.meta.url);

let pool: WorkerPool;
let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'amun-workers-'));
  pool = await createWorkers({ workers: 2, backend: 'wasm', maxHeapMb: 256 });
});

afterAll(async () => {
  await pool.close();
  await rm(folder, { recursive: true, force: true });
});

describe('a pool', () => {
  it('calls a function of a module with every input, on its engine, and keeps their order', async () => {
    expect(await pool.map(TASKS, [[1, 2], [3, 4], [0], [5]])).toEqual([5, 25, 0, 25]);
    expect(await pool.run(TASKS, undefined, { export: 'backend' })).toBe('wasm');
    expect(pool.backend).toBe('wasm');
    expect(pool.size).toBe(2);
  });

  it('uses as many threads as it has', async () => {
    const input = { counter: new Int32Array(new SharedArrayBuffer(4)), count: 2 };
    const threads = await pool.map<object, number>(TASKS, [input, input], { export: 'meet' });
    expect(new Set(threads).size).toBe(2);
  });

  it('passes progress on, task by task, and hands results over in order', async () => {
    const seen: string[] = [];
    const results: string[] = [];
    await pool.map<number, string>(TASKS, [1, 2], {
      export: 'steps',
      onProgress: ({ phase, done, total }: Progress, index) => seen.push(`${index} ${phase} ${done}/${total}`),
      onResult: (result, index) => {
        results.push(`${index} ${result}`);
      },
    });
    expect(seen).toContain('0 steps 10/10');
    expect(seen).toContain('1 steps 10/10');
    expect(results).toEqual(['0 all steps', '1 all steps']);
  });

  it('keeps the code and the cause of an AmunError, and the name of any other', async () => {
    const refused = await pool.run(TASKS, 'nothing there', { export: 'refuse' }).catch((error: unknown) => error);
    expect(isAmunError(refused)).toBe(true);
    expect(refused).toMatchObject({ code: 'empty-set', message: 'nothing there' });
    expect((refused as Error).cause).toMatchObject({ name: 'RangeError', message: 'the cause' });
    await expect(pool.run(TASKS, 0, { export: 'failPlainly' })).rejects.toMatchObject({
      name: 'TypeError',
      message: 'no good',
      code: 'E_TEST',
    });
  });

  it('refuses what is no module, has no such function, or is not there', async () => {
    await expect(pool.run('./tasks.js', 0)).rejects.toMatchObject({
      code: 'invalid-option',
      message: expect.stringContaining('import.meta.url') as string,
    });
    await expect(pool.run(TASKS, 0, { export: 'nothing' })).rejects.toMatchObject({ code: 'not-found' });
    await expect(pool.run(new URL('./nowhere.mjs', import.meta.url), 0)).rejects.toMatchObject({ code: 'not-found' });
  });

  it('refuses what cannot go to another thread, or come back', async () => {
    await expect(pool.run(TASKS, { scale: () => 2 })).rejects.toMatchObject({ code: 'not-transferable' });
    await expect(pool.run(TASKS, 0, { export: 'useless' })).rejects.toMatchObject({ code: 'not-transferable' });
    await expect(pool.run(TASKS, 0, { export: 'tensor' })).rejects.toMatchObject({
      code: 'not-transferable',
      message: expect.stringContaining('.deep.0 is a tensor') as string,
    });
  });

  it.each(['exit', 'throw', 'memory'] as const)(
    'replaces a worker that dies (%s), and redoes its work',
    async (how) => {
      const input = { how, path: join(folder, how) };
      const [again, other] = await Promise.all([
        pool.run(TASKS, input, { export: 'dieOnce' }),
        pool.run(TASKS, [1, 2]),
      ]);
      expect(again).toBe(`alive after ${how}`);
      expect(other).toBe(5);
      expect(await pool.map(TASKS, [[1], [2], [3]])).toEqual([1, 4, 9]);
    },
  );

  it('gives up a task that every worker dies of, and stays usable', async () => {
    await expect(pool.run(TASKS, 'exit', { export: 'die' })).rejects.toMatchObject({
      code: 'worker-failed',
      message: expect.stringMatching(/3 workers died of it: the worker exited with code 3/u) as string,
    });
    expect(await pool.run(TASKS, [2])).toBe(4);
  });

  it('rejects with the reason of an abort at once, and its workers stop and stay', async () => {
    const abort = new AbortController();
    const reason = new Error('enough');
    const startedAt = performance.now();
    const running = pool.map(TASKS, [500, 500, 500], {
      export: 'steps',
      signal: abort.signal,
      onProgress: () => abort.abort(reason),
    });
    await expect(running).rejects.toBe(reason);
    expect(performance.now() - startedAt).toBeLessThan(3000);
    await expect(pool.run(TASKS, [1], { signal: abort.signal })).rejects.toBe(reason);
    expect(await pool.run(TASKS, [3])).toBe(9);
  });

  it('ends a task whose progress callback throws', async () => {
    const onProgress = (): void => {
      throw new Error('my mistake');
    };
    await expect(pool.run(TASKS, 1, { export: 'steps', onProgress })).rejects.toThrow('my mistake');
  });

  it('aborts the others when one fails', async () => {
    const startedAt = performance.now();
    const failing = pool.map(TASKS, ['a', 'b'], { export: 'refuse' });
    await expect(failing).rejects.toMatchObject({ code: 'empty-set' });
    expect(performance.now() - startedAt).toBeLessThan(3000);
  });
});

describe('createWorkers', () => {
  it('refuses bad options before it starts anything', async () => {
    await expect(createWorkers({ workers: 0 })).rejects.toMatchObject({ code: 'invalid-option' });
    await expect(createWorkers({ backend: 'webgl' as 'wasm' })).rejects.toMatchObject({ code: 'invalid-option' });
    await expect(createWorkers({ setup: 'layers.js' })).rejects.toMatchObject({ code: 'invalid-option' });
    await expect(createWorkers({ thread: 2 } as object)).rejects.toThrow(/no option 'thread'/u);
  });

  it('says which module of its setup can not be loaded', async () => {
    const setup = new URL('./no-layers.mjs', import.meta.url);
    await expect(createWorkers({ workers: 1, backend: 'cpu', setup })).rejects.toMatchObject({ code: 'not-found' });
  });

  it('closes: what is running rejects, and so does what comes later', async () => {
    const closing = await createWorkers({ workers: 1, backend: 'cpu' });
    const running = closing.run(TASKS, 10_000, { export: 'steps' });
    const refused = expect(running).rejects.toMatchObject({ code: 'worker-failed' });
    await new Promise((resolve) => setTimeout(resolve, 50));
    await closing.close();
    await refused;
    await expect(closing.run(TASKS, [1])).rejects.toMatchObject({ code: 'worker-failed' });
    await closing.close();
  });
});
