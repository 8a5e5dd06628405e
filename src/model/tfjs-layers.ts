/**
 * The parts of tfjs-layers' objects that the library relies on beyond its typed API, named in one place. They are checked
 * structurally: `instanceof` fails when an application holds two copies of tfjs.
 */
import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import type { LayersModel, SymbolicTensor } from '@tensorflow/tfjs-layers';

/** A layer's activation, as Dense, Conv and Activation hold it. */
export interface ActivationObject {
  apply(x: Tensor): Tensor;
  getClassName(): string;
  getConfig(): Record<string, unknown>;
}

/** A layer variable: its `originalName` is free of the suffixes that clones get. */
export interface LayerVariableObject {
  readonly originalName: string;
  readonly shape: readonly (number | null)[];
  read(): Variable;
}

/** A layer as the library sees it. */
export interface LayerObject {
  readonly name: string;
  readonly weights: readonly LayerVariableObject[];
  readonly trainableWeights: readonly LayerVariableObject[];
  readonly stateful?: boolean;
  /** Present on nested models. */
  readonly layers?: readonly LayerObject[];
  readonly outputs?: readonly SymbolicTensor[];
  /** The wrapped layer of TimeDistributed; Bidirectional has two. */
  readonly layer?: LayerObject;
  readonly forwardLayer?: LayerObject;
  readonly backwardLayer?: LayerObject;
  /** The cell of an RNN, and the cells of stacked ones. */
  readonly cell?: LayerObject;
  readonly cells?: readonly LayerObject[];
  activation?: ActivationObject;
  dropoutFunc?: (x: Tensor, rate: number) => Tensor;
  /** Kept by recurrent cells from one pass to the next, beyond any `tf.tidy`. */
  dropoutMask?: Tensor | Tensor[] | null;
  recurrentDropoutMask?: Tensor | Tensor[] | null;
  readonly rate?: number;
  readonly stddev?: number;
  /** The shape of a dropout layer's mask, where it differs from its input's. */
  getNoiseShape?(input: Tensor): number[] | null | undefined;
  call(inputs: Tensor | Tensor[], kwargs: Record<string, unknown>): Tensor | Tensor[];
  getClassName(): string;
}

/** A model's top layer list, typed as the library sees it. */
export function layersOf(model: LayersModel): readonly LayerObject[] {
  return model.layers as unknown as readonly LayerObject[];
}

/** Every layer and cell below `layers`, through nested models and wrappers; shared ones once. */
export function allLayers(layers: readonly LayerObject[]): readonly LayerObject[] {
  const seen = new Set<LayerObject>();
  const visit = (layer: LayerObject | undefined): void => {
    if (layer === undefined || layer === null || seen.has(layer)) return;
    seen.add(layer);
    layer.layers?.forEach(visit);
    layer.cells?.forEach(visit);
    [layer.layer, layer.forwardLayer, layer.backwardLayer, layer.cell].forEach(visit);
  };
  layers.forEach(visit);
  return [...seen];
}

/** The layer that computed a symbolic tensor. */
export function sourceLayer(tensor: SymbolicTensor): LayerObject {
  return tensor.sourceLayer as unknown as LayerObject;
}
