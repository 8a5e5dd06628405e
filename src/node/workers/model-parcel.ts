/**
 * A model on its way to workers: topology as JSON, weights by key in shared memory, which costs nothing to send. Its id is a hash of
 * all that it holds, so that a worker builds each version of a model once.
 */
import { createHash } from 'node:crypto';
import * as tfl from '@tensorflow/tfjs-layers';
import { AmunError } from '../../core/errors';
import { type ClassifierOptions, ClassifierView } from '../../model/classifier';
import { disposeModel, modelVariables, restoreWeights, snapshotWeights } from '../../model/variables';
import { unknownClass } from '../read-artifacts';

/** What can be sent of the options of a classifier. */
type SentOptions = Pick<ClassifierOptions, 'bounds' | 'outputs' | 'preprocess'>;

/** A model as plain data. */
export interface ModelParcel {
  /** Equal for equal models. */
  readonly id: string;
  /** What `model.toJSON()` gives, as text. */
  readonly topology: string;
  readonly options: SentOptions;
  /** Where each variable's numbers are in `weights`. */
  readonly variables: readonly { readonly key: string; readonly offset: number; readonly length: number }[];
  /** float32 */
  readonly weights: SharedArrayBuffer;
}

/**
 * Packs a model as it is now: later changes of its weights do not reach the parcel.
 *
 * @throws AmunError `not-transferable` for layers that cannot say how they are made.
 */
export async function packModel(where: string, view: ClassifierView): Promise<ModelParcel> {
  const topology = topologyText(where, view);
  const snapshot = await snapshotWeights(view.variables);
  let offset = 0;
  const variables = Array.from(snapshot, ([key, { length }]) => {
    const entry = { key, offset, length };
    offset += length;
    return entry;
  });
  const weights = new SharedArrayBuffer(Math.max(1, offset) * Float32Array.BYTES_PER_ELEMENT);
  const values = new Float32Array(weights);
  for (const entry of variables) values.set(snapshot.get(entry.key)!, entry.offset);
  const options = sentOptions(view);
  const id = createHash('sha256')
    .update(JSON.stringify([topology, options, variables]))
    .update(new Uint8Array(weights))
    .digest('hex');
  return { id, topology, options, variables, weights };
}

function topologyText(where: string, { model }: ClassifierView): string {
  try {
    return JSON.stringify(model.toJSON(null, false));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new AmunError(
      'not-transferable',
      `${where}: the model can't be sent to workers, since a layer of it can't be serialised; give custom layers getConfig() and a static className. (${reason})`,
      { cause },
    );
  }
}

/** The worker must read the outputs as this thread does, also where only values could tell. */
function sentOptions({ options, headKind }: ClassifierView): SentOptions {
  const { bounds, preprocess } = options;
  const outputs = headKind === 'logits' || headKind === 'probabilities' ? headKind : options.outputs;
  return {
    ...(bounds === undefined ? {} : { bounds }),
    ...(preprocess === undefined ? {} : { preprocess }),
    ...(outputs === undefined ? {} : { outputs }),
  };
}

/**
 * Builds the model of a parcel. The caller disposes it by {@link disposeModel}.
 *
 * @throws AmunError `unregistered-layer` naming the class that tfjs does not know here.
 */
export async function unpackModel({ topology, options, variables, weights }: ModelParcel): Promise<ClassifierView> {
  const config = JSON.parse(topology) as Record<string, unknown>;
  const unknown = unknownClass(config);
  if (unknown !== undefined) {
    throw new AmunError(
      'unregistered-layer',
      `workers: the model uses the class '${unknown}', which tfjs does not know in the worker. Register it in a module of its own ` +
        'with tf.serialization.registerClass, and pass createWorkers({ setup: new URL(…) }).',
    );
  }
  type Config = Parameters<typeof tfl.models.modelFromJSON>[0];
  const model = await tfl.models.modelFromJSON({ modelTopology: config } as Config);
  try {
    const values = new Float32Array(weights);
    const snapshot = new Map(
      variables.map(({ key, offset, length }) => [key, values.slice(offset, offset + length)] as const),
    );
    restoreWeights('workers', modelVariables(model), snapshot);
    return new ClassifierView(model, options, true);
  } catch (error) {
    disposeModel(model);
    throw error;
  }
}
