/** Models that can't be read as classifiers. */
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import type { LayersModel, SymbolicTensor } from '@tensorflow/tfjs-layers';
import { disposeModel } from '../../src/model/variables';
import { type Fault, type GoodInput, goodModel } from './bad-input-bench';

const { dense } = tfl.layers;

const apply = (layer: tfl.layers.Layer, x: SymbolicTensor | SymbolicTensor[]): SymbolicTensor =>
  layer.apply(x) as SymbolicTensor;

function twoInputs(): LayersModel {
  const inputs = [tfl.input({ shape: [4] }), tfl.input({ shape: [4] })];
  return tfl.model({ inputs, outputs: apply(dense({ units: 3 }), apply(tfl.layers.add(), inputs)) });
}

function twoOutputs(): LayersModel {
  const input = tfl.input({ shape: [4] });
  return tfl.model({ inputs: input, outputs: [1, 2].map(() => apply(dense({ units: 3 }), input)) });
}

const sequential = (...layers: tfl.layers.Layer[]): LayersModel => tfl.sequential({ layers });

const perTimestep = (): LayersModel => sequential(dense({ units: 3, activation: 'softmax', inputShape: [5, 4] }));

function stateful(): LayersModel {
  const recurrent = tfl.layers.simpleRNN({ units: 3, inputShape: [5, 4], recurrentInitializer: 'glorotUniform' });
  const model = sequential(recurrent);
  // Set afterwards: from the start, tfjs would make state tensors that it never frees.
  (recurrent as unknown as { _stateful: boolean })._stateful = true;
  return model;
}

function disposed(): LayersModel {
  const model = goodModel();
  disposeModel(model);
  return model;
}

function withWeight(value: number) {
  return ({ own, tensor }: GoodInput): LayersModel => {
    const model = own(goodModel());
    const bias = model.layers[1].weights[1].read() as tf.Variable;
    bias.assign(tensor(tf.tensor1d([0, value, 0])));
    return model;
  };
}

const owned =
  (build: () => LayersModel) =>
  ({ own }: GoodInput): LayersModel =>
    own(build());

/** Models that can't be read as classifiers. */
export const MODEL_FAULTS: readonly Fault[] = [
  { name: 'no model', model: () => undefined, code: 'unsupported-model', message: /LayersModel.*got undefined/ },
  {
    name: 'a promise of a model',
    model: ({ model }) => Promise.resolve(model),
    code: 'unsupported-model',
    message: /got a Promise; await it/,
  },
  {
    name: 'a GraphModel',
    model: () => ({ executor: {}, modelUrl: 'model.json', predict: () => undefined, weights: {} }),
    code: 'unsupported-model',
    message: /got a GraphModel.*tfjs_layers_model/,
  },
  {
    name: 'a model that is not built',
    model: () => tfl.sequential(),
    code: 'unsupported-model',
    message: /built tfjs LayersModel.*inputShape/,
  },
  { name: 'two inputs', model: owned(twoInputs), code: 'unsupported-model', message: /one input, got 2/ },
  { name: 'two outputs', model: owned(twoOutputs), code: 'unsupported-model', message: /one output, got 2/ },
  {
    name: 'an output per timestep',
    model: owned(perTimestep),
    code: 'unsupported-model',
    message: /\[batch, classes\], got \[any, 5, 3\]/,
  },
  { name: 'a stateful layer', model: owned(stateful), code: 'unsupported-model', message: /stateful/ },
  {
    name: 'regression',
    model: owned(() => sequential(dense({ units: 1, inputShape: [4] }))),
    code: 'unsupported-model',
    message: /one output unit without a sigmoid.*outputs: 'logits'/,
  },
  {
    name: 'a multi-label head',
    model: owned(() => sequential(dense({ units: 3, activation: 'sigmoid', inputShape: [4] }))),
    code: 'unsupported-model',
    message: /3 sigmoid units.*one label per example/,
  },
  { name: 'a disposed model', model: disposed, code: 'disposed', message: /model is disposed.*kernel.*hidden/ },
  {
    name: 'a NaN weight',
    model: withWeight(NaN),
    code: 'invalid-weights',
    message: /NaN at position 1 of 'head\/bias'/,
  },
  {
    name: 'an infinite weight',
    model: withWeight(Infinity),
    code: 'invalid-weights',
    message: /finite weights, got Infinity.*restore the model/,
  },
  {
    name: 'fewer classes than labels',
    model: owned(() => sequential(dense({ units: 2, activation: 'softmax', inputShape: [4] }))),
    code: 'invalid-labels',
    message: /the label of example 2 is 2; expected 0 … 1 for 2 classes/,
  },
  {
    name: 'other input sizes',
    model: owned(() => sequential(dense({ units: 3, activation: 'softmax', inputShape: [6] }))),
    code: 'invalid-inputs',
    message: /expected inputs of shape \[6\] as the model has them, got \[4\]/,
  },
];
