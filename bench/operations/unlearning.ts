/**
 * Unlearning from end to end, by the public API: AMUN with its search, retraining, evaluation.
 */
import * as tf from '@tensorflow/tfjs-core';
import * as library from 'amun-ts';
import {
  type AdversarialSearch,
  type AdversarialSet,
  adversarialSet,
  Amun,
  evaluate,
  IncreasingEpsilonSearch,
  Retrain,
} from 'amun-ts';
import { buildNetwork } from '../models';
import type { AmunRequest, AmunRun, Operations, RetrainRun, Seconds } from '../protocol';
import { writeArrays } from '../weights';
import { Clock } from './clock';
import { disposeExamples, type Workbench } from './workbench';

/** The fastest search of the library that reaches neighbours as near as the paper's. */
export function fastestSearch(): AdversarialSearch {
  const { MinimumNormSearch } = library as unknown as { MinimumNormSearch?: new () => AdversarialSearch };
  return MinimumNormSearch === undefined
    ? new IncreasingEpsilonSearch({ initialEpsilon: 'calibrated' })
    : new MinimumNormSearch();
}

/** A search that notes what it cost, and keeps what it found. */
class NotedSearch implements AdversarialSearch {
  time: Seconds = { wall: 0, cpu: 0 };
  kept: AdversarialSet | undefined;

  constructor(private readonly search: AdversarialSearch) {}

  async find(...call: Parameters<AdversarialSearch['find']>): Promise<AdversarialSet> {
    const clock = new Clock();
    const set = await this.search.find(...call);
    this.time = clock.read();
    this.kept = adversarialSet({ ...set, xs: tf.clone(set.xs), ys: tf.clone(set.ys) });
    return set;
  }
}

/** Searches neighbours of the first images and, with epochs, trains on them and on the images after them. */
export async function amun(bench: Workbench, request: AmunRequest): Promise<AmunRun> {
  const { model, forget, retain, epochs, save } = request;
  const view = bench.view(model);
  const search = fastestSearch();
  const noted = new NotedSearch(search);
  const split = { forget: bench.images(0, forget), retain: bench.images(forget, Math.max(retain, 1)) };
  try {
    const clock = new Clock();
    if (epochs === 0) (await noted.find(view, split.forget)).dispose();
    else discard(await new Amun({ search: noted, epochs }).unlearn(view, split));
    const spent = clock.read();
    const { found, distances, gradientSteps } = noted.kept!;
    if (save !== undefined) await saveNeighbours(save, noted.kept!);
    const near = distances.filter((_, i) => found[i] === 1);
    return {
      ...spent,
      search: noted.time,
      gradientSteps,
      found: near.length,
      distances: [...near],
      strategy: search.constructor.name,
      ...(epochs === 0 ? {} : { adversarialOnly: await adversarialOnly(view, split.forget, noted.kept!, epochs) }),
    };
  } finally {
    noted.kept?.dispose();
    for (const part of Object.values(split)) disposeExamples(part);
  }
}

/** Writes what was found, with the number of the image that each neighbour belongs to. */
async function saveNeighbours(path: string, { xs, found }: AdversarialSet): Promise<void> {
  const rows = Float32Array.from(found.keys()).filter((row) => found[row] === 1);
  const pixels = (await xs.data()) as Float32Array;
  const size = pixels.length / found.length;
  const values = new Float32Array(rows.length * size);
  rows.forEach((row, i) => values.set(pixels.subarray(row * size, (row + 1) * size), i * size));
  const [, height, width] = xs.shape;
  writeArrays(path, [
    { key: 'rows', shape: [rows.length], values: rows },
    { key: 'neighbours', shape: [rows.length, height!, width!], values },
  ]);
}

/** AMUN without retain data, on neighbours that are there. */
async function adversarialOnly(
  view: library.Classifier,
  forget: library.Examples,
  adversarial: AdversarialSet,
  epochs: number,
): Promise<Seconds> {
  const clock = new Clock();
  discard(await new Amun({ adversarial, epochs, learningRate: 0.02 }).unlearn(view, { forget }));
  return clock.read();
}

/** Disposes the model of a whole run: a shortened one would be too cheap. */
function discard({ state, method, model }: library.UnlearnResult): void {
  model.dispose();
  if (state !== 'completed') throw new Error(`${method} ${state}`);
}

/** Epochs of a retraining on the images after the first `skip`. */
export async function retrain(bench: Workbench, request: Operations['retrain'][0]): Promise<RetrainRun> {
  const { model, skip, count, epochs } = request;
  const split = { forget: bench.images(0, skip), retain: bench.images(skip, count) };
  try {
    const clock = new Clock();
    const ends = [0];
    const method = new Retrain({ epochs, build: (seed) => buildNetwork(model, { seed }) });
    const onEpochEnd = (): void => {
      ends.push(clock.read().wall);
    };
    discard(await method.unlearn(bench.view(model), split, { onEpochEnd }));
    return { epochs: ends.slice(1).map((end, epoch) => end - ends[epoch]), wall: clock.read().wall };
  } finally {
    for (const part of Object.values(split)) disposeExamples(part);
  }
}

/** `evaluate()` with its default attack. */
export async function evaluateModel(bench: Workbench, request: Operations['evaluate'][0]): Promise<Seconds> {
  const { model, forget, retain, test } = request;
  const split = {
    forget: bench.images(0, forget),
    retain: bench.images(forget, retain),
    test: bench.images(0, test, 'test'),
  };
  try {
    const clock = new Clock();
    await evaluate(bench.view(model), split);
    return clock.read();
  } finally {
    for (const part of Object.values(split)) disposeExamples(part);
  }
}
