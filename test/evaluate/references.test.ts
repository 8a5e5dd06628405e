import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ReferenceSet } from '../../src/evaluate/reference-set';
import { selectReferences } from '../../src/evaluate/reference-set';
import { deserializeReferences, serializeReferences } from '../../src/evaluate/reference-bytes';
import { trainReferences } from '../../src/evaluate/train-references';
import { accuracy } from '../../src/metrics/accuracy';
import { clouds, disposeExamples, network, rejection } from './support';

const OPTIONS = { count: 4, epochs: 15, batchSize: 20, learningRate: 0.3, weightDecay: 0, seed: 5 };
const split = { forget: clouds(12, 1), retain: clouds(40, 2), test: clouds(28, 3) };
const SIZE = 80;
let references: ReferenceSet;

beforeAll(async () => {
  await tf.setBackend('cpu');
  references = await trainReferences((seed) => network(seed, 64), split, OPTIONS);
});
afterAll(() => disposeExamples(split.forget, split.retain, split.test));

describe('trainReferences', () => {
  it('keeps labels and sizes of the pool', async () => {
    const ys = [split.forget, split.retain, split.test].map((set) => Array.from(set.ys.dataSync()));
    expect(Array.from(references.labels)).toEqual(ys.flat());
    expect(references.sizes).toEqual({ forget: 12, retain: 40, test: 28 });
    expect(references).toMatchObject({ count: 4, classCount: 3 });
  });

  it('puts each example into exactly half of the models, in random halves', () => {
    const { inclusion } = references;
    const combinations = new Set<string>();
    for (let i = 0; i < SIZE; i += 1) {
      const of = [0, 1, 2, 3].map((model) => inclusion[model * SIZE + i]);
      expect(of.reduce((sum, bit) => sum + bit, 0)).toBe(2);
      combinations.add(of.join(''));
    }
    expect(combinations.size).toBe(6);
  });

  it('has trained each model on its half and on nothing else', () => {
    const { inclusion, logits, labels } = references;
    for (let model = 0; model < 4; model += 1) {
      const rows = { in: [] as number[], out: [] as number[] };
      for (let i = 0; i < SIZE; i += 1) rows[inclusion[model * SIZE + i] === 1 ? 'in' : 'out'].push(i);
      const accuracyOf = (indices: number[]): number =>
        accuracy(
          indices.flatMap((i) => Array.from(logits.subarray((model * SIZE + i) * 3, (model * SIZE + i + 1) * 3))),
          indices.map((i) => labels[i]),
          3,
        );
      expect(accuracyOf(rows.in)).toBeGreaterThan(accuracyOf(rows.out) + 0.05);
    }
  });

  it('repeats itself for a seed, differs for another, leaks nothing and reports progress', async () => {
    const before = tf.memory().numTensors;
    const done: number[] = [];
    const phases = new Set<string>();
    const again = await trainReferences((seed) => network(seed, 64), split, {
      ...OPTIONS,
      onProgress: ({ phase, done: units, total, unit, loss }) => {
        done.push(units / total);
        phases.add(`${phase} ${unit} ${Number.isFinite(loss)}`);
      },
    });
    expect(tf.memory().numTensors).toBe(before);
    expect(again).toEqual(references);
    expect([...phases]).toEqual(['references batches true']);
    expect(done.at(-1)).toBe(1);
    const other = await trainReferences((seed) => network(seed), split, { ...OPTIONS, epochs: 1, seed: 6 });
    expect(other.inclusion).not.toEqual(references.inclusion);
  });

  it('draws the weights itself for a factory without a seed', async () => {
    const options = { ...OPTIONS, epochs: 1 };
    const first = await trainReferences(() => network(7), split, options);
    const second = await trainReferences(() => network(8), split, options);
    expect(second.logits).toEqual(first.logits);
    const size = SIZE * 3;
    expect(first.logits.subarray(0, size)).not.toEqual(first.logits.subarray(size, 2 * size));
  });

  it('goes on after an interruption, to the same result', async () => {
    const options = { ...OPTIONS, epochs: 2 };
    const stored: Uint8Array[] = [];
    const onModel = (soFar: ReferenceSet): void => void stored.push(serializeReferences(soFar));
    const whole = await trainReferences((seed) => network(seed), split, { ...options, onModel });
    expect(stored).toHaveLength(4);
    let built = 0;
    const build = (seed: number): LayersModel => {
      built += 1;
      return network(seed);
    };
    const completed = deserializeReferences(stored[2]);
    expect(await trainReferences(build, split, { ...options, completed })).toEqual(whole);
    expect(built).toBe(2); // one to see what the data must look like, one to train
    const mismatch = trainReferences(build, split, { ...options, epochs: 3, completed });
    expect(await rejection(mismatch)).toBe('checkpoint-mismatch');
  });
});

describe('ending early leaves nothing behind', () => {
  it('aborted', async () => {
    const before = tf.memory().numTensors;
    const reason = new Error('enough');
    await expect(
      trainReferences((seed) => network(seed), split, { ...OPTIONS, signal: AbortSignal.abort(reason) }),
    ).rejects.toBe(reason);
    const controller = new AbortController();
    const onProgress = ({ done }: { done: number }): void => {
      if (done === 5) controller.abort(reason);
    };
    await expect(
      trainReferences((seed) => network(seed), split, { ...OPTIONS, signal: controller.signal, onProgress }),
    ).rejects.toBe(reason);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('diverged, or refused', async () => {
    const before = tf.memory().numTensors;
    const train = (options: object, data: object = split) =>
      rejection(trainReferences((seed) => network(seed), data as typeof split, { ...OPTIONS, ...options }));
    expect(await train({ learningRate: 1e30 })).toBe('invalid-weights');
    expect(await train({ count: 3 })).toBe('invalid-option');
    expect(await train({ count: 0 })).toBe('invalid-option');
    expect(await train({ epochs: 1.5 })).toBe('invalid-option');
    expect(await train({ learningRate: NaN })).toBe('invalid-option');
    expect(await train({ schedule: 'step' })).toBe('invalid-option');
    expect(await train({ epoch: 3 })).toBe('invalid-option');
    expect(await train({ completed: {} })).toBe('missing-reference');
    expect(await train({ onModel: () => Promise.reject(new Error('disk full')) })).toBe('callback-failed');
    expect(await train({}, { forget: split.forget, test: split.test })).toBe('missing-retain');
    expect(await train({}, { forget: split.forget, retain: split.retain })).toBe('missing-test');
    expect(await rejection(trainReferences('model' as never, split, OPTIONS))).toBe('invalid-option');
    const failing = (): never => {
      throw new Error('no model');
    };
    expect(await rejection(trainReferences(failing, split, OPTIONS))).toBe('callback-failed');
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('selectReferences', () => {
  it('re-uses the models for another split of the pool', () => {
    const selected = selectReferences(references, { forget: [79, 0], retain: [13], test: [52, 1, 5] });
    expect(selected.sizes).toEqual({ forget: 2, retain: 1, test: 3 });
    const from = [79, 0, 13, 52, 1, 5];
    expect(Array.from(selected.labels)).toEqual(from.map((i) => references.labels[i]));
    for (let model = 0; model < 4; model += 1) {
      from.forEach((index, i) => {
        const source = model * SIZE + index;
        expect(selected.inclusion[model * 6 + i]).toBe(references.inclusion[source]);
        for (let k = 0; k < 3; k += 1) {
          expect(selected.logits[(model * 6 + i) * 3 + k]).toBe(references.logits[source * 3 + k]);
        }
      });
    }
  });

  it.each([
    ['split-overlap', { forget: [1], retain: [2, 1], test: [3] }],
    ['invalid-option', { forget: [80], retain: [2], test: [3] }],
    ['invalid-option', { forget: [0.5], retain: [2], test: [3] }],
    ['empty-set', { forget: [], retain: [2], test: [3] }],
  ])('refuses: %s', async (code, indices) => {
    expect(await rejection(Promise.resolve().then(() => selectReferences(references, indices)))).toBe(code);
  });
});

describe('bytes', () => {
  it('round-trip, also through a view into a larger buffer', () => {
    const bytes = serializeReferences(references);
    expect(deserializeReferences(bytes)).toEqual(references);
    const shifted = Buffer.concat([Buffer.from([1, 2, 3]), bytes]).subarray(3);
    expect(deserializeReferences(shifted)).toEqual(references);
  });

  it('are refused when they are others, incomplete or from another version', async () => {
    const bytes = serializeReferences(references);
    const read = (value: unknown) =>
      rejection(Promise.resolve().then(() => deserializeReferences(value as Uint8Array)));
    expect(await read(bytes.subarray(0, bytes.length - 1))).toBe('checkpoint-mismatch');
    expect(await read(new Uint8Array(100))).toBe('checkpoint-mismatch');
    expect(await read('AMUNREFS')).toBe('checkpoint-mismatch');
    const other = Uint8Array.from(bytes);
    other[new TextDecoder().decode(bytes).indexOf('"version":1') + 10] = '2'.charCodeAt(0);
    expect(await read(other)).toBe('checkpoint-mismatch');
  });
});
