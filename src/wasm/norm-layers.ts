/**
 * Lets `BatchNormalization` layers train by one fused operation on the wasm backend. tfjs-layers composes the training pass of
 * moments and normalisation, some twenty passes over the activations forward and back; fused, it is five.
 *
 * The layer class is the one that tfjs-layers registered for serialisation. Its `call` is wrapped once; in inference mode, on
 * other backends and for other axes than the last, the layer's own code runs. As in tfjs-layers, moving statistics are updated by
 * moving ← moving − (moving − batch)·(1 − momentum), with the variance divided by the batch's size, not by one less.
 */

import {
  backend,
  customGrad,
  dispose,
  engine,
  getBackend,
  keep,
  mul,
  serialization,
  sub,
  tidy,
} from '@tensorflow/tfjs-core';
import type { GradSaveFunc, Tensor } from '@tensorflow/tfjs-core';
import type { WasmBackend } from './backend';
import { nativeKernels } from './native/load';
import { TRAIN_NORM, TRAIN_NORM_GRADIENT } from './norm-kernels';

interface LayerVariable {
  read(): Tensor;
  write(value: Tensor): unknown;
}

interface BatchNormLayer {
  axis: number;
  momentum: number;
  epsilon: number;
  gamma?: LayerVariable | null;
  beta?: LayerVariable | null;
  movingMean: LayerVariable;
  movingVariance: LayerVariable;
}

type Call = (this: BatchNormLayer, inputs: Tensor | Tensor[], kwargs: Record<string, unknown>) => Tensor | Tensor[];

/** Marks a `call` that is ours already. */
const FUSED = Symbol.for('amun-ts.fused-norm');

/** Wraps the layer class's `call`, if tfjs-layers is loaded and that is not done yet. */
export function fuseBatchNormLayers(): void {
  const registered = serialization.SerializationMap.getMap().classNameMap['BatchNormalization'];
  const prototype = registered?.[0].prototype as unknown as { call: Call & { [FUSED]?: true } } | undefined;
  if (!prototype || prototype.call[FUSED]) return;
  const original: Call = prototype.call;
  const fused: Call = function (inputs, kwargs) {
    const x = Array.isArray(inputs) ? inputs[0] : inputs;
    return kwargs['training'] === true && canFuse(this, x)
      ? trainingCall(this, x)
      : original.call(this, inputs, kwargs);
  };
  prototype.call = Object.assign(fused, { [FUSED]: true as const });
}

function canFuse(layer: BatchNormLayer, x: Tensor): boolean {
  return (
    getBackend() === 'wasm' &&
    nativeKernels(backend() as unknown as WasmBackend) !== undefined &&
    x.dtype === 'float32' &&
    x.size > 0 &&
    (layer.axis === -1 || layer.axis === x.rank - 1)
  );
}

function trainingCall(layer: BatchNormLayer, x: Tensor): Tensor {
  return tidy(() => {
    const { y, mean, variance } = trainNorm(x, layer.gamma?.read(), layer.beta?.read(), layer.epsilon);
    update(layer.movingMean, mean, layer.momentum);
    update(layer.movingVariance, variance, layer.momentum);
    dispose([mean, variance]);
    return y;
  });
}

function update(moving: LayerVariable, batch: Tensor, momentum: number): void {
  tidy(() => {
    const before = moving.read();
    moving.write(sub(before, mul(sub(before, batch), 1 - momentum)));
  });
}

/** Normalised x, with gradients by x, gamma and beta. The batch's statistics have none; the caller disposes them. */
function trainNorm(x: Tensor, gamma: Tensor | undefined, beta: Tensor | undefined, epsilon: number) {
  let statistics: Tensor[] = [];
  const op = customGrad((...args) => {
    const save = args[args.length - 1] as GradSaveFunc;
    const inputs = { x, ...(gamma && { scale: gamma }), ...(beta && { offset: beta }) };
    const [y, ...batch] = runAll(TRAIN_NORM, inputs, epsilon);
    statistics = batch.map((tensor) => keep(tensor));
    save([x, ...batch, ...(gamma ? [gamma] : [])]);
    const gradFunc = (dy: Tensor, [savedX, mean, variance, scale]: Tensor[]) => {
      const saved = { dy, x: savedX, mean, variance, ...(gamma && { scale }) };
      const [dx, dGamma, dBeta] = runAll(TRAIN_NORM_GRADIENT, saved, epsilon);
      return [dx, ...(gamma ? [dGamma] : []), ...(beta ? [dBeta] : [])];
    };
    return { value: y, gradFunc };
  });
  const y = op(...[x, gamma, beta].filter((tensor) => tensor !== undefined));
  const [mean, variance] = statistics;
  return { y, mean, variance };
}

function runAll(kernel: string, inputs: Record<string, Tensor>, epsilon: number): Tensor[] {
  return engine().runKernel(kernel, inputs, { epsilon }) as unknown as Tensor[];
}
