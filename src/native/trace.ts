/**
 * Records what a step computes: the kernels that tfjs runs, with what flows between them.
 *
 * The step runs eagerly while its calls of `engine().runKernel` are written down. Values are known by their data: tfjs hands the same
 * data on through copies and reshapes, so that these cost nothing here either. What a kernel reads and nobody computed is an
 * input, a variable, a random draw, or else a constant, whose values are copied.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { DataType, NamedAttrMap, NamedTensorMap, Tensor, TypedArray } from '@tensorflow/tfjs-core';
import { type Draw, drawFrom, type Step } from '../core/engine';
import type { RandomStream } from '../core/random';

/** Where a value comes from. */
export type Source =
  | { readonly kind: 'input' | 'variable' | 'draw'; readonly index: number }
  | { readonly kind: 'constant'; readonly data: TypedArray }
  | { readonly kind: 'node'; readonly node: TraceNode; readonly output: number };

/** A value that was seen: its data, as it first appeared. */
export interface TraceValue {
  readonly source: Source;
  readonly shape: readonly number[];
  readonly dtype: DataType;
}

/** A use of a value, under a shape that may differ from that in which it first appeared. */
export interface TraceUse {
  readonly value: TraceValue;
  readonly shape: readonly number[];
}

/** One call of a kernel. */
export interface TraceNode {
  readonly kernel: string;
  readonly inputs: Readonly<Record<string, TraceUse | readonly TraceUse[]>>;
  readonly attrs: NamedAttrMap;
  readonly outputs: TraceValue[];
}

/** What a step computes, and what it came to. */
export interface Trace {
  readonly nodes: readonly TraceNode[];
  /** The step's outputs. */
  readonly outputs: readonly TraceUse[];
  /** What was assigned, by the variable's position. */
  readonly assigned: ReadonlyMap<number, TraceUse>;
  /** It read on the host what it had computed, or what it was given: the record holds for these values only. */
  readonly readsHost: boolean;
  /** How the random draws are made, in order. */
  readonly draws: readonly ((random: RandomStream) => Tensor)[];
  /** The step's own outputs, as tensors. The caller disposes them. */
  readonly results: Tensor[];
}

interface RunsKernels {
  runKernel(kernel: string, inputs: NamedTensorMap, attrs?: NamedAttrMap): Tensor | Tensor[];
  readSync(dataId: object): TypedArray;
}

/** Runs a step eagerly and records it. Assignments take effect. Draws are made by `draw`. */
export function traceStep(step: Step, draw: Draw = drawFrom(step.random!)): Trace {
  return new Recorder(step, draw).run();
}

class Recorder {
  private readonly values = new Map<object, TraceValue>();
  private readonly nodes: TraceNode[] = [];
  private readonly draws: ((random: RandomStream) => Tensor)[] = [];
  private depth = 0;
  private readsHost = false;

  constructor(
    private readonly step: Step,
    private readonly makeDraw: Draw,
  ) {
    step.inputs.forEach((tensor, index) => {
      this.declare(tensor, { kind: 'input', index });
    });
    step.variables.forEach((variable, index) => {
      this.declare(variable, { kind: 'variable', index });
    });
  }

  run(): Trace {
    const { step } = this;
    const before = step.variables.map(({ dataId }) => dataId);
    const engine = tf.engine() as unknown as RunsKernels;
    const { runKernel, readSync } = engine;
    engine.runKernel = (kernel, inputs, attrs) => this.record(runKernel.bind(engine), kernel, inputs, attrs);
    engine.readSync = (dataId) => {
      const source = this.values.get(dataId)?.source;
      // What a constant is made of may be read: it is the same in every run.
      if (source !== undefined && source.kind !== 'constant' && this.depth === 0) this.readsHost = true;
      return readSync.call(engine, dataId);
    };
    try {
      const results = tf.tidy(() => step.compute(step.inputs, this.draw));
      const assigned = new Map<number, TraceUse>();
      step.variables.forEach((variable, index) => {
        if (variable.dataId !== before[index]) assigned.set(index, this.use(variable));
      });
      const outputs = results.map((result) => this.use(result));
      const { nodes, draws, readsHost } = this;
      return { nodes, outputs, assigned, readsHost, draws, results };
    } finally {
      restore(engine, 'runKernel', runKernel);
      restore(engine, 'readSync', readSync);
    }
  }

  private readonly draw: Draw = (make) => {
    const tensor = this.makeDraw(make);
    this.declare(tensor, { kind: 'draw', index: this.draws.length });
    this.draws.push(make);
    return tensor;
  };

  private record(
    run: RunsKernels['runKernel'],
    kernel: string,
    inputs: NamedTensorMap,
    attrs: NamedAttrMap = {},
  ): Tensor | Tensor[] {
    // A kernel that is composed of others is one node.
    if (this.depth > 0) return run(kernel, inputs, attrs);
    const uses: Record<string, TraceUse | TraceUse[]> = {};
    for (const [name, input] of Object.entries(inputs as Record<string, unknown>)) {
      if (Array.isArray(input)) uses[name] = input.map((entry) => this.use(tensorOf(entry)));
      else if (input !== null && input !== undefined) uses[name] = this.use(tensorOf(input));
    }
    this.depth += 1;
    let result: Tensor | Tensor[];
    try {
      result = run(kernel, inputs, attrs);
    } finally {
      this.depth -= 1;
    }
    const node: TraceNode = { kernel, inputs: uses, attrs, outputs: [] };
    let isNew = false;
    for (const [output, tensor] of (Array.isArray(result) ? result : [result]).entries()) {
      const known = this.values.get(tensor.dataId);
      // A copy or a reshape: the data is what it was.
      if (known !== undefined) {
        node.outputs.push(known);
        continue;
      }
      isNew = true;
      node.outputs.push(this.declare(tensor, { kind: 'node', node, output }));
    }
    if (isNew) this.nodes.push(node);
    return result;
  }

  private declare({ dataId, shape, dtype }: Tensor, source: Source): TraceValue {
    const value = { source, shape: [...shape], dtype };
    this.values.set(dataId, value);
    return value;
  }

  private use(tensor: Tensor): TraceUse {
    const value =
      this.values.get(tensor.dataId) ?? this.declare(tensor, { kind: 'constant', data: tensor.dataSync().slice() });
    return { value, shape: [...tensor.shape] };
  }
}

/** Uncovers a method, or puts back what others had put in its place. */
function restore<K extends keyof RunsKernels>(engine: RunsKernels, name: K, original: RunsKernels[K]): void {
  Reflect.deleteProperty(engine, name);
  if (engine[name] !== original) engine[name] = original;
}

/** Kernels also take plain numbers where a tensor is meant. */
function tensorOf(value: unknown): Tensor {
  return tf.util.isTypedArray(value as TypedArray) || typeof value === 'number' || typeof value === 'boolean'
    ? tf.tensor(value as number)
    : (value as Tensor);
}
