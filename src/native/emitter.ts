/**
 * Turns values of a recorded step into values of an ONNX graph, in the layout that each use asks for.
 *
 * tfjs keeps images as [N, H, W, C] (`plain` here). ONNX Runtime's fast CPU convolutions want blocks of b = 8 or 16 channels together,
 * [N, C/b, H, W, b], declared as [N, C, H, W]: `blocked`. A value may exist in both forms; each is made when it is first asked
 * for, and whatever works element by element keeps to the form that is there, so that whole networks run without a change.
 */
import type { TraceNode, TraceUse, TraceValue } from './trace';
import { type ElementType, type Name, OnnxModel } from './onnx/model';
import { NotCapturable, type Program } from './program';

/** The domain of ONNX Runtime's operations on blocked channels. */
export const NCHWC = 'com.microsoft.nchwc';

/** A convolution that is not written yet, because what follows may join it. */
export interface PendingConv {
  /** Writes it, with what has joined: + bias, + sum, ReLU. */
  readonly emit: (joined: { bias?: Name; sum?: Name; relu?: boolean }) => Name;
  /** The same convolution with its outputs scaled by a vector [C]. */
  readonly scaled: (scale: Name) => PendingConv;
  readonly bias?: Name;
  readonly sum?: Name;
}

/** One value in the graph. */
export class Value {
  plain?: Name;
  blocked?: Name;
  pending?: PendingConv | undefined;
  /** This value times a vector [C], not computed yet: convolutions take the vector into their filters. */
  factor?: { readonly of: Value; readonly vector: Name } | undefined;
  /** Known to hold no negative number. */
  nonNegative = false;
  /** Its only number, where all are equal. */
  uniform?: number;

  constructor(
    /** Lengths; −k stands for k times the batch. */
    readonly shape: readonly number[],
    readonly type: ElementType,
  ) {}

  /** Whether it is there in blocks, or will be. */
  get isBlocked(): boolean {
    return (
      this.blocked !== undefined ||
      this.pending !== undefined ||
      (this.plain === undefined && this.factor !== undefined)
    );
  }
}

/** What knows how to write one kernel. */
export type Translator = (node: TraceNode, emitter: Emitter) => void;

/** Type in the graph of a tfjs dtype. */
export function elementType(dtype: string): ElementType {
  if (dtype === 'float32' || dtype === 'int32' || dtype === 'bool') return dtype;
  throw new NotCapturable(`values of type ${dtype} can't be translated`);
}

/** A graph under construction for one program. */
export class Emitter {
  readonly model = new OnnxModel();
  private readonly values = new Map<TraceValue, Value>();
  /** An input of which a length is `times` the batch. */
  private batch: { readonly name: Name; readonly axis: number; readonly times: number } | undefined;

  constructor(
    private readonly program: Program,
    /** Channels in a block; 0 to do without. */
    readonly block: number,
  ) {}

  /** Gives a value that comes from outside its name in the graph. */
  bind(value: TraceValue, name: Name): void {
    this.result(value).plain = name;
    const axis = value.shape.findIndex((length) => length < 0);
    if (axis >= 0) this.batch ??= { name, axis, times: -value.shape[axis] };
  }

  /** Notes what a node puts out, in the plain layout. */
  set(value: TraceValue, name: Name): void {
    this.result(value).plain = name;
  }

  /** Notes what a node puts out, in blocks. */
  setBlocked(value: TraceValue, name: Name): void {
    this.result(value).blocked = name;
  }

  /** The value that a node puts out, to be filled. */
  result(value: TraceValue): Value {
    const result = new Value(value.shape, elementType(value.dtype));
    this.values.set(value, result);
    return result;
  }

  /** Makes an output stand for a value that exists. */
  alias(output: TraceValue, value: Value): void {
    this.values.set(output, value);
  }

  /** Whether nothing else uses this value. */
  isSole(use: TraceUse): boolean {
    return this.program.uses.get(use.value) === 1;
  }

  /** The value behind a use. */
  of(use: TraceUse): Value {
    const known = this.values.get(use.value);
    if (known !== undefined) return known;
    const { source, shape, dtype } = use.value;
    if (source.kind !== 'constant') throw new NotCapturable('a value is used before it is computed');
    const value = this.result(use.value);
    const [first] = source.data;
    if (source.data.length > 0 && source.data.every((entry) => Object.is(entry, first))) value.uniform = first;
    else value.plain = this.constantOf(dtype, source.data, shape);
    return value;
  }

  /** The value behind a use, under the use's shape. */
  valueAs(use: TraceUse): Value {
    if (sameShape(use)) return this.of(use);
    const value = new Value(use.shape, elementType(use.value.dtype));
    const { uniform } = this.of(use);
    if (uniform === undefined) value.plain = this.plain(use);
    else value.uniform = uniform;
    return value;
  }

  private constantOf(dtype: string, data: ArrayLike<number>, shape: readonly number[]): Name {
    if (dtype === 'float32') return this.model.constant('float32', Float32Array.from(data), shape);
    if (dtype === 'int32') return this.model.constant('int32', Int32Array.from(data), shape);
    return this.model.constant('bool', Uint8Array.from(data), shape);
  }

  /** One number everywhere. */
  private filled(number: number, { shape, type }: Value): Name {
    if (shape.some((length) => length < 0)) {
      return this.model.node('Expand', [this.constantOf(type, [number], []), this.lengths(shape)]);
    }
    const size = shape.reduce((product, length) => product * length, 1);
    return this.constantOf(type, new Array<number>(size).fill(number), shape);
  }

  /** Name of a vector of these numbers, of which −k stands for k times the batch. */
  lengths(numbers: readonly number[]): Name {
    const { model, batch } = this;
    if (numbers.every((number) => number >= 0)) return model.ints(numbers);
    if (batch === undefined) throw new NotCapturable('no input has the length of the batch');
    const { name, axis, times } = batch;
    const length = model.node('Shape', [name], { start: axis, end: axis + 1 });
    const one = times === 1 ? length : model.node('Div', [length, model.ints([times])]);
    const parts = numbers.map((number) => {
      if (number >= 0) return model.ints([number]);
      return number === -1 ? one : model.node('Mul', [one, model.ints([-number])]);
    });
    return parts.length === 1 ? parts[0] : model.node('Concat', parts, { axis: 0 });
  }

  /** Whether a use is of a value in blocks, and under its own shape. */
  prefersBlocks(use: TraceUse): boolean {
    return this.block > 0 && sameShape(use) && this.of(use).isBlocked;
  }

  /** Name of the plain form, under the shape of the use. */
  plain(use: TraceUse): Name {
    const name = this.plainOf(this.of(use));
    return sameShape(use) ? name : this.reshape(name, use.shape);
  }

  /** Name of the plain form of a value. */
  plainOf(value: Value): Name {
    const { uniform } = value;
    return (value.plain ??=
      uniform === undefined ? this.unblock(this.blockedOf(value), value.shape) : this.filled(uniform, value));
  }

  /** Name of the blocked form of a value [N, H, W, C], declared as [N, ⌈C⌉, H, W]. */
  blockedOf(value: Value): Name {
    if (value.blocked !== undefined) return value.blocked;
    if (value.pending !== undefined) {
      const { pending } = value;
      value.pending = undefined;
      value.blocked = pending.emit({ ...joined(pending) });
    } else if (value.plain === undefined && value.factor !== undefined) {
      value.blocked = this.timesChannels(this.blockedOf(value.factor.of), value.factor.vector, value.shape);
    } else value.blocked = this.toBlocks(this.plainOf(value), value.shape);
    return value.blocked;
  }

  /** Channels, rounded up to whole blocks. */
  padded(channels: number): number {
    return Math.ceil(channels / this.block) * this.block;
  }

  /** Reshapes; −k stands for k times the batch. */
  reshape(name: Name, shape: readonly number[]): Name {
    const batches = shape.filter((length) => length < 0).length;
    if (batches > 1) return this.model.node('Reshape', [name, this.lengths(shape)]);
    const target = shape.map((length) => (length < 0 ? -1 : length));
    return this.model.node('Reshape', [name, this.model.ints(target)]);
  }

  /** Blocked [N, ⌈C⌉, H, W] seen as [N, ⌈C⌉/b, H, W, b]. */
  open(name: Name, [, height, width, channels]: readonly number[]): Name {
    const { block } = this;
    const shape = [0, this.padded(channels) / block, height, width, block];
    return this.model.node('Reshape', [name, this.model.ints(shape)]);
  }

  /** The inverse of {@link open}. */
  close(name: Name, [, height, width, channels]: readonly number[]): Name {
    return this.model.node('Reshape', [name, this.model.ints([0, this.padded(channels), height, width])]);
  }

  /** A vector [C], padded with zeros to whole blocks. */
  padVector(vector: Name, channels: number): Name {
    const missing = this.padded(channels) - channels;
    return missing === 0 ? vector : this.model.node('Pad', [vector, this.model.ints([0, missing])]);
  }

  /** A vector [C] that broadcasts against {@link open} blocks. */
  openVector(vector: Name, channels: number): Name {
    const shape = [this.padded(channels) / this.block, 1, 1, this.block];
    return this.model.node('Reshape', [this.padVector(vector, channels), this.model.ints(shape)]);
  }

  /** Blocks times a vector [C], as a convolution of each channel by itself: broadcasting over such short rows is slow. */
  private timesChannels(blocked: Name, vector: Name, shape: readonly number[]): Name {
    const group = this.padded(shape[3]);
    const weights = this.model.node('Reshape', [this.padVector(vector, shape[3]), this.model.ints([group, 1, 1, 1])]);
    return this.model.node('Conv', [blocked, weights], { kernel_shape: [1, 1], group }, NCHWC);
  }

  private toBlocks(plain: Name, shape: readonly number[]): Name {
    const [, height, width, channels] = shape;
    // One whole block per pixel: both forms lie the same in memory.
    if (channels === this.block)
      return this.model.node('Reshape', [plain, this.model.ints([0, channels, height, width])]);
    const missing = this.padded(channels) - channels;
    const whole =
      missing === 0 ? plain : this.model.node('Pad', [plain, this.model.ints([0, 0, 0, 0, 0, 0, 0, missing])]);
    return this.model.node('ReorderInput', [whole], { channels_last: 1 }, NCHWC);
  }

  private unblock(blocked: Name, shape: readonly number[]): Name {
    const [, height, width, channels] = shape;
    if (channels === this.block)
      return this.model.node('Reshape', [blocked, this.model.ints([0, height, width, channels])]);
    return this.model.node('ReorderOutput', [blocked], { channels, channels_last: 1 }, NCHWC);
  }
}

function joined({ bias, sum }: PendingConv): { bias?: Name; sum?: Name } {
  return { ...(bias !== undefined && { bias }), ...(sum !== undefined && { sum }) };
}

function sameShape({ value, shape }: TraceUse): boolean {
  return value.shape.length === shape.length && value.shape.every((length, axis) => length === shape[axis]);
}
