/**
 * Whether a value is a model that the library can work with, told before anything is computed.
 */
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { AmunError } from '../core/errors';
import { show } from '../core/options';
import { allLayers, layersOf } from './tfjs-layers';

type Candidate = Partial<LayersModel> & { executor?: unknown; modelVersion?: unknown };

/**
 * Checks that `model` is a tfjs-layers model with one input and one class output.
 *
 * @throws AmunError `unsupported-model` or `disposed`, saying what came and what to do.
 */
export function checkModelShape(where: string, model: unknown): asserts model is LayersModel {
  const candidate = model as Candidate | null;
  if (typeof candidate !== 'object' || candidate === null) {
    throw unsupported(where, `expected a tfjs LayersModel or a classifier, got ${show(model)}`);
  }
  if (typeof (candidate as { then?: unknown }).then === 'function') {
    throw unsupported(where, 'expected a tfjs LayersModel, got a Promise; await it first');
  }
  if (candidate.executor !== undefined || (candidate.modelVersion !== undefined && candidate.layers === undefined)) {
    throw unsupported(
      where,
      'expected a LayersModel, got a GraphModel, whose weights tfjs can not train; convert the original with --output_format=tfjs_layers_model',
    );
  }
  if ('model' in candidate && candidate.layers === undefined) {
    throw unsupported(
      where,
      'expected a tfjs LayersModel, got an object that holds one, such as a result; pass its .model',
    );
  }
  const { layers, inputs, outputs } = candidate;
  // An empty Sequential has empty lists.
  const isBuilt = Array.isArray(layers) && Array.isArray(inputs) && Array.isArray(outputs) && layers.length > 0;
  if (!isBuilt) {
    throw unsupported(
      where,
      `expected a built tfjs LayersModel, got ${show(model)}; give its first layer an inputShape`,
    );
  }
  checkEnds(where, candidate as LayersModel);
  checkLayers(where, candidate as LayersModel);
}

function unsupported(where: string, message: string): AmunError {
  return new AmunError('unsupported-model', `${where}: ${message}.`);
}

function checkEnds(where: string, model: LayersModel): void {
  if (model.inputs.length !== 1)
    throw unsupported(where, `expected a model with one input, got ${model.inputs.length}`);
  if (model.outputs.length !== 1)
    throw unsupported(where, `expected a model with one output, got ${model.outputs.length}`);
  const shape = model.outputs[0].shape;
  const inner = shape.slice(1, -1);
  if (shape.length < 2 || shape.at(-1) === null || !inner.every((size) => size === 1)) {
    throw unsupported(
      where,
      `expected outputs of shape [batch, classes], got [${shape.map((size) => size ?? 'any').join(', ')}]`,
    );
  }
}

function checkLayers(where: string, model: LayersModel): void {
  for (const layer of allLayers(layersOf(model))) {
    if (layer.stateful === true && layer.layers === undefined) {
      throw unsupported(
        where,
        `the layer '${layer.name}' is stateful: its outputs depend on what was predicted before`,
      );
    }
    for (const weight of layer.weights) {
      if (isDisposed(weight)) {
        throw new AmunError(
          'disposed',
          `${where}: the model is disposed (variable '${weight.originalName}' of '${layer.name}').`,
        );
      }
    }
  }
}

/** A layer variable refuses to be read once it is disposed. */
function isDisposed(weight: { read(): { isDisposed: boolean } }): boolean {
  try {
    return weight.read().isDisposed;
  } catch {
    return true;
  }
}
