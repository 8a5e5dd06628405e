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
import type { NamedTensorMap, Scalar, Tensor, Variable } from '@tensorflow/tfjs-core';
import { assign, type ModelVariable, type WeightSnapshot } from './variables';

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
  private readonly masks = new Map<string, Variable>();
  private readonly momenta = new Map<string, Variable>();

  constructor(
    variables: readonly ModelVariable[],
    private readonly options: SgdOptions,
  ) {
    this.variables = variables.filter((entry) => entry.trainable);
    for (const { key, shape } of this.variables) {
      const bits = options.mask?.get(key);
      if (bits !== undefined) this.masks.set(key, variableOf(Float32Array.from(bits), shape));
      // m starts at 0: the first step's momentum · m + g is then g.
      if (options.momentum !== 0) this.momenta.set(key, variableOf(new Float32Array(sizeOf(shape)), shape));
    }
  }

  /** All that a step reads and assigns beside the model: momenta, and masks. */
  get state(): readonly Variable[] {
    return [...this.momenta.values(), ...this.masks.values()];
  }

  /** Constants that a step has built in. */
  get key(): string {
    return `sgd ${this.options.momentum} ${this.options.weightDecay}`;
  }

  /** Applies one step. Takes the gradients by tfjs variable name, and disposes them. */
  step(gradients: NamedTensorMap, learningRate: Scalar | number): void {
    for (const entry of this.variables) {
      const gradient = gradients[entry.variable.name] as Tensor | null | undefined;
      // A variable that the loss does not reach has no gradient; PyTorch skips it too, decay included.
      if (gradient === undefined || gradient === null) continue;
      tf.tidy(() => {
        this.update(entry, gradient, learningRate);
      });
      gradient.dispose();
    }
  }

  private update({ key, variable }: ModelVariable, gradient: Tensor, learningRate: Scalar | number): void {
    const { momentum, weightDecay } = this.options;
    const [mask, state] = [this.masks.get(key), this.momenta.get(key)];
    let direction = weightDecay === 0 ? gradient : tf.add(gradient, tf.mul(variable as Tensor, weightDecay));
    if (mask !== undefined) direction = tf.mul(direction, mask);
    if (state !== undefined) {
      direction = tf.add(tf.mul(state as Tensor, momentum), direction);
      state.assign(direction);
    }
    variable.assign(tf.sub(variable as Tensor, tf.mul(direction, learningRate)));
  }

  /** Copies the momenta to the host, by variable key. */
  async snapshot(): Promise<WeightSnapshot> {
    const copy = new Map<string, Float32Array>();
    for (const [key, value] of this.momenta) copy.set(key, Float32Array.from(await value.data()));
    return copy;
  }

  /** Takes over momenta from a snapshot; a variable that it leaves out begins at rest. */
  restore(snapshot: WeightSnapshot): void {
    for (const { key, shape } of this.variables) {
      const state = this.momenta.get(key);
      const values = snapshot.get(key) ?? new Float32Array(sizeOf(shape));
      if (state !== undefined) assign(state, tf.tensor(values, [...shape]));
    }
  }

  dispose(): void {
    for (const variable of this.state) variable.dispose();
    this.momenta.clear();
    this.masks.clear();
  }
}

const sizeOf = (shape: readonly number[]): number => shape.reduce((product, length) => product * length, 1);

function variableOf(values: Float32Array, shape: readonly number[]): Variable {
  const initial = tf.tensor(values, [...shape]);
  try {
    return tf.variable(initial, false);
  } finally {
    initial.dispose();
  }
}
