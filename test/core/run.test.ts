/** Progress, turns of the event loop, aborts, callbacks, locks and errors. */
import { describe, expect, it } from 'vitest';
import { AmunError, isAmunError } from '../../src/core/errors';
import { claimModel } from '../../src/core/locks';
import { callBack, type Progress, RunControl } from '../../src/core/run';
import { sharedState } from '../../src/core/shared-state';
import { errorOf } from '../model/support';

const busy = (ms: number): void => {
  const end = performance.now() + ms;
  while (performance.now() < end);
};

describe('RunControl', () => {
  it('counts units, and estimates what is left by the rate so far', () => {
    const reports: Progress[] = [];
    const control = new RunControl({ onProgress: (report) => reports.push(report) }, 'train', 'batches', 4);
    busy(4);
    control.advance(1, { epoch: 1, loss: 0.5 });
    control.advance(3);
    const [first, last] = reports;
    expect(first).toMatchObject({ phase: 'train', done: 1, total: 4, unit: 'batches', epoch: 1, loss: 0.5 });
    expect(first.remainingMs).toBeCloseTo(3 * first.elapsedMs, 6);
    expect(last).toMatchObject({ done: 4, remainingMs: 0 });
    expect(last).not.toHaveProperty('loss');
  });

  it('does not take units of an earlier run for speed', () => {
    const reports: Progress[] = [];
    const control = new RunControl({ onProgress: (report) => reports.push(report) }, 'train', 'batches', 10, 8);
    busy(2);
    control.advance(0);
    control.advance(1);
    expect(reports[0]).not.toHaveProperty('remainingMs');
    expect(reports[1].done).toBe(9);
    expect(reports[1].remainingMs).toBeCloseTo(reports[1].elapsedMs, 6);
  });

  it('gives the event loop its turn once it has held it too long', async () => {
    const control = new RunControl(undefined, 'train', 'batches', 1);
    let turns = 0;
    setImmediate(() => (turns += 1));
    await control.yield();
    expect(turns).toBe(0);
    busy(20);
    await control.yield();
    expect(turns).toBe(1);
  });

  it('rejects with the reason at the next checkpoint', async () => {
    const controller = new AbortController();
    const control = new RunControl({ signal: controller.signal }, 'train', 'batches', 1);
    await control.checkpoint();
    expect(control.aborted).toBe(false);
    const reason = new Error('stop');
    controller.abort(reason);
    expect(control.aborted).toBe(true);
    expect(await errorOf(() => control.checkpoint())).toBe(reason);
  });
});

describe('callBack', () => {
  it('hands back what the callback returns', () => {
    expect(callBack('x', () => 3)).toBe(3);
  });

  it.each([
    [new Error('oh'), 'oh'],
    ['text', 'text'],
  ])('wraps what it throws: %s', async (cause, text) => {
    const error = await errorOf(() =>
      callBack('onProgress', () => {
        throw cause;
      }),
    );
    expect(error).toMatchObject({ code: 'callback-failed', cause });
    expect(error.message).toBe(`onProgress threw, which ends the run: ${text}`);
  });
});

describe('claimModel', () => {
  it('allows several readers, or one writer', async () => {
    const model = {};
    const readers = [claimModel(model, 'read', 'a'), claimModel(model, 'read', 'b')];
    const error = await errorOf(() => claimModel(model, 'write', 'c'));
    expect(error.code).toBe('model-busy');
    expect(error.message).toMatch(/^c: another amun-ts call.*await it|clone/);
    readers[0]();
    readers[0]();
    expect((await errorOf(() => claimModel(model, 'write', 'c'))).code).toBe('model-busy');
    readers[1]();
    const release = claimModel(model, 'write', 'c');
    expect((await errorOf(() => claimModel(model, 'read', 'd'))).code).toBe('model-busy');
    expect((await errorOf(() => claimModel(model, 'write', 'd'))).code).toBe('model-busy');
    release();
    claimModel(model, 'read', 'e')();
  });

  it('knows models apart', () => {
    const releases = [claimModel({}, 'write', 'a'), claimModel({}, 'write', 'b')];
    releases.forEach((release) => release());
  });
});

describe('errors', () => {
  it('are known by a brand, whichever copy of the library made them', () => {
    const cause = new Error('below');
    const error = new AmunError('disposed', 'gone', { cause });
    expect(error).toMatchObject({ name: 'AmunError', code: 'disposed', message: 'gone', cause });
    expect(error).toBeInstanceOf(Error);
    expect(isAmunError(error)).toBe(true);
    const fromAnotherCopy = Object.assign(new Error('x'), { [Symbol.for('amun-ts.error')]: true });
    expect(isAmunError(fromAnotherCopy)).toBe(true);
    for (const other of [new Error('x'), null, undefined, 'AmunError', { code: 'disposed' }]) {
      expect(isAmunError(other)).toBe(false);
    }
  });

  it('share one state per process', () => {
    expect(sharedState()).toBe(sharedState());
    expect((globalThis as Record<symbol, unknown>)[Symbol.for('amun-ts.shared')]).toBe(sharedState());
  });
});
