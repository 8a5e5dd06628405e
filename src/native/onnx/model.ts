/**
 * An ONNX model under construction, and its serialised form.
 *
 * Source: the ONNX specification, `onnx.proto3` (IR version 8, opset 17). Values are strings: names of tensors in the graph.
 */
import { Message } from './protobuf';

/** Element types that tfjs has, by their number in ONNX. */
export const ELEMENT = { float32: 1, uint8: 2, int32: 6, int64: 7, bool: 9 } as const;
export type ElementType = keyof typeof ELEMENT;

/** A value in the graph, by name. The empty name leaves an optional input out. */
export type Name = string;

/** What a node is told beside its inputs: integers, or floats by `{ f }`, or text. */
export type Attribute = number | readonly number[] | string | { readonly f: number };

const OPSET = 17;
const IR_VERSION = 8;

/** Collects nodes and writes them out. */
export class OnnxModel {
  private readonly nodes: Message[] = [];
  private readonly initializers: Message[] = [];
  private readonly inputs: Message[] = [];
  private readonly outputs: Message[] = [];
  private readonly constants = new Map<string, Name>();
  private readonly computed = new Map<string, readonly Name[]>();
  private count = 0;

  /** Declares an input; null is a length that may differ from call to call. */
  input(name: Name, type: ElementType, shape: readonly (number | null)[]): Name {
    this.inputs.push(valueInfo(name, type, shape));
    return name;
  }

  /** Declares an output of the graph. */
  output(name: Name, value: Name, type: ElementType, shape: readonly (number | null)[]): void {
    this.nodes.push(nodeMessage('Identity', [value], [name], {}, ''));
    this.outputs.push(valueInfo(name, type, shape));
  }

  /** Adds a node with one output. Equal nodes are made once. */
  node(op: string, inputs: readonly Name[], attributes: Readonly<Record<string, Attribute>> = {}, domain = ''): Name {
    return this.nodeOf(1, op, inputs, attributes, domain)[0];
  }

  /** Adds a node with several outputs. Equal nodes are made once. */
  nodeOf(
    outputs: number,
    op: string,
    inputs: readonly Name[],
    attributes: Readonly<Record<string, Attribute>> = {},
    domain = '',
  ): readonly Name[] {
    const key = JSON.stringify([op, inputs, attributes, domain, outputs]);
    const known = this.computed.get(key);
    if (known !== undefined) return known;
    const names = Array.from({ length: outputs }, () => this.fresh());
    this.nodes.push(nodeMessage(op, inputs, names, attributes, domain));
    this.computed.set(key, names);
    return names;
  }

  /** A constant of float32 values. */
  floats(values: Float32Array | readonly number[], shape?: readonly number[]): Name {
    return this.constant('float32', Float32Array.from(values), shape ?? [values.length]);
  }

  /** A constant float32 number, of rank 0. */
  scalar(value: number): Name {
    return this.constant('float32', Float32Array.of(value), []);
  }

  /** A constant of int64 values, as shapes and axes are given. */
  ints(values: readonly number[]): Name {
    return this.constant('int64', BigInt64Array.from(values, BigInt), [values.length]);
  }

  /** A constant. Equal small ones are stored once. */
  constant(
    type: ElementType,
    data: Float32Array | Int32Array | Uint8Array | BigInt64Array,
    shape: readonly number[],
  ): Name {
    const key =
      data.length <= 64 ? `${type} ${shape.join()} ${Array.from(data as Float32Array, exact).join()}` : undefined;
    const known = key === undefined ? undefined : this.constants.get(key);
    if (known !== undefined) return known;
    const name = this.fresh();
    const tensor = new Message();
    for (const length of shape) tensor.int(1, length);
    tensor.int(2, ELEMENT[type]).string(8, name);
    tensor.bytes(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice());
    this.initializers.push(tensor);
    if (key !== undefined) this.constants.set(key, name);
    return name;
  }

  /** The model, ready for an ONNX runtime. */
  encode(): Uint8Array {
    const graph = new Message()
      .messages(1, this.nodes)
      .string(2, 'step')
      .messages(5, this.initializers)
      .messages(11, this.inputs)
      .messages(12, this.outputs);
    const opset = (domain: string, version: number): Message => new Message().string(1, domain).int(2, version);
    return new Message()
      .int(1, IR_VERSION)
      .string(2, 'amun-ts')
      .message(7, graph)
      .messages(8, [opset('', OPSET), opset('com.microsoft', 1), opset('com.microsoft.nchwc', 1)])
      .encode();
  }

  private fresh(): Name {
    this.count += 1;
    return `v${this.count}`;
  }
}

/** Tells −0 from 0, and NaN from nothing. */
const exact = (value: number): string => (Object.is(value, -0) ? '-0' : String(value));

function valueInfo(name: Name, type: ElementType, shape: readonly (number | null)[]): Message {
  const dims = shape.map((length) =>
    length === null ? new Message().string(2, 'batch') : new Message().int(1, length),
  );
  const tensorType = new Message().int(1, ELEMENT[type]).message(2, new Message().messages(1, dims));
  return new Message().string(1, name).message(2, new Message().message(1, tensorType));
}

function nodeMessage(
  op: string,
  inputs: readonly Name[],
  outputs: readonly Name[],
  attributes: Readonly<Record<string, Attribute>>,
  domain: string,
): Message {
  const message = new Message();
  for (const input of inputs) message.string(1, input);
  for (const output of outputs) message.string(2, output);
  message.string(4, op);
  message.messages(
    5,
    Object.entries(attributes).map(([name, value]) => attributeMessage(name, value)),
  );
  return domain === '' ? message : message.string(7, domain);
}

function attributeMessage(name: string, value: Attribute): Message {
  const message = new Message().string(1, name);
  if (typeof value === 'number') return message.int(3, value).int(20, 2);
  if (typeof value === 'string') return message.string(4, value).int(20, 3);
  if ('f' in value) return message.float(2, value.f).int(20, 1);
  for (const entry of value) message.int(8, entry);
  return message.int(20, 7);
}
