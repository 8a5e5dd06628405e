/** Checkpoint bytes, and the figures that tell one run from another. */
import { describe, expect, it } from 'vitest';
import { decode, encode, fingerprintOf, type StoredArray } from '../../src/unlearn/binary';
import { loadCheckpoint, saveCheckpoint } from '../../src/unlearn/checkpoint';
import { learningRateAt } from '../../src/model/schedule';
import { errorOf } from '../model/support';
import { MemoryStore } from './fixtures';

describe('encode and decode', () => {
  const arrays = new Map<string, StoredArray>([
    ['weights', Float32Array.of(1.5, -0, NaN, Infinity, 1e-40)],
    ['labels', Int32Array.of(-1, 2 ** 31 - 1)],
    ['mask', Uint8Array.of(1, 0, 1)],
    ['empty', new Float32Array(0)],
  ]);
  const json = { text: 'naïve ✓', nested: [1, null, { deep: true }] };

  it('give every bit back', () => {
    const stored = decode('test', encode({ json, arrays }));
    expect(stored.json).toEqual(json);
    expect([...stored.arrays.keys()]).toEqual([...arrays.keys()]);
    for (const [name, array] of arrays) {
      const back = stored.arrays.get(name)!;
      expect(back.constructor).toBe(array.constructor);
      expect(new Uint8Array(back.buffer)).toEqual(new Uint8Array(array.buffer));
    }
  });

  it('read bytes that begin anywhere in a larger buffer, as Node’s pool hands them out', () => {
    const bytes = encode({ json, arrays });
    const pool = new Uint8Array(bytes.length + 3);
    pool.set(bytes, 3);
    expect(decode('test', pool.subarray(3)).arrays.get('labels')).toEqual(arrays.get('labels'));
  });

  it('write views of larger buffers without what lies around them', () => {
    const part = Float32Array.of(1, 2, 3, 4).subarray(1, 3);
    const stored = decode('test', encode({ json: null, arrays: new Map([['part', part]]) }));
    expect(stored.arrays.get('part')).toEqual(Float32Array.of(2, 3));
  });

  it('refuse every truncation', async () => {
    const bytes = encode({ json, arrays });
    const last = bytes.length - 8; // the last array is empty, and padding belongs to no array
    for (let length = 0; length < last; length += 7) {
      expect((await errorOf(() => decode('test', bytes.subarray(0, length)))).code).toBe('checkpoint-mismatch');
    }
  });
});

describe('checkpoints', () => {
  const state = {
    fingerprint: 'a',
    epoch: 2,
    history: [{ epoch: 1, learningRate: 0.1, losses: { train: 0.5 }, durationMs: 3 }],
    weights: new Map([['block/conv/kernel', Float32Array.of(1, 2)]]),
    momenta: new Map([['block/conv/kernel', Float32Array.of(3, 4)]]),
    memos: new Map([['adversarial-set', { xs: Float32Array.of(5), ys: Int32Array.of(6), found: Uint8Array.of(1) }]]),
  };

  it('come back whole', async () => {
    const store = new MemoryStore();
    await saveCheckpoint(store, state);
    expect(await loadCheckpoint('test', store, 'a')).toEqual(state);
  });

  it('are undefined where nothing is stored, and refused where another run is', async () => {
    const store = new MemoryStore();
    expect(await loadCheckpoint('test', store, 'a')).toBeUndefined();
    await saveCheckpoint(store, state);
    const error = await errorOf(() => loadCheckpoint('test', store, 'b'));
    expect(error.code).toBe('checkpoint-mismatch');
    expect(error.message).toMatch(/Stored: a; this run: b/);
  });

  it('fingerprints: FNV-1a by hand', () => {
    // FNV-1a of no byte is its offset basis; of 'a', e40c292c (the reference test vectors).
    expect(fingerprintOf([])).toBe('811c9dc5');
    expect(fingerprintOf([new TextEncoder().encode('a')])).toBe('e40c292c');
    expect(fingerprintOf([new TextEncoder().encode('foo'), new TextEncoder().encode('bar')])).toBe('bf9cf968');
  });
});

describe('learningRateAt', () => {
  const rates = (schedule: Parameters<typeof learningRateAt>[0], epochs: number): number[] =>
    Array.from({ length: epochs }, (_, epoch) => learningRateAt(schedule, 1, epoch, epochs));

  it('constant', () => {
    expect(rates('constant', 3)).toEqual([1, 1, 1]);
  });

  it('steps', () => {
    const expected = [1, 1, 0.1, 0.1, 0.01];
    rates({ every: 2 }, 5).forEach((rate, i) => expect(rate).toBeCloseTo(expected[i], 12));
    rates({ every: 1, factor: 0.5 }, 3).forEach((rate, i) => expect(rate).toBeCloseTo([1, 0.5, 0.25][i], 12));
  });

  it('half a cosine: 1, ½(1 + cos π/4) …, never 0 within the run', () => {
    const expected = [1, 0.8535533905932737, 0.5, 0.14644660940672627];
    rates('cosine', 4).forEach((rate, i) => expect(rate).toBeCloseTo(expected[i], 12));
  });
});
