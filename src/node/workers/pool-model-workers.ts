/**
 * Predictions and trainings of whole models in a pool's threads.
 */
import { AmunError } from '../../core/errors';
import { inOrder } from '../../core/in-order';
import type { RunControl } from '../../core/run';
import type { LabelledData } from '../../data/labelled';
import type { ClassifierView } from '../../model/classifier';
import { PREDICT_BATCH, type Predictions } from '../../model/predict';
import type { ModelWorkers, TrainingJob } from '../../model/workers';
import { gatherToHost } from './host-examples';
import { packModel } from './model-parcel';
import type { EngineSetup, HostExamples } from './protocol';
import type { TaskPool } from './task-pool';

/** How a pool serves the library. */
export class PoolModelWorkers implements ModelWorkers {
  constructor(
    private readonly tasks: TaskPool,
    private readonly engine: EngineSetup,
    readonly size: number,
  ) {}

  /** In batches of one size, whatever the number of workers; one more than there are workers is on its way. */
  async predict(
    where: string,
    view: ClassifierView,
    data: LabelledData,
    { control, signal }: { readonly control: RunControl; readonly signal?: AbortSignal | undefined },
  ): Promise<Predictions> {
    const { classCount } = view;
    const model = await packModel(where, view);
    const logits = new Float32Array(data.size * classCount);
    const labels = new Int32Array(data.size);
    const read = reader(data);
    const pieces = { end: Math.ceil(data.size / PREDICT_BATCH), limit: this.size + 1, signal };
    const batches = inOrder(pieces, async (index, stop) => {
      await control.checkpoint();
      const start = index * PREDICT_BATCH;
      const examples = await read(start, Math.min(PREDICT_BATCH, data.size - start), stop);
      const task = { kind: 'predict', engine: this.engine, model, examples } as const;
      const values = await this.tasks.run<Float32Array>(where, task, { signal: stop });
      return { start, values, labels: examples.labels };
    });
    for await (const batch of batches) {
      logits.set(batch.values, batch.start * classCount);
      labels.set(batch.labels, batch.start);
      control.advance(batch.labels.length);
    }
    return { logits, labels, classCount };
  }

  async train(where: string, { view, pool, rows, options, onProgress }: TrainingJob): Promise<Predictions> {
    const { epochs, batchSize, learningRate, momentum, weightDecay, seed, augment, signal } = options;
    if (augment !== undefined) {
      throw new AmunError(
        'not-transferable',
        `${where}: augment is a function, which can't be sent to workers; leave one of \`augment\` and \`workers\` out, or train in a module of your own by pool.map().`,
      );
    }
    const model = await packModel(where, view);
    const learningRates = Array.from({ length: epochs }, (_, epoch) => learningRate(epoch));
    const fit = { epochs, batchSize, learningRates, momentum, weightDecay, seed };
    const { size, inputShape } = pool;
    const task = { kind: 'train', engine: this.engine, where, model, size, inputShape, rows, fit } as const;
    const onRequest = (indices: Int32Array): Promise<HostExamples> => gatherToHost(pool, indices, signal);
    return this.tasks.run<Predictions>(where, task, { signal, onProgress, onRequest });
  }
}

/** Reads rows one call after the other: a sequential source gives its examples in the order of the calls. */
function reader(data: LabelledData): (start: number, size: number, signal: AbortSignal) => Promise<HostExamples> {
  let last: Promise<unknown> = Promise.resolve();
  return (start, size, signal) => {
    const indices = Int32Array.from({ length: size }, (_, i) => start + i);
    const examples = last.then(() => gatherToHost(data, indices, signal));
    last = examples.catch(() => undefined);
    return examples;
  };
}
