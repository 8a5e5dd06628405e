/**
 * What a method sees of a run: the working model, the opened sets, seeded draws - and what it may do before the first epoch.
 */
import type { Tensor } from '@tensorflow/tfjs-core';
import { type RandomStream, randomStream } from '../core/random';
import { augmented } from '../data/compose';
import type { ExampleData } from '../data/examples';
import type { LabelledData } from '../data/labelled';
import type { ForgetSplit } from '../data/splits';
import type { Classifier, ClassifierView } from '../model/classifier';
import { intersectMasks, type ResolvedTrainingOptions } from './options';
import type { WeightMask } from '../model/sgd';
import type { Memo } from './checkpoint';
import type { SearchSummary, UnlearnRun } from './types';

/** One pass over some data within an epoch. */
export interface Pass {
  /** Names the pass in the history, such as `train`. */
  readonly name: string;
  /** What the pass goes over: {@link RunContext.forget}, {@link RunContext.retain}, or what is made of them. */
  readonly data: LabelledData;
  /** 1 descends the cross-entropy, −1 ascends it. @default 1 */
  readonly direction?: 1 | -1;
}

/** The passes of an epoch, counted from 0. Must depend on the epoch alone, so that a run can be resumed. */
export type EpochPlan = (epoch: number) => readonly Pass[] | Promise<readonly Pass[]>;

/** A run as its method sees it. */
export class RunContext {
  /** Warnings for the result. */
  readonly warnings: string[] = [];
  /** Set by methods that search. */
  search: SearchSummary | undefined;
  private readonly owned: Tensor[] = [];
  private currentMask: WeightMask | undefined;
  private epoch = 0;
  private augmentedBatches = 0;

  /** @internal */
  constructor(
    /** Where errors say they come from, such as `Amun.unlearn`. */
    readonly where: string,
    /** @internal */
    readonly view: ClassifierView,
    /** The forget set, checked. */
    readonly forget: LabelledData,
    /** The retain set, checked, where there is one. */
    readonly retain: LabelledData | undefined,
    private readonly split: ForgetSplit,
    /** Options of the run. */
    readonly run: UnlearnRun,
    /** Options of the method. */
    readonly options: ResolvedTrainingOptions,
    private readonly memos: Map<string, Memo>,
  ) {
    this.currentMask = options.mask;
  }

  /** The working model: a private copy, or the caller's own with `inPlace`. */
  get model(): Classifier {
    return this.view;
  }

  /** Seed of the run. */
  get seed(): number {
    return this.run.seed ?? 0;
  }

  /** The forget set as the caller gave it, for searches. */
  get forgetExamples(): ExampleData {
    return this.split.forget;
  }

  /** Which weights may change. */
  get mask(): WeightMask | undefined {
    return this.currentMask;
  }

  /** The run's random stream of that name. */
  random(...name: readonly (string | number)[]): RandomStream {
    return randomStream(this.seed, ...name);
  }

  /** Keeps all weights outside `mask` as they are, on top of the caller's own mask. */
  restrict(mask: WeightMask): void {
    this.currentMask = intersectMasks(this.currentMask, mask);
  }

  /** Original images as training sees them: augmented, where the caller asked for it. Adversarial images never are. */
  augmented(data: LabelledData): LabelledData {
    const { augment } = this.options;
    if (augment === undefined) return data;
    return augmented(data, augment, () => {
      this.augmentedBatches += 1;
      return this.random('augment', this.epoch, this.augmentedBatches);
    });
  }

  /** @internal Names the random draws of an epoch. */
  beginEpoch(epoch: number): void {
    this.epoch = epoch;
    this.augmentedBatches = 0;
  }

  /** Adds a warning to the result. */
  warn(message: string): void {
    if (!this.warnings.includes(message)) this.warnings.push(message);
  }

  /** Disposes `tensor` when the run ends, however it ends. */
  own<T extends Tensor>(tensor: T): T {
    this.owned.push(tensor);
    return tensor;
  }

  /**
   * Computes arrays before the first epoch, or takes them from the checkpoint of an interrupted run: what was searched once is not
   * searched again.
   */
  async memo<T extends Memo>(name: string, compute: () => Promise<T>): Promise<T> {
    const stored = this.memos.get(name) as T | undefined;
    if (stored !== undefined) return stored;
    const computed = await compute();
    this.memos.set(name, computed);
    return computed;
  }

  /** Disposes what the run owns. */
  dispose(): void {
    for (const tensor of this.owned) tensor.dispose();
    this.owned.length = 0;
  }
}

/** All labels of a set; a source is read once, batch by batch, when it does not hold them. */
export async function labelsOf(data: LabelledData, batchSize: number, signal?: AbortSignal): Promise<Int32Array> {
  if (data.labels !== undefined) return data.labels;
  const labels = new Int32Array(data.size);
  for (let start = 0; start < data.size; start += batchSize) {
    const indices = Int32Array.from({ length: Math.min(batchSize, data.size - start) }, (_, i) => start + i);
    const batch = await data.gather(indices, signal);
    batch.xs.dispose();
    labels.set(batch.labels, start);
  }
  return labels;
}
