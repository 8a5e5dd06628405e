/**
 * Stochastic gradient descent with momentum and coupled weight decay, as PyTorch's `torch.optim.SGD` defines it:
 *
 *   g ← ∇L + weightDecay · w;  m ← g on the first step, momentum · m + g later;  w ← w − learningRate · m
 *
 * tfjs' own optimizers have no weight decay and keep their state by position, which freezing a layer changes. State here is
 * keyed like the variables. A mask freezes single weights: their gradient, decay and momentum are all zero, so that they stay
 * bit-identical.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { NamedTensorMap, Tensor } from '@tensorflow/tfjs-core';
import type { ModelVariable, WeightSnapshot } from './variables';

/** Which weights may change: 1 or 0 for each, by variable key. A variable without an entry may change as a whole. */
export type WeightMask = ReadonlyMap<string, Uint8Array>;

/** What SGD keeps constant over a run. */
export interface SgdOptions {
  readonly momentum: number;
  readonly weightDecay: number;
  readonly mask?: WeightMask;
}

/** The optimizer's state over a fixed set of variables. Dispose it after the run. */
export class Sgd {
  private readonly variables: readonly ModelVariable[];
  private readonly masks = new Map<string, Tensor>();
  private momenta = new Map<string, Tensor>();

  constructor(
    variables: readonly ModelVariable[],
    private readonly options: SgdOptions,
  ) {
    this.variables = variables.filter((entry) => entry.trainable);
    for (const { key, shape } of this.variables) {
      const bits = options.mask?.get(key);
      if (bits !== undefined) this.masks.set(key, tf.tensor(Float32Array.from(bits), [...shape]));
    }
  }

  /** Applies one step. Takes the gradients by tfjs variable name and disposes them. */
  step(gradients: NamedTensorMap, learningRate: number): void {
    for (const entry of this.variables) {
      const gradient = gradients[entry.variable.name];
      // A variable that the loss does not reach has no gradient; PyTorch skips it too, decay included.
      if (gradient === undefined || gradient === null) continue;
      const updated = tf.tidy(() => this.updated(entry, gradient, learningRate));
      gradient.dispose();
      this.momenta.get(entry.key)?.dispose();
      if (updated.momentum !== undefined) this.momenta.set(entry.key, updated.momentum);
      entry.variable.assign(updated.weight);
      updated.weight.dispose();
    }
  }

  private updated(entry: ModelVariable, gradient: Tensor, learningRate: number): { weight: Tensor; momentum?: Tensor } {
    const { momentum, weightDecay } = this.options;
    const weight = entry.variable as Tensor;
    const mask = this.masks.get(entry.key);
    let direction = weightDecay === 0 ? gradient : tf.add(gradient, tf.mul(weight, weightDecay));
    if (mask !== undefined) direction = tf.mul(direction, mask);
    const previous = this.momenta.get(entry.key);
    if (momentum !== 0 && previous !== undefined) direction = tf.add(tf.mul(previous, momentum), direction);
    const next = tf.sub(weight, tf.mul(direction, learningRate));
    return momentum === 0 ? { weight: next } : { weight: next, momentum: tf.clone(direction) };
  }

  /** Copies the momenta to the host, by variable key. */
  async snapshot(): Promise<WeightSnapshot> {
    const copy = new Map<string, Float32Array>();
    for (const [key, value] of this.momenta) copy.set(key, Float32Array.from(await value.data()));
    return copy;
  }

  /** Takes over momenta from a snapshot. */
  restore(snapshot: WeightSnapshot): void {
    this.clear();
    for (const { key, shape } of this.variables) {
      const values = snapshot.get(key);
      if (values !== undefined) this.momenta.set(key, tf.tensor(values, [...shape]));
    }
  }

  private clear(): void {
    for (const value of this.momenta.values()) value.dispose();
    this.momenta = new Map();
  }

  dispose(): void {
    this.clear();
    for (const value of this.masks.values()) value.dispose();
    this.masks.clear();
  }
}
