/**
 * The one training loop: epochs of passes of batches, with an end that leaves usable weights whatever happens.
 *
 * Every method trains by it, so abort, divergence, checkpoints, progress and memory are solved once.
 */
import { AmunError, isAmunError } from '../core/errors';
import { RunControl } from '../core/run';
import { batchPlan } from '../data/batches';
import type { LabelledBatch } from '../data/labelled';
import { Sgd } from '../model/sgd';
import { trainStep } from '../model/train-step';
import { restoreWeights, snapshotWeights, type WeightSnapshot } from '../model/variables';
import type { EpochPlan, Pass, RunContext } from './context';
import { learningRateAt } from '../model/schedule';
import type { EpochRecord, UnlearnResult } from './types';

/** A loss beyond this is an explosion: chance level is ln K, and even a confident model's errors stay far below. */
const EXPLODED = 1e4;

/** Weights this many times larger than any at the start, and than 1, are an explosion too. */
const EXPLODED_GROWTH = 1e4;

/** Below this, on small data, methods were seen to end before they had an effect. */
const FEW_STEPS = 100;

/** A run's progress through its epochs. */
export interface LoopState {
  epoch: number;
  readonly history: EpochRecord[];
}

/** What the loop tells its owner after each whole epoch. */
export type EpochSaved = (epoch: number, weights: WeightSnapshot, optimizer: Sgd) => Promise<void>;

type Ended = UnlearnResult['state'];

/** Thrown inside the loop to end it without an error. */
class LoopEnd {
  constructor(readonly state: Ended) {}
}

/** Trains the context's model by the plan, from `state.epoch` on. */
export class TrainingLoop {
  private readonly optimizer: Sgd;
  private control!: RunControl;

  constructor(
    private readonly context: RunContext,
    private readonly plan: EpochPlan,
    private readonly state: LoopState,
    private readonly saved: EpochSaved,
  ) {
    const { momentum, weightDecay } = context.options;
    this.optimizer = new Sgd(context.view.variables, { momentum, weightDecay, mask: context.mask });
  }

  /** Takes over momenta of an interrupted run. */
  restoreMomenta(momenta: WeightSnapshot): void {
    this.optimizer.restore(momenta);
  }

  /** Runs to the end, and says which one it was. */
  async run(): Promise<Ended> {
    const { variables } = this.context.view;
    let good = await snapshotWeights(variables);
    const limit = EXPLODED_GROWTH * Math.max(1, this.largestWeight(good));
    try {
      while (this.state.epoch < this.context.options.epochs) {
        const record = await this.epoch();
        good = await this.checkedWeights(limit);
        this.state.epoch = record.epoch;
        this.state.history.push(record);
        await this.saved(this.state.epoch, good, this.optimizer);
        await this.callOnEpochEnd();
      }
      return 'completed';
    } catch (error) {
      if (!(error instanceof LoopEnd)) throw error;
      if (error.state === 'diverged') restoreWeights(this.context.where, variables, good);
      return error.state;
    } finally {
      this.optimizer.dispose();
    }
  }

  private async epoch(): Promise<EpochRecord> {
    const { options } = this.context;
    const { epoch } = this.state;
    const startedAt = performance.now();
    this.context.beginEpoch(epoch);
    const passes = await this.plan(epoch);
    this.control ??= this.newControl(passes);
    const learningRate = learningRateAt(options.schedule, options.learningRate, epoch, options.epochs);
    const losses: Record<string, number> = {};
    for (const [index, pass] of passes.entries()) {
      losses[pass.name] = await this.pass(pass, index, learningRate);
    }
    return { epoch: epoch + 1, learningRate, losses, durationMs: performance.now() - startedAt };
  }

  private newControl(passes: readonly Pass[]): RunControl {
    const { options, run } = this.context;
    const perEpoch = passes.reduce(
      (sum, { data }) => sum + batchPlan(data.size, options.batchSize, undefined).length,
      0,
    );
    if (perEpoch * options.epochs < FEW_STEPS) {
      this.context.warn(
        `Only ${perEpoch * options.epochs} steps in all: if the model still remembers, lower batchSize (${options.batchSize}) or raise epochs (${options.epochs}).`,
      );
    }
    return new RunControl(run, 'train', 'batches', perEpoch * options.epochs, perEpoch * this.state.epoch);
  }

  private async pass(pass: Pass, index: number, learningRate: number): Promise<number> {
    const { epoch } = this.state;
    const order = pass.data.sequential ? undefined : this.context.random('batches', epoch, index);
    const batches = batchPlan(pass.data.size, this.context.options.batchSize, order);
    let sum = 0;
    let examples = 0;
    for (const [number, indices] of batches.entries()) {
      await this.control.yield();
      if (this.control.aborted) throw new LoopEnd('aborted');
      const loss = await this.step(pass, indices, learningRate, [epoch, index, number]);
      sum += loss * indices.length;
      examples += indices.length;
      this.control.advance(1, { epoch: epoch + 1, loss: sum / examples });
    }
    return sum / examples;
  }

  /** One step of SGD; the mean cross-entropy of its batch. */
  private async step(pass: Pass, indices: Int32Array, learningRate: number, name: readonly number[]): Promise<number> {
    const { view, options, run } = this.context;
    const batch = await this.gather(pass, indices, run.signal);
    const mode = {
      kind: 'training',
      batchNorm: options.batchNorm,
      random: this.context.random('noise', ...name),
    } as const;
    const { optimizer } = this;
    const loss = await trainStep(view, batch, {
      optimizer,
      mode,
      learningRate,
      direction: pass.direction,
    });
    if (!(Math.abs(loss) <= EXPLODED)) throw new LoopEnd('diverged');
    return loss;
  }

  private async gather(pass: Pass, indices: Int32Array, signal: AbortSignal | undefined): Promise<LabelledBatch> {
    try {
      return await pass.data.gather(indices, signal);
    } catch (error) {
      if (signal?.aborted === true && !isAmunError(error)) throw new LoopEnd('aborted');
      throw error;
    }
  }

  /** The weights after an epoch, which may be bad although its last loss, taken before the last step, was good. */
  private async checkedWeights(limit: number): Promise<WeightSnapshot> {
    const weights = await snapshotWeights(this.context.view.variables);
    for (const values of weights.values()) {
      if (!values.every(Number.isFinite)) throw new LoopEnd('diverged');
    }
    if (this.largestWeight(weights) > limit) throw new LoopEnd('diverged');
    return weights;
  }

  /** Largest magnitude of a trainable weight; moving statistics may grow large for good reasons. */
  private largestWeight(weights: WeightSnapshot): number {
    let largest = 0;
    for (const { key, trainable } of this.context.view.variables) {
      if (trainable) for (const value of weights.get(key)!) largest = Math.max(largest, Math.abs(value));
    }
    return largest;
  }

  private async callOnEpochEnd(): Promise<void> {
    const { run, view } = this.context;
    if (run.onEpochEnd === undefined) return;
    try {
      await run.onEpochEnd(view.model, this.state.epoch);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new AmunError('callback-failed', `onEpochEnd threw, which ends the run: ${reason}`, { cause });
    }
  }
}
