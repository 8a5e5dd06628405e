/**
 * Writes a program as an ONNX graph, kernel by kernel.
 */
import { Emitter, elementType, type Translator } from './emitter';
import type { ElementType, Name } from './onnx/model';
import { NotCapturable, type Program } from './program';
import type { TraceUse, TraceValue } from './trace';
import { ACTIVATIONS } from './translate/activations';
import { ARITHMETIC } from './translate/arithmetic';
import { BATCH_NORMS } from './translate/batch-norm';
import { CONVOLUTIONS } from './translate/conv';
import { FILTER_GRADIENTS } from './translate/conv-filter-gradient';
import { INPUT_GRADIENTS } from './translate/conv-input-gradient';
import { DEPTHWISE_GRADIENTS } from './translate/depthwise-gradient';
import { LOOKUPS } from './translate/gather';
import { PRODUCTS } from './translate/matmul';
import { POOLINGS } from './translate/pooling';
import { REDUCTIONS } from './translate/reductions';
import { RESIZES } from './translate/resize';
import { SEQUENCES } from './translate/sequences';
import { SHAPES } from './translate/shape';

/** How each kernel is written. */
export const TRANSLATORS: Readonly<Record<string, Translator>> = {
  ...ACTIVATIONS,
  ...ARITHMETIC,
  ...BATCH_NORMS,
  ...CONVOLUTIONS,
  ...FILTER_GRADIENTS,
  ...DEPTHWISE_GRADIENTS,
  ...INPUT_GRADIENTS,
  ...LOOKUPS,
  ...POOLINGS,
  ...PRODUCTS,
  ...REDUCTIONS,
  ...RESIZES,
  ...SEQUENCES,
  ...SHAPES,
};

/** A place where a tensor goes in or comes out. */
export interface Port {
  readonly name: Name;
  readonly type: ElementType;
  /** Lengths; −k stands for k times the batch. */
  readonly shape: readonly number[];
}

/** What feeds an input of the graph. */
export interface InputPort extends Port {
  readonly kind: 'input' | 'variable' | 'draw';
  readonly index: number;
}

/** A translated program. */
export interface Graph {
  readonly bytes: Uint8Array;
  readonly inputs: readonly InputPort[];
  /** The step's outputs, in order. */
  readonly outputs: readonly Port[];
  /** What variables are assigned, by position. */
  readonly assigned: ReadonlyMap<number, Port>;
}

/** How programs are translated. */
export interface TranslateOptions {
  /** Channels in a block of the runtime's fast convolutions; 0 without them. */
  readonly block: number;
  /** Values of variables that are built in, by position; all others are inputs. */
  readonly constants?: ReadonlyMap<number, Float32Array | Int32Array | Uint8Array>;
}

/** @throws NotCapturable where a kernel has no translation. */
export function translate(program: Program, { block, constants }: TranslateOptions): Graph {
  const missing = program.nodes.find(({ kernel }) => TRANSLATORS[kernel] === undefined);
  if (missing !== undefined) throw new NotCapturable(`the kernel ${missing.kernel} has no translation`);
  const emitter = new Emitter(program, block);
  const inputs = bindInputs(program, emitter, constants);
  for (const node of program.nodes) TRANSLATORS[node.kernel](node, emitter);
  const port = (use: TraceUse, name: Name): Port => {
    const type = elementType(use.value.dtype);
    emitter.model.output(name, emitter.plain(use), type, lengths(use.shape));
    return { name, type, shape: use.shape };
  };
  const outputs = program.outputs.map((use, index) => port(use, `output${index}`));
  const assigned = new Map([...program.assigned].map(([index, use]) => [index, port(use, `assigned${index}`)]));
  return { bytes: emitter.model.encode(), inputs, outputs, assigned };
}

function bindInputs(program: Program, emitter: Emitter, constants: TranslateOptions['constants']): InputPort[] {
  const ports: InputPort[] = [];
  for (const value of program.uses.keys()) {
    const { source } = value;
    if (source.kind === 'node' || source.kind === 'constant') continue;
    const type = elementType(value.dtype);
    const data = source.kind === 'variable' ? constants?.get(source.index) : undefined;
    if (data !== undefined) {
      emitter.bind(value, emitter.model.constant(type, data, value.shape));
      continue;
    }
    const name = `${source.kind}${source.index}`;
    ports.push({ name, type, shape: value.shape, kind: source.kind, index: source.index });
    emitter.bind(value, emitter.model.input(name, type, lengths(value.shape)));
  }
  return ports;
}

function lengths(shape: TraceValue['shape']): (number | null)[] {
  return shape.map((length) => (length < 0 ? null : length));
}
