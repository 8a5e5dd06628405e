/**
 * A recorded step as a program: what is needed of it, for one batch size or for any.
 *
 * Where rows do not depend on each other, the step is recorded twice, with 2 and with 3 examples. What differs between the records can
 * then only be the batch: a length of 2·k against 3·k stands for k times the batch, and is written as −k. Everything else must be
 * equal; constants that are not, such as random numbers that did not come through `draw`, make the step one that can't be captured.
 */
import { util } from '@tensorflow/tfjs-core';
import type { NamedAttrMap, TypedArray } from '@tensorflow/tfjs-core';
import type { Source, Trace, TraceNode, TraceUse, TraceValue } from './trace';

/** How many examples the two records are made with. */
export const PROBE_ROWS = [2, 3] as const;

/** A step that can't be captured, with the reason. */
export class NotCapturable extends Error {}

/** What has to be computed. Lengths of −k stand for k times the batch. */
export interface Program {
  readonly nodes: readonly TraceNode[];
  readonly outputs: readonly TraceUse[];
  /** What variables are assigned, by position. */
  readonly assigned: ReadonlyMap<number, TraceUse>;
  /** How often each value is used. */
  readonly uses: ReadonlyMap<TraceValue, number>;
}

/** What a record says of the computation. */
type Recorded = Pick<Trace, 'nodes' | 'outputs' | 'assigned'>;

/** The needed part of a record. */
export function programOf(record: Recorded): Program {
  const { outputs, assigned } = record;
  const nodes = gradientsFromOutputs(record.nodes);
  const uses = new Map<TraceValue, number>();
  const needed = new Set<TraceNode>();
  const note = ({ value }: TraceUse): void => {
    uses.set(value, (uses.get(value) ?? 0) + 1);
    if (value.source.kind === 'node') needed.add(value.source.node);
  };
  for (const use of [...outputs, ...assigned.values()]) note(use);
  const kept: TraceNode[] = [];
  for (const node of [...nodes].reverse()) {
    if (!needed.has(node)) continue;
    kept.push(node);
    for (const use of Object.values(node.inputs).flat()) note(use);
  }
  for (const node of kept) joinGate(node, uses);
  return { nodes: kept.reverse(), outputs, assigned, uses };
}

/** A ReLU before a max pooling gates the pooling's gradient: on the few windows instead of on all pixels. */
function joinGate(node: TraceNode, uses: ReadonlyMap<TraceValue, number>): void {
  if (node.kernel !== 'AmunReluGradient') return;
  const [dy, x] = [node.inputs['dy'], node.inputs['x']] as [TraceUse, TraceUse];
  const { source } = dy.value;
  if (source.kind !== 'node' || source.node.kernel !== 'MaxPoolGrad' || uses.get(dy.value) !== 1) return;
  const pooled = source.node.inputs['input'] as TraceUse;
  if (pooled.value !== x.value || !util.arraysEqual([...dy.shape], [...dy.value.shape])) return;
  Object.assign(source.node, { attrs: { ...source.node.attrs, gated: true } });
  Object.assign(node, { kernel: 'Identity', inputs: { x: dy } });
}

/** Gradients that ask where the input of a ReLU is above zero: where its output is, which frees the input. */
const GATES: Readonly<Record<string, true>> = { AmunReluGradient: true, Step: true };

function gradientsFromOutputs(nodes: readonly TraceNode[]): readonly TraceNode[] {
  const rectified = new Map<TraceValue, TraceValue>();
  for (const { kernel, inputs, outputs } of nodes) {
    if (kernel === 'Relu') rectified.set((inputs['x'] as TraceUse).value, outputs[0]);
  }
  return nodes.map((node) => {
    if (GATES[node.kernel] !== true) return node;
    const x = node.inputs['x'] as TraceUse;
    const value = rectified.get(x.value);
    if (value === undefined || (node.attrs['alpha'] ?? 0) !== 0) return node;
    // The node stays the one that its outputs name as their source.
    return Object.assign(node, { inputs: { ...node.inputs, x: { value, shape: x.shape } } });
  });
}

/** One program of two that differ in the number of examples alone. */
export function anyBatch(two: Program, three: Program): Program {
  if (two.assigned.size > 0 || three.assigned.size > 0) {
    throw new NotCapturable('it assigns variables although its weights are said to be fixed');
  }
  return programOf(new Unifier().unify(two, three));
}

/** One program of two that came of the same values: what differs came from elsewhere. */
export function sameEachTime(first: Program, second: Program): Program {
  return programOf(new Unifier().unify(first, second));
}

class Unifier {
  private readonly values = new Map<TraceValue, TraceValue>();

  unify(two: Program, three: Program): Recorded {
    if (two.nodes.length !== three.nodes.length) throw new NotCapturable('its operations differ from call to call');
    const nodes = two.nodes.map((node, index) => this.node(node, three.nodes[index]));
    const outputs = two.outputs.map((use, index) => this.use(use, three.outputs[index]));
    const assigned = new Map<number, TraceUse>();
    for (const [index, use] of two.assigned) {
      const other = three.assigned.get(index);
      if (other === undefined) throw new NotCapturable('it assigns other variables from call to call');
      assigned.set(index, this.use(use, other));
    }
    return { nodes, outputs, assigned };
  }

  private node(a: TraceNode, b: TraceNode): TraceNode {
    if (a.kernel !== b.kernel) throw new NotCapturable(`it runs ${a.kernel} or ${b.kernel}, depending on the call`);
    const inputs: Record<string, TraceUse | readonly TraceUse[]> = {};
    for (const [name, first] of Object.entries(a.inputs)) {
      const [left, right] = [[first].flat(), [b.inputs[name] ?? []].flat()];
      if (left.length !== right.length) throw new NotCapturable(`${a.kernel} takes other inputs in another batch`);
      const uses = left.map((use, index) => this.use(use, right[index]));
      inputs[name] = Array.isArray(first) ? uses : uses[0];
    }
    const node: TraceNode = { kernel: a.kernel, inputs, attrs: attributes(a.attrs, b.attrs), outputs: [] };
    for (const [output, value] of a.outputs.entries()) {
      const source = { kind: 'node', node, output } as const;
      const joined = { source, shape: lengths(value.shape, b.outputs[output].shape), dtype: value.dtype };
      this.values.set(value, joined);
      node.outputs.push(joined);
    }
    return node;
  }

  private use(a: TraceUse, b: TraceUse): TraceUse {
    return { value: this.value(a.value, b.value), shape: lengths(a.shape, b.shape) };
  }

  private value(a: TraceValue, b: TraceValue): TraceValue {
    const known = this.values.get(a);
    if (known !== undefined) return known;
    const joined = { source: this.source(a.source, b.source), shape: lengths(a.shape, b.shape), dtype: a.dtype };
    this.values.set(a, joined);
    return joined;
  }

  private source(a: Source, b: Source): Source {
    if (a.kind !== b.kind) throw new NotCapturable('its operations differ from call to call');
    if (a.kind === 'constant' && b.kind === 'constant') return { kind: 'constant', data: constants(a.data, b.data) };
    if (a.kind !== 'constant' && a.kind !== 'node' && a.index !== (b as typeof a).index) {
      throw new NotCapturable('it reads other tensors in another batch');
    }
    return a;
  }
}

/** Equal values; of different numbers of one value, a single one. */
function constants(a: TypedArray, b: TypedArray): TypedArray {
  const same = a.length === b.length && a.every((value, index) => Object.is(value, b[index]));
  if (same) return a;
  const [value] = a;
  if (a.length !== b.length && [a, b].every((data) => data.every((entry) => Object.is(entry, value)))) {
    return a.slice(0, 1);
  }
  throw new NotCapturable('it uses numbers that differ from call to call and are not among its inputs');
}

function lengths(a: readonly number[], b: readonly number[]): number[] {
  if (a.length !== b.length) throw new NotCapturable('its shapes depend on the batch in more than one length');
  return a.map((length, index) => batchLength(length, b[index]));
}

function batchLength(a: number, b: number): number {
  if (a === b) return a;
  const [two, three] = PROBE_ROWS;
  if (a * three === b * two && a > 0) return -a / two;
  throw new NotCapturable(`it uses lengths of ${a} and ${b} in batches of ${two} and ${three}`);
}

function attributes(a: NamedAttrMap, b: NamedAttrMap): NamedAttrMap {
  const unify = (left: unknown, right: unknown): unknown => {
    if (typeof left === 'number' && typeof right === 'number') {
      return Object.is(left, right) ? left : batchLength(left, right);
    }
    if (Array.isArray(left) && Array.isArray(right) && left.length === right.length) {
      return left.map((entry, index) => unify(entry, right[index]));
    }
    if (left === right) return left;
    if (left !== null && right !== null && typeof left === 'object' && typeof right === 'object') {
      const keys = Object.keys(left);
      return Object.fromEntries(
        keys.map((key) => [key, unify((left as NamedAttrMap)[key], (right as NamedAttrMap)[key])]),
      );
    }
    throw new NotCapturable('its attributes depend on the batch');
  };
  return unify(a, b) as NamedAttrMap;
}

/** Numbers in a shape, with the batch taken as 1: what broadcasting constants need. */
export function sizeOf(shape: readonly number[]): number {
  return util.sizeFromShape(shape.map((length) => Math.abs(length)));
}
