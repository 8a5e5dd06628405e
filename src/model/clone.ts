/**
 * Copies of a model: with its weights, or with new ones drawn from a seed.
 */
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { AmunError } from '../core/errors';
import { deriveSeed } from '../core/random';
import { copyWeights, disposeModel, modelVariables } from './variables';

type Config = Record<string, unknown>;

function topology(model: LayersModel): Config {
  return model.toJSON(null, false) as unknown as Config;
}

/** Makes the model's own `dispose()` free all that it holds: see {@link disposeModel}. Callers dispose the copies that they get. */
function freedWhole(model: LayersModel): LayersModel {
  const dispose = model.dispose.bind(model);
  const variables = modelVariables(model).map(({ variable }) => variable);
  model.dispose = () => {
    const result = dispose();
    for (const variable of variables) if (!variable.isDisposed) variable.dispose();
    return result;
  };
  return model;
}

/** Builds a model from its topology; names the class that tfjs does not know. */
async function build(where: string, config: Config): Promise<LayersModel> {
  const { registeredVariables } = tf.engine();
  const before = new Set(Object.keys(registeredVariables));
  // Without weights to load, all is built before the call returns: what is new now is the model's.
  const building = tfl.models.modelFromJSON({ modelTopology: config } as Parameters<
    typeof tfl.models.modelFromJSON
  >[0]);
  const made = Object.values(registeredVariables).filter(({ name }) => !before.has(name));
  try {
    return freedWhole(await building);
  } catch (cause) {
    tf.dispose(made);
    const message = cause instanceof Error ? cause.message : String(cause);
    const name = /Unknown (?:layer|\w+):? ?'?(\w+)/.exec(message)?.[1];
    throw new AmunError(
      'unregistered-layer',
      `${where}: the model can't be cloned${name === undefined ? '' : `: tfjs does not know the class '${name}'`}. Register it with ` +
        `tf.serialization.registerClass, or pass classifier(model, { clone: () => … }), or work with inPlace: true. (${message})`,
      { cause },
    );
  }
}

/**
 * A copy with the same architecture and weights, uncompiled.
 *
 * @throws AmunError `unregistered-layer` naming the class when a custom layer is not registered.
 */
export async function cloneModel(where: string, model: LayersModel): Promise<LayersModel> {
  const copy = await build(where, topology(model));
  try {
    copyWeights(where, modelVariables(model), modelVariables(copy));
  } catch (error) {
    disposeModel(copy);
    throw error;
  }
  return copy;
}

/** Gives every initializer in a serialized topology a seed of its own. */
function seedInitializers(node: unknown, seed: number, path: string): unknown {
  if (Array.isArray(node)) return node.map((item, i) => seedInitializers(item, seed, `${path}/${i}`));
  if (typeof node !== 'object' || node === null) return node;
  const seeded: Config = {};
  for (const [key, value] of Object.entries(node)) {
    const inner = seedInitializers(value, seed, `${path}/${key}`);
    const isInitializer =
      key.endsWith('_initializer') && typeof inner === 'object' && inner !== null && 'config' in inner;
    seeded[key] = isInitializer
      ? {
          ...inner,
          config: { ...((inner as Config)['config'] as Config), ...seedOf(inner as Config, seed, `${path}/${key}`) },
        }
      : inner;
  }
  return seeded;
}

/** Constant initializers take no seed; all others of tfjs do. */
const UNSEEDED = new Set(['Zeros', 'Ones', 'Constant', 'Identity']);

function seedOf(initializer: Config, seed: number, path: string): Config {
  return UNSEEDED.has(initializer['class_name'] as string) ? {} : { seed: deriveSeed(seed, 'initializer', path) };
}

/**
 * A model of the same architecture whose initial weights are drawn from the seed, by the layers' own initializers.
 *
 * @throws AmunError `unregistered-layer` when a custom layer is not registered.
 */
export async function reinitializedModel(where: string, model: LayersModel, seed: number): Promise<LayersModel> {
  return build(where, seedInitializers(topology(model), seed, '') as Config);
}
