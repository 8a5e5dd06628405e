/**
 * Filters as convolutions on blocked channels want them. tfjs keeps filters as [kh, kw, I, O].
 */
import type { Name } from '../onnx/model';
import type { Emitter } from '../emitter';

/** A filter [kh, kw, I, O] in the graph. */
export interface Filter {
  readonly name: Name;
  readonly shape: readonly [number, number, number, number];
}

/** The filter with its outputs scaled by a vector [O]. */
export function scaledFilter({ model }: Emitter, { name, shape }: Filter, vector: Name): Filter {
  return { name: model.node('Mul', [name, vector]), shape };
}

/**
 * The filter's numbers in the order of MLAS: [O/b, I/b, kh, kw, bi, bo], or [O/b, I, kh, kw, bo] for inputs of less than a block,
 * declared as [⌈O⌉, I, kh, kw].
 */
export function blockedFilter({ model, block }: Emitter, { name, shape }: Filter): Name {
  const [kh, kw, inputs, outputs] = shape;
  const round = (channels: number): number => Math.ceil(channels / block) * block;
  const wide = inputs >= block;
  const [inputCount, outputCount] = [wide ? round(inputs) : inputs, round(outputs)];
  const missing = [0, 0, inputCount - inputs, outputCount - outputs];
  const whole = missing.some((count) => count > 0)
    ? model.node('Pad', [name, model.ints([0, 0, 0, 0, ...missing])])
    : name;
  const split = wide
    ? [kh, kw, inputCount / block, block, outputCount / block, block]
    : [kh, kw, inputs, outputCount / block, block];
  const perm = wide ? [4, 2, 0, 1, 3, 5] : [3, 2, 0, 1, 4];
  const ordered = model.node('Transpose', [model.node('Reshape', [whole, model.ints(split)])], { perm });
  return model.node('Reshape', [ordered, model.ints([outputCount, inputCount, kh, kw])]);
}

/** The filter turned by half a turn, with inputs and outputs exchanged: [kh, kw, O, I]. */
export function turnedFilter({ model }: Emitter, { name, shape: [kh, kw, inputs, outputs] }: Filter): Filter {
  const turned =
    kh * kw === 1
      ? name
      : model.node('Slice', [
          name,
          model.ints([kh - 1, kw - 1]),
          model.ints([-kh - 1, -kw - 1]),
          model.ints([0, 1]),
          model.ints([-1, -1]),
        ]);
  return { name: model.node('Transpose', [turned], { perm: [0, 1, 3, 2] }), shape: [kh, kw, outputs, inputs] };
}
