/**
 * Where a classifier's logits are: the layer whose softmax or sigmoid has to be left out to see them.
 *
 * Attacks and losses need logits: cross-entropy on probabilities has a gradient of exactly zero past a logit margin of about
 * 16, which is where memorised training examples sit.
 */
import type { LayersModel, SymbolicTensor } from '@tensorflow/tfjs-layers';
import { type LayerObject, sourceLayer } from './tfjs-layers';

/** What a model's outputs are, and which layer turns logits into them. */
export type Head =
  /** The outputs are logits. */
  | { readonly kind: 'logits' }
  /** The outputs are probabilities that no known layer made: their logarithm serves as logits. */
  | { readonly kind: 'probabilities' }
  /** `layer` applies softmax: its last call in a forward pass, without it, gives logits. */
  | { readonly kind: 'softmax'; readonly layer: LayerObject }
  /** `layer` applies a sigmoid to one unit, the logit of class 1 against class 0. */
  | { readonly kind: 'sigmoid'; readonly layer: LayerObject }
  /** Only values can tell: a custom or merging layer. */
  | { readonly kind: 'unknown'; readonly layer: LayerObject };

/** Layers that move values without changing them, so that what stands before them decides. */
const SHAPE_ONLY = new Set(['Reshape', 'Flatten']);

/** Merging layers that keep logits logits, whatever they merge. */
const LINEAR_MERGES = new Set(['Add', 'Average']);

function inputsOf(tensor: SymbolicTensor): readonly SymbolicTensor[] {
  return tensor.inputs as unknown as readonly SymbolicTensor[];
}

function headOfTensor(tensor: SymbolicTensor): Head {
  const layer = sourceLayer(tensor);
  const className = layer.getClassName();
  if (layer.outputs !== undefined && layer.layers !== undefined) return headOfTensor(layer.outputs[0]);
  if (SHAPE_ONLY.has(className)) {
    const [input] = inputsOf(tensor);
    // Another last axis mixes what a softmax normalised one by one.
    return input.shape.at(-1) === tensor.shape.at(-1) ? headOfTensor(input) : { kind: 'unknown', layer };
  }
  if (className === 'Softmax') return { kind: 'softmax', layer };
  if (LINEAR_MERGES.has(className)) return headOfMerge(tensor, layer);

  const activation = layer.activation?.getClassName();
  if (className === 'Activation' && activation === 'linear') return headOfTensor(inputsOf(tensor)[0]);
  if (activation === 'softmax') return { kind: 'softmax', layer };
  if (activation === 'sigmoid') return { kind: 'sigmoid', layer };
  // Log-probabilities are logits too: softmax gives the probabilities back.
  if (activation === 'linear' || activation === 'logSoftmax') return { kind: 'logits' };
  return { kind: 'unknown', layer };
}

function headOfMerge(tensor: SymbolicTensor, layer: LayerObject): Head {
  const kinds = new Set(inputsOf(tensor).map((input) => headOfTensor(input).kind));
  if (kinds.size === 1 && kinds.has('logits')) return { kind: 'logits' };
  return { kind: 'unknown', layer };
}

/** Reads the head off the model's graph, without running it. */
export function findHead(model: LayersModel): Head {
  return headOfTensor(model.outputs[0]);
}
