/**
 * A model's variables by place and name. Position is no identity: freezing a layer reorders `model.weights`, and a clone's
 * variables get suffixes. The key is the path of layer names, through nested models, and the variable's own name.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { AmunError } from '../core/errors';
import { type LayerObject, type LayerVariableObject, layersOf } from './tfjs-layers';

/** One variable of a model. */
export interface ModelVariable {
  /** Path of layer names and the variable's name, such as `block1/conv/kernel`. The same in every clone. */
  readonly key: string;
  readonly variable: Variable;
  readonly shape: readonly number[];
  /** False for frozen layers and for moving statistics. */
  readonly trainable: boolean;
}

/** Values of variables by key, on the host. */
export type WeightSnapshot = ReadonlyMap<string, Float32Array>;

/** Every variable of the model, shared layers once, in the order of the graph. */
export function modelVariables(model: LayersModel): readonly ModelVariable[] {
  const trainable = new Set<unknown>(model.trainableWeights);
  const seen = new Set<LayerVariableObject>();
  const taken = new Map<string, number>();
  const found: ModelVariable[] = [];

  const visit = (layer: LayerObject, path: string): void => {
    if (layer.layers !== undefined) {
      for (const inner of layer.layers) visit(inner, `${path}${layer.name}/`);
      return;
    }
    for (const weight of layer.weights) {
      if (seen.has(weight)) continue;
      seen.add(weight);
      const name = `${path}${layer.name}/${ownName(layer, weight)}`;
      // The two directions of a Bidirectional, or stacked cells, use the same names: they are told apart by order.
      const count = (taken.get(name) ?? 0) + 1;
      taken.set(name, count);
      const variable = weight.read();
      found.push({
        key: count === 1 ? name : `${name}#${count}`,
        variable,
        shape: variable.shape,
        trainable: trainable.has(weight),
      });
    }
  };
  for (const layer of layersOf(model)) visit(layer, '');
  return found;
}

/**
 * A variable's name within its layer. `originalName` begins with the scopes that were open when the layer was built: its own, and
 * those of the models around it if they built it, which differs between a model and its clone.
 */
function ownName(layer: LayerObject, { originalName }: LayerVariableObject): string {
  const scope = `/${layer.name}/`;
  const at = `/${originalName}`.lastIndexOf(scope);
  return at < 0 ? originalName : originalName.slice(at + scope.length - 1);
}

/**
 * Disposes a model and every variable of it. tfjs counts references so that a model's own `dispose()` leaves the variables of shared
 * layers and of some nested models behind.
 */
export function disposeModel(model: LayersModel): void {
  const variables = modelVariables(model);
  model.dispose();
  for (const { variable } of variables) if (!variable.isDisposed) variable.dispose();
}

/** Copies the values of all variables to the host. */
export async function snapshotWeights(variables: readonly ModelVariable[]): Promise<WeightSnapshot> {
  const snapshot = new Map<string, Float32Array>();
  for (const { key, variable } of variables) snapshot.set(key, Float32Array.from(await variable.data()));
  return snapshot;
}

/**
 * Writes a snapshot into variables of the same keys and shapes.
 *
 * @throws AmunError `checkpoint-mismatch` when a key is missing, too many, or of another size; nothing is written then.
 */
export function restoreWeights(where: string, variables: readonly ModelVariable[], snapshot: WeightSnapshot): void {
  for (const { key, shape } of variables) {
    const values = snapshot.get(key);
    if (values?.length !== tf.util.sizeFromShape([...shape])) {
      const got = values === undefined ? 'nothing' : `${values.length} numbers`;
      throw new AmunError(
        'checkpoint-mismatch',
        `${where}: expected weights of shape [${shape}] for '${key}', got ${got}.`,
      );
    }
  }
  if (snapshot.size !== variables.length) {
    throw new AmunError(
      'checkpoint-mismatch',
      `${where}: expected ${variables.length} variables, got ${snapshot.size}.`,
    );
  }
  for (const { key, variable, shape } of variables) {
    assign(variable, tf.tensor(snapshot.get(key)!, [...shape], variable.dtype as 'float32'));
  }
}

/** Gives a variable a new value and disposes the tensor that carried it. */
export function assign(variable: Variable, value: Tensor): void {
  variable.assign(value);
  value.dispose();
}

/**
 * Copies the values of one model's variables into another of the same architecture.
 *
 * @throws AmunError `checkpoint-mismatch` when keys or shapes differ.
 */
export function copyWeights(where: string, from: readonly ModelVariable[], to: readonly ModelVariable[]): void {
  const source = new Map(from.map((entry) => [entry.key, entry]));
  for (const { key, shape } of to) {
    const other = source.get(key);
    if (other === undefined || !tf.util.arraysEqual([...other.shape], [...shape])) {
      throw new AmunError(
        'checkpoint-mismatch',
        `${where}: expected a variable '${key}' of shape [${shape}], got ${other === undefined ? 'none' : `[${other.shape}]`}.`,
      );
    }
  }
  for (const { key, variable } of to) variable.assign(source.get(key)!.variable);
}

/**
 * Refuses weights that are NaN or infinite: nothing computed with them means anything.
 *
 * @throws AmunError `invalid-weights` naming the variable; `disposed` when the model is.
 */
export async function checkWeights(where: string, variables: readonly ModelVariable[]): Promise<void> {
  for (const { key, variable } of variables) {
    if (variable.isDisposed)
      throw new AmunError('disposed', `${where}: the variable '${key}' of the model is disposed.`);
    const values = await variable.data();
    const bad = values.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0) {
      throw new AmunError(
        'invalid-weights',
        `${where}: expected finite weights, got ${values[bad]} at position ${bad} of '${key}'; restore the model from a checkpoint taken before its training diverged.`,
      );
    }
  }
}
