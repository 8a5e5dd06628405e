/**
 * What an engine may run as a whole: a step, from tensors to tensors, with no host reads on the way.
 *
 * The search and the training loop say what a step computes; without an engine it runs op by op on the current tfjs backend. An
 * engine, such as that of `amun-ts/native`, may compile it once and run the compiled form from then on.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import type { RandomStream } from './random';
import { sharedState } from './shared-state';

/** Makes a random tensor, drawn on the host from the step's own stream. */
export type Draw = (make: (random: RandomStream) => Tensor) => Tensor;

/** Draws from one stream, at once. */
export function drawFrom(random: RandomStream): Draw {
  return (make) => make(random);
}

/** A computation that is run many times with other inputs. */
export interface Step {
  /** Names the computation with everything in it that is not a tensor: for one owner, equal keys compute the same. */
  readonly key: string;
  /** What it belongs to, such as a classifier: compiled forms are kept no longer than their owner. */
  readonly owner: object;
  /** Tensors that differ from call to call. */
  readonly inputs: readonly Tensor[];
  /** Variables that it reads, and may assign. */
  readonly variables: readonly Variable[];
  /**
   * `'fixed'`: the variables rarely differ between calls, and each row of an output depends on the same row of the inputs alone, so
   * that a batch of any size is the same computation. `'changing'`: it assigns variables, and takes the batch as a whole.
   */
  readonly weights: 'fixed' | 'changing';
  /** Source of its random draws. */
  readonly random?: RandomStream;
  /** Computes the outputs, op by op. Random values come through `draw` only, values made on the host from `inputs` only. */
  compute(inputs: readonly Tensor[], draw: Draw): Tensor[];
}

/** Runs steps. One is registered for the process, by `useNative()`. */
export interface Engine {
  /** Its name, such as `onnxruntime-node`. */
  readonly name: string;
  /** Runs one step. The caller disposes the outputs, and keeps the inputs until they are there. */
  run(step: Step): Promise<Tensor[]>;
}

/** The engine in use, if there is one. */
export function currentEngine(): Engine | undefined {
  return sharedState().engine;
}

/** Runs a step by the engine in use. The caller disposes the outputs. */
export async function runStep(step: Step): Promise<Tensor[]> {
  const engine = currentEngine();
  return engine === undefined ? runEagerly(step) : engine.run(step);
}

/** Runs a step op by op on the current backend. */
export function runEagerly({ compute, inputs, random }: Step): Tensor[] {
  return tf.tidy(() => compute(inputs, drawFrom(random!)));
}
