/**
 * AMUN's adversarial set as training data: neighbours with the wrong labels that the model gives them.
 */
import * as tf from '@tensorflow/tfjs-core';
import { AmunError } from '../core/errors';
import { subsetData } from '../data/compose';
import type { LabelledData } from '../data/labelled';
import { openData } from '../data/open';
import type { AdversarialSearch, AdversarialSet } from '../search/adversarial-search';
import { labelsOf, type RunContext } from './context';
import type { SearchSummary } from './types';

/** An adversarial set on the host. */
type HostSet = {
  readonly xs: Float32Array;
  readonly ys: Int32Array;
  readonly epsilons: Float32Array;
  readonly distances: Float32Array;
  readonly found: Uint8Array;
  readonly cost: Float32Array;
};

function checkSet(where: string, set: AdversarialSet, context: RunContext): void {
  const { size, inputShape } = context.forget;
  const expected = [size, ...inputShape];
  const fits = tf.util.arraysEqual(set.xs.shape, expected) && set.ys.size === size && set.found.length === size;
  if (!fits) {
    throw new AmunError(
      'size-mismatch',
      `${where}: expected one adversarial neighbour per example to forget, [${expected}], got xs [${set.xs.shape}], ys [${set.ys.shape}], found ${set.found.length}.`,
    );
  }
}

async function toHost(set: AdversarialSet, durationMs: number): Promise<HostSet> {
  return {
    xs: Float32Array.from(await set.xs.data()),
    ys: Int32Array.from(await set.ys.data()),
    epsilons: set.epsilons,
    distances: set.distances,
    found: set.found,
    cost: Float32Array.of(set.gradientSteps, durationMs),
  };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

function summary(set: HostSet, usable: Int32Array): SearchSummary {
  return {
    total: set.ys.length,
    found: usable.length,
    medianEpsilon: median(Array.from(usable, (i) => set.epsilons[i])),
    medianDistance: median(Array.from(usable, (i) => set.distances[i])),
    gradientSteps: set.cost[0],
    durationMs: set.cost[1],
  };
}

/** Searches, or takes what the caller searched before; the result is kept in the run's checkpoint. */
async function searched(
  context: RunContext,
  search: AdversarialSearch,
  given: AdversarialSet | undefined,
): Promise<HostSet> {
  const { where, view, run, options } = context;
  const startedAt = performance.now();
  if (given !== undefined) {
    checkSet(`${where}: adversarial`, given, context);
    return toHost(given, 0);
  }
  const { seed, signal, onProgress } = run;
  const set = await search.find(view.withModel(view.model), context.forgetExamples, {
    batchSize: options.batchSize,
    ...(seed === undefined ? {} : { seed }),
    ...(signal === undefined ? {} : { signal }),
    ...(onProgress === undefined ? {} : { onProgress }),
  });
  try {
    checkSet(`${where}: search`, set, context);
    return await toHost(set, performance.now() - startedAt);
  } finally {
    set.dispose();
  }
}

/**
 * The adversarial set of the forget set, as labelled data that the context owns. Neighbours that were not found, or that have the
 * example's own label, are left out and counted.
 *
 * @throws AmunError `not-found` when there is no neighbour at all.
 */
export async function adversarialData(
  context: RunContext,
  search: AdversarialSearch,
  given: AdversarialSet | undefined,
): Promise<LabelledData> {
  const { where, view, forget, options, run } = context;
  const set = await context.memo('adversarial-set', () => searched(context, search, given));
  const labels = await labelsOf(forget, options.batchSize, run.signal);
  const isUsable = (i: number): boolean => set.found[i] === 1 && set.ys[i] !== labels[i];
  const usable = Int32Array.from(labels.keys()).filter(isUsable);
  if (usable.length === 0) {
    throw new AmunError(
      'not-found',
      `${where}: the search found no adversarial neighbour for any of the ${labels.length} examples to forget; raise its maxEpsilon, and check bounds and preprocess.`,
    );
  }
  const missing = labels.length - usable.length;
  if (missing > 0) {
    context.warn(
      `${missing} of ${labels.length} examples to forget have no adversarial neighbour and are left out of the adversarial set.`,
    );
  }
  context.search = summary(set, usable);
  const xs = context.own(tf.tensor(set.xs, [forget.size, ...forget.inputShape]));
  const ys = context.own(tf.tensor1d(set.ys, 'int32'));
  const data = await openData(`${where}: adversarial set`, { xs, ys }, view.expectedData);
  return subsetData(data, usable);
}
