/**
 * Plain supervised training: mini-batches in an order drawn for each epoch, cross-entropy, SGD with momentum and coupled
 * weight decay. Every stream of random numbers is named by epoch (and batch), so that an epoch's draws do not depend on what
 * was drawn before it.
 */
import { AmunError } from '../core/errors';
import { randomStream } from '../core/random';
import type { RunControl } from '../core/run';
import { applyAugment, type Augment } from '../data/augment';
import { batchPlan } from '../data/batches';
import type { LabelledBatch, LabelledData } from '../data/labelled';
import type { ClassifierView } from './classifier';
import { Sgd } from './sgd';
import { trainStep } from './train-step';

/** Options of {@link fit}, all resolved. */
export interface FitOptions {
  readonly epochs: number;
  /** Examples per step; a lone last example joins the batch before it. */
  readonly batchSize: number;
  /** Learning rate of an epoch, from 0. */
  readonly learningRate: (epoch: number) => number;
  readonly momentum: number;
  /** Coupled: added to the gradient as `weightDecay · w`. */
  readonly weightDecay: number;
  readonly augment?: Augment;
  /** Whether batch norm learns from the batches. @default 'train' */
  readonly batchNorm?: 'train' | 'frozen';
  readonly seed: number;
  readonly signal?: AbortSignal;
}

/**
 * Trains the view's model in place and advances `control` by one unit per batch, with the epoch (from 1) and its mean loss.
 * Leaves no tensor behind, whatever happens.
 *
 * @returns mean loss of each epoch.
 * @throws AmunError `invalid-weights` when the loss of a step is NaN or infinite; the model then holds useless weights. Rejects
 *   with the signal's reason when aborted.
 */
export async function fit(
  where: string,
  view: ClassifierView,
  data: LabelledData,
  control: RunControl,
  options: FitOptions,
): Promise<number[]> {
  const optimizer = new Sgd(view.variables, options);
  const losses: number[] = [];
  try {
    for (let epoch = 0; epoch < options.epochs; epoch += 1) {
      losses.push(await fitEpoch(where, view, data, control, { ...options, optimizer, epoch }));
    }
  } finally {
    optimizer.dispose();
  }
  return losses;
}

type Epoch = FitOptions & { readonly optimizer: Sgd; readonly epoch: number };

async function fitEpoch(
  where: string,
  view: ClassifierView,
  data: LabelledData,
  control: RunControl,
  options: Epoch,
): Promise<number> {
  const { seed, epoch, batchSize, signal } = options;
  const plan = batchPlan(data.size, batchSize, randomStream(seed, 'batches', epoch));
  let total = 0;
  let seen = 0;
  for (const [index, indices] of plan.entries()) {
    await control.checkpoint();
    const loss = await step(view, await data.gather(indices, signal), index, options);
    if (!Number.isFinite(loss)) {
      throw new AmunError(
        'invalid-weights',
        `${where}: training diverged: the loss is ${loss} in epoch ${epoch + 1}; lower the learning rate.`,
      );
    }
    total += loss * indices.length;
    seen += indices.length;
    control.advance(1, { epoch: epoch + 1, loss: total / seen });
  }
  return total / seen;
}

/** One step on a batch, which it disposes; resolves to the batch's mean loss. */
function step(view: ClassifierView, batch: LabelledBatch, index: number, options: Epoch): Promise<number> {
  const { seed, epoch, augment, optimizer, batchNorm = 'train' } = options;
  const { labels } = batch;
  const xs =
    augment === undefined ? batch.xs : applyAugment(augment, batch.xs, randomStream(seed, 'augment', epoch, index));
  const mode = { kind: 'training', batchNorm, random: randomStream(seed, 'dropout', epoch, index) } as const;
  const learningRate = options.learningRate(epoch);
  return trainStep(view, { xs, labels }, { optimizer, mode, learningRate });
}
