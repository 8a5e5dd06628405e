/**
 * A forward pass in the mode that is asked for. tfjs-layers offers `training` as one switch for everything; what it lacks is
 * set on the layers for the length of one synchronous call and put back, whatever happens:
 *
 * - the head's softmax or sigmoid is left out, so that the pass yields logits;
 * - batch norm can be frozen while dropout is on (tfjs updates moving statistics even of layers that are not trainable);
 * - dropout masks come from our seed (recurrent and Gaussian layers take none in tfjs);
 * - batch norm without scale or offset, which tfjs can't differentiate, is computed here.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { Draw } from '../core/engine';
import { dropped, noisyCall } from './noise';
import { isPartialBatchNorm, partialBatchNormCall } from './batch-norm';
import type { Head } from './head';
import { allLayers, type ActivationObject, type LayerObject, layersOf } from './tfjs-layers';

/** How a forward pass treats the layers that behave differently in training. */
export type ForwardMode =
  /** Moving statistics, no dropout. */
  | { readonly kind: 'inference' }
  /** Dropout by `draw`; batch statistics and their update, unless `batchNorm` is `frozen`. */
  | { readonly kind: 'training'; readonly batchNorm: 'train' | 'frozen'; readonly draw: Draw };

/** Undoes a change to a layer. */
type Undo = () => void;

/** Stands in for the activation that is left out. */
const IDENTITY: ActivationObject = {
  apply: (x) => x,
  getClassName: () => 'linear',
  getConfig: () => ({}),
};

/** Sets an own property and returns what puts back the former state, inherited methods included. */
function replace<K extends keyof LayerObject>(layer: LayerObject, key: K, value: LayerObject[K]): Undo {
  const own = Object.getOwnPropertyDescriptor(layer, key);
  Object.defineProperty(layer, key, { value, writable: true, configurable: true, enumerable: own?.enumerable ?? true });
  return () => {
    if (own === undefined) Reflect.deleteProperty(layer, key);
    else Object.defineProperty(layer, key, own);
  };
}

/**
 * Gives a recurrent cell no masks for one pass, then frees those that it made: tfjs keeps them until the next pass, and in stacked
 * cells even uses them again.
 */
function withOwnMasks(cell: LayerObject): Undo {
  const undo = (['dropoutMask', 'recurrentDropoutMask'] as const).map((key): Undo => {
    const restore = replace(cell, key, null);
    return () => {
      const made = cell[key];
      restore();
      if (made != null) tf.dispose(made);
    };
  });
  return () => {
    for (const step of undo) step();
  };
}

const single = (inputs: Tensor | Tensor[]): Tensor => (Array.isArray(inputs) ? inputs[0] : inputs);

/** Layers whose training behaviour draws random numbers that we can't seed. */
const UNSEEDED = new Set(['AlphaDropout']);

/** The layers of a model by what a forward pass may have to change on them; read once per model. */
export class ForwardPass {
  private readonly layers: readonly LayerObject[];
  private readonly batchNorms: readonly LayerObject[];
  private readonly partialNorms: readonly LayerObject[];
  private readonly cells: readonly LayerObject[];
  /** How often the head's layer is called in one pass: only its last call makes the output. Counted on the first pass. */
  private headCalls: number | undefined;

  constructor(
    private readonly model: LayersModel,
    private readonly head: Head,
  ) {
    this.layers = allLayers(layersOf(model));
    this.batchNorms = this.layers.filter((layer) => layer.getClassName() === 'BatchNormalization');
    this.partialNorms = this.batchNorms.filter(isPartialBatchNorm);
    this.cells = this.layers.filter((layer) => 'dropoutMask' in layer);
  }

  /** Names of layers that make training irreproducible even under a seed. */
  get unseededLayers(): readonly string[] {
    return this.layers.filter((layer) => UNSEEDED.has(layer.getClassName())).map((layer) => layer.name);
  }

  /** The model's output without its softmax or sigmoid, of the model's own output shape. */
  run(xs: Tensor, mode: ForwardMode): Tensor {
    if (this.needsHeadCount()) this.countHeadCalls(xs);
    const undo: Undo[] = [];
    try {
      for (const cell of this.cells) undo.push(withOwnMasks(cell));
      for (const layer of this.partialNorms) undo.push(replace(layer, 'call', partialBatchNormCall(layer)));
      this.patchHead(undo);
      if (mode.kind === 'training') this.patchTraining(mode, undo);
      return this.model.apply(xs, { training: mode.kind === 'training' }) as Tensor;
    } finally {
      // Backwards, so that a property changed twice ends as it began.
      for (const step of undo.reverse()) step();
    }
  }

  private needsHeadCount(): boolean {
    return this.headCalls === undefined && (this.head.kind === 'softmax' || this.head.kind === 'sigmoid');
  }

  private countHeadCalls(xs: Tensor): void {
    const { layer } = this.head as { layer: LayerObject };
    const call = layer.call;
    let calls = 0;
    const undo = this.cells.map(withOwnMasks);
    undo.push(
      replace(layer, 'call', (inputs, kwargs) => {
        calls += 1;
        return call.call(layer, inputs, kwargs);
      }),
    );
    try {
      tf.tidy(() => {
        this.model.apply(tf.slice(xs, 0, 1));
      });
    } finally {
      for (const step of undo) step();
    }
    this.headCalls = calls;
  }

  private patchHead(undo: Undo[]): void {
    if (this.head.kind !== 'softmax' && this.head.kind !== 'sigmoid') return;
    const { layer } = this.head;
    const call = layer.call;
    let remaining = this.headCalls!;
    const withoutActivation: LayerObject['call'] = (inputs, kwargs) => {
      remaining -= 1;
      if (remaining > 0) return call.call(layer, inputs, kwargs);
      if (layer.activation === undefined) return single(inputs);
      const restore = replace(layer, 'activation', IDENTITY);
      try {
        return call.call(layer, inputs, kwargs);
      } finally {
        restore();
      }
    };
    undo.push(replace(layer, 'call', withoutActivation));
  }

  private patchTraining(mode: Extract<ForwardMode, { kind: 'training' }>, undo: Undo[]): void {
    if (mode.batchNorm === 'frozen') {
      for (const layer of this.batchNorms) {
        const call = layer.call;
        undo.push(replace(layer, 'call', (inputs, kwargs) => call.call(layer, inputs, { ...kwargs, training: false })));
      }
    }
    for (const layer of this.layers) {
      const noisy = noisyCall(layer, mode.draw);
      if (noisy !== undefined) undo.push(replace(layer, 'call', noisy));
      else if ('dropoutFunc' in layer && layer.dropoutFunc == null) {
        undo.push(replace(layer, 'dropoutFunc', (x, rate) => dropped(x, rate, x.shape, mode.draw)));
      }
    }
  }
}
