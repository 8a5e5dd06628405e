/**
 * A step that was translated and loaded, ready to run.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { DataType, Tensor, Variable } from '@tensorflow/tfjs-core';
import type { Step } from '../core/engine';
import { drawAll, type Drawn } from './drawn';
import { read } from './host';
import type { Runtime, RuntimeSession, RuntimeTensor } from './runtime';
import type { Trace } from './trace';
import type { Graph, InputPort, Port } from './translate';

/** What a run came to, on the host. */
export interface RunResult {
  readonly outputs: readonly RuntimeTensor[];
  /** New values of variables, by position. */
  readonly assigned: ReadonlyMap<number, RuntimeTensor>;
}

/** What a run is given. */
export interface Feeds extends Pick<Step, 'inputs' | 'variables'> {
  readonly drawn?: readonly Drawn[];
}

/** Values that the runtime computed, by the tfjs data that they became: they need not be read back. */
const computed = new WeakMap<object, RuntimeTensor>();

/** A loaded graph with what connects it to tfjs. */
export class CompiledStep {
  constructor(
    private readonly runtime: Runtime,
    private readonly session: RuntimeSession,
    private readonly graph: Omit<Graph, 'bytes'>,
    private readonly draws: Trace['draws'],
  ) {}

  /** Draws what one run needs. */
  draw(random: Step['random']): Drawn[] {
    return drawAll(this.draws, random);
  }

  /** Runs on these tensors and draws. Nothing is assigned yet. */
  async run({ inputs, variables, drawn = [] }: Feeds): Promise<RunResult> {
    const feeds: Record<string, RuntimeTensor> = {};
    for (const port of this.graph.inputs) feeds[port.name] = this.feed(port, inputs, variables, drawn);
    const results = await this.session.run(feeds);
    return {
      outputs: this.graph.outputs.map(({ name }) => results[name]),
      assigned: new Map([...this.graph.assigned].map(([index, { name }]) => [index, results[name]])),
    };
  }

  private feed(
    { kind, index, type, shape }: InputPort,
    inputs: readonly Tensor[],
    variables: readonly Variable[],
    drawn: readonly Drawn[],
  ): RuntimeTensor {
    if (kind === 'draw') return this.runtime.tensor(type, drawn[index].values, shape);
    const tensor = kind === 'input' ? inputs[index] : (variables[index] as Tensor);
    const known = computed.get(tensor.dataId);
    if (known !== undefined && tf.util.arraysEqual([...known.dims], tensor.shape)) return known;
    return this.runtime.tensor(type, read(tensor), tensor.shape);
  }

  /** Turns a run's outputs into tensors. */
  outputs({ outputs }: RunResult): Tensor[] {
    return outputs.map((result, index) => toTensor(result, this.graph.outputs[index]));
  }

  /** Gives variables what a run computed for them. */
  assign(variables: readonly Variable[], { assigned }: RunResult): void {
    for (const [index, result] of assigned) {
      const tensor = toTensor(result, this.graph.assigned.get(index)!);
      variables[index].assign(tensor);
      tensor.dispose();
    }
  }

  /** Frees what the runtime holds. */
  release(): Promise<void> {
    return this.session.release();
  }
}

function toTensor(result: RuntimeTensor, { type }: Port): Tensor {
  const tensor = tf.tensor(result.data, [...result.dims], type as DataType);
  computed.set(tensor.dataId, result);
  return tensor;
}
