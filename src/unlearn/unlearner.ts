/**
 * The template of every unlearning method. The base class owns checks, the working copy, seeds, the loop, checkpoints and the
 * result; a method says what each epoch passes over.
 */
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { AmunError } from '../core/errors';
import { checkBoolean, checkOptionalFunction, checkStrategy, show } from '../core/options';
import { checkRun } from '../core/run';
import { claimModel } from '../core/locks';
import type { LabelledData } from '../data/labelled';
import { openData } from '../data/open';
import { contentKeys, contentOverlap } from '../data/overlap';
import { checkSplitKeys, type ForgetSplit } from '../data/splits';
import type { Classifier, ClassifierView } from '../model/classifier';
import { prepareModel, probeModel } from '../model/prepare';
import { disposeModel, restoreWeights, snapshotWeights, type WeightSnapshot } from '../model/variables';
import { fingerprintOf } from './binary';
import { type CheckpointState, loadCheckpoint, type Memo, saveCheckpoint } from './checkpoint';
import { type EpochPlan, RunContext } from './context';
import { checkMaskFits, describeOptions, type ResolvedTrainingOptions } from './options';
import { type LoopState, TrainingLoop } from './training-loop';
import type { UnlearnResult, UnlearnRun } from './types';

/**
 * An unlearning method. Extend it, and implement {@link Unlearner.plan}, to write your own.
 *
 * @example
 * ```ts
 * class AscendOnly extends Unlearner {
 *   readonly name = 'AscendOnly';
 *   constructor(options: TrainingOptions = {}) {
 *     super(resolveTraining('AscendOnly', options, { learningRate: 1e-3, schedule: 'constant' }, []));
 *   }
 *   plan(context: RunContext): EpochPlan {
 *     return () => [{ name: 'forget', data: context.augmented(context.forget), direction: -1 }];
 *   }
 * }
 * ```
 */
export abstract class Unlearner {
  /** Name of the method, in results and errors. */
  abstract readonly name: string;

  /** @param options - Training options with every default filled in: see {@link resolveTraining}. */
  constructor(readonly options: ResolvedTrainingOptions) {}

  /**
   * Says what each epoch passes over; called once, before the first epoch. What takes long here belongs into
   * {@link RunContext.memo}, so that an interrupted run does not repeat it.
   */
  abstract plan(context: RunContext): EpochPlan | Promise<EpochPlan>;

  /** Whether the method can't work without the retain set. @internal */
  needsRetain(): boolean {
    return false;
  }

  /** Every option in force, as plain JSON; what tells a run from another. */
  describe(): Record<string, unknown> {
    return describeOptions(this.options);
  }

  /** Arrays among the options, which a checkpoint must belong to. @internal */
  async contents(): Promise<readonly ArrayBufferView[]> {
    return [];
  }

  /** The model that the run trains: a copy of the given one, unless the method starts from other weights. @internal */
  async workingView(where: string, view: ClassifierView, run: UnlearnRun): Promise<ClassifierView> {
    return run.inPlace === true ? view.withModel(view.model) : view.clone(where);
  }

  /**
   * Makes a model forget. The given model is not changed, unless `inPlace`.
   *
   * @param model - A tfjs LayersModel, or a {@link Classifier} where its defaults do not fit.
   * @param split - What to forget, and the retain set where there is one. The test set is not used.
   * @returns The unlearned model, which the caller disposes, and the record of the run.
   * @throws AmunError for bad input, before work begins; `callback-failed` when a callback throws; the signal's reason when it was
   *   aborted before the start. The model is then as it was.
   */
  async unlearn(model: LayersModel | Classifier, split: ForgetSplit, run: UnlearnRun = {}): Promise<UnlearnResult> {
    const where = `${this.name}.unlearn`;
    const startedAt = performance.now();
    checkUnlearnRun(where, run);
    checkSplit(where, split, this.needsRetain());
    const view = await prepareModel(where, model, 'training');
    checkMaskFits(where, this.options.mask, view.variables);
    const release = claimModel(view.model, 'write', where);
    try {
      const sets = await openSets(where, view, split);
      return await this.runOn(where, view, sets, { split, run, startedAt });
    } finally {
      release();
    }
  }

  private async runOn(where: string, view: ClassifierView, sets: OpenSets, call: Call): Promise<UnlearnResult> {
    const { run } = call;
    const original = run.inPlace === true ? await snapshotWeights(view.variables) : undefined;
    const working = await this.workingView(where, view, run);
    const discard = (): void => {
      if (original === undefined) disposeModel(working.model);
      else restoreWeights(where, view.variables, original);
    };
    try {
      await probe(where, working, sets.forget);
      const result = await this.train(where, working, sets, call);
      if (result.state !== 'completed' && original !== undefined) discard();
      return result;
    } catch (error) {
      discard();
      throw error;
    }
  }

  private async train(where: string, view: ClassifierView, sets: OpenSets, call: Call): Promise<UnlearnResult> {
    const { run, split } = call;
    const fingerprint = run.checkpoint === undefined ? '' : await this.fingerprint(view, sets, run);
    const saved = run.checkpoint && (await loadCheckpoint(where, run.checkpoint, fingerprint));
    const memos = new Map<string, Memo>(saved?.memos);
    const context = new RunContext(where, view, sets.forget, sets.retain, split, run, this.options, memos);
    context.warnings.push(...sets.warnings);
    const state: LoopState = { epoch: saved?.epoch ?? 0, history: [...(saved?.history ?? [])] };
    try {
      const ended = await this.trained(context, state, saved, { fingerprint, memos });
      if (ended === 'completed') await clearCheckpoint(context);
      return this.result(context, ended, state, call.startedAt);
    } finally {
      context.dispose();
    }
  }

  private async trained(
    context: RunContext,
    state: LoopState,
    saved: CheckpointState | undefined,
    { fingerprint, memos }: { fingerprint: string; memos: Map<string, Memo> },
  ): Promise<UnlearnResult['state']> {
    const { run, view, where } = context;
    let plan: EpochPlan;
    try {
      plan = await this.plan(context);
    } catch (error) {
      // A search rejects when it is aborted; the run resolves, with the weights as they were.
      if (run.signal?.aborted === true && error === run.signal.reason) return 'aborted';
      throw error;
    }
    const { checkpoint } = run;
    const loop = new TrainingLoop(context, plan, state, async (epoch, weights, optimizer) => {
      if (checkpoint === undefined) return;
      const momenta = await optimizer.snapshot();
      await saveCheckpoint(checkpoint, { fingerprint, epoch, history: state.history, weights, momenta, memos });
    });
    if (saved !== undefined) {
      if (context.retain?.sequential === true) {
        context.warn('The retain set is read in order: its shuffle buffer began anew when the run was resumed.');
      }
      restoreWeights(where, view.variables, saved.weights);
      loop.restoreMomenta(saved.momenta);
    } else if (checkpoint !== undefined && memos.size > 0) {
      const weights = await snapshotWeights(view.variables);
      await saveCheckpoint(checkpoint, { fingerprint, epoch: 0, history: [], weights, momenta: new Map(), memos });
    }
    return loop.run();
  }

  /** Tells this run from any other: a checkpoint of another one must not be taken for it. */
  private async fingerprint(view: ClassifierView, sets: OpenSets, run: UnlearnRun): Promise<string> {
    const weights: WeightSnapshot = await snapshotWeights(view.variables);
    const arrays: ArrayBufferView[] = [
      ...weights.values(),
      ...(this.options.mask?.values() ?? []),
      ...(await this.contents()),
    ];
    for (const data of [sets.forget, sets.retain]) {
      if (data?.labels === undefined) continue;
      arrays.push(data.labels, Float64Array.from((await contentKeys(data)) ?? []));
    }
    const sizes = `${sets.forget.size}+${sets.retain?.size ?? 0}`;
    const { bounds, preprocess, outputs } = view.options;
    const options = JSON.stringify({ ...this.describe(), bounds, preprocess, outputs });
    const data = fingerprintOf(arrays);
    return `${this.name} seed ${run.seed ?? 0} on ${sizes} (${data}) ${options}`;
  }

  private result(
    context: RunContext,
    state: UnlearnResult['state'],
    loop: LoopState,
    startedAt: number,
  ): UnlearnResult {
    const { view, warnings, search } = context;
    const unseeded = view.unseededLayers;
    if (unseeded.length > 0) warnings.push(`Layers with unseeded random draws: ${unseeded.join(', ')}.`);
    if (state === 'diverged') {
      warnings.push(`The training diverged in epoch ${loop.epoch + 1}; lower the learning rate.`);
    }
    return {
      state,
      model: view.model,
      method: this.name,
      history: loop.history,
      options: this.describe(),
      seed: context.seed,
      durationMs: performance.now() - startedAt,
      deterministic: unseeded.length === 0,
      warnings,
      ...(search === undefined ? {} : { search }),
    };
  }
}

interface OpenSets {
  readonly forget: LabelledData;
  readonly retain: LabelledData | undefined;
  readonly warnings: readonly string[];
}

interface Call {
  readonly split: ForgetSplit;
  readonly run: UnlearnRun;
  readonly startedAt: number;
}

function checkUnlearnRun(where: string, run: UnlearnRun): void {
  checkRun(where, run, ['onEpochEnd', 'inPlace', 'checkpoint']);
  checkOptionalFunction(`${where}: onEpochEnd`, run.onEpochEnd);
  if (run.inPlace !== undefined) checkBoolean(`${where}: inPlace`, run.inPlace);
  if (run.checkpoint !== undefined) {
    for (const method of ['load', 'save', 'clear']) {
      checkStrategy(`${where}: checkpoint`, run.checkpoint, method, "fileCheckpoint(path) from 'amun-ts/node'");
    }
  }
}

function checkSplit(where: string, split: unknown, needsRetain: boolean): void {
  const { forget, retain } = (split ?? {}) as Partial<ForgetSplit>;
  if (forget === undefined || forget === null) {
    throw new AmunError(
      'invalid-inputs',
      `${where}: expected a split { forget, retain?, test? }, such as splitByIndices makes, got ${show(split)}.`,
    );
  }
  checkSplitKeys(where, split as object);
  if (needsRetain && (retain === undefined || retain === null)) {
    throw new AmunError(
      'missing-retain',
      `${where}: this method trains on the retain set, and the split has none; add it, or use Amun, which can do without.`,
    );
  }
}

async function openSets(where: string, view: ClassifierView, split: ForgetSplit): Promise<OpenSets> {
  const forget = await openData(`${where}: forget`, split.forget, view.expectedData);
  if (forget.sequential) {
    throw new AmunError(
      'invalid-inputs',
      `${where}: forget: a source that is read in order can't be forgotten; load the forget set into memory.`,
    );
  }
  if (split.retain === undefined || split.retain === null) return { forget, retain: undefined, warnings: [] };
  const retain = await openData(`${where}: retain`, split.retain, view.expectedData);
  return { forget, retain, warnings: await overlapWarnings(split) };
}

/** What a completed run leaves behind is not worth losing its model for. */
async function clearCheckpoint(context: RunContext): Promise<void> {
  try {
    await context.run.checkpoint?.clear();
  } catch (error) {
    context.warn(`The checkpoint could not be cleared: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function overlapWarnings({ forget, retain }: ForgetSplit): Promise<string[]> {
  const shared = await contentOverlap(forget, retain!);
  if (shared === undefined || shared === 0) return [];
  return [`${shared} examples of the forget set also stand in the retain set, and will be learned from there.`];
}

async function probe(where: string, view: ClassifierView, forget: LabelledData): Promise<void> {
  const { xs } = await forget.gather(Int32Array.from({ length: Math.min(2, forget.size) }, (_, i) => i));
  try {
    await probeModel(where, view, xs, 'training');
  } finally {
    xs.dispose();
  }
}
