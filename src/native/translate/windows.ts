/**
 * Windows over images, position by position: what each window sees at one position, and the sum of what windows give back to the
 * pixels that they saw. Both forms of images are taken as [N, G, H, W, c]: blocks have their groups of channels as G, and the plain
 * form has G = 1.
 *
 * Row h of an image lies in padded rows at p = h + top = s·q + r, of phase r = p mod s. Position i of the windows falls on rows of one
 * phase, from window o on q = o + ⌊i / s⌋. So the sums are made phase by phase, over few pixels, and interleaved at the end.
 */
import type { Emitter, Value } from '../emitter';
import type { Name } from '../onnx/model';
import type { ConvGeometry } from './conv-geometry';

/** An image as [N, G, H, W, c]. */
export interface OpenImage {
  readonly name: Name;
  readonly groups: number;
  /** Channels that lie together. */
  readonly channels: number;
}

/** Opens an image, in blocks or plain. */
export function openImage(emitter: Emitter, value: Value, inBlocks: boolean): OpenImage {
  const [, height, width, channels] = value.shape;
  if (inBlocks) {
    const { block } = emitter;
    return {
      name: emitter.open(emitter.blockedOf(value), value.shape),
      groups: emitter.padded(channels) / block,
      channels: block,
    };
  }
  const shape = emitter.model.ints([0, 1, height, width, channels]);
  return { name: emitter.model.node('Reshape', [emitter.plainOf(value), shape]), groups: 1, channels };
}

/** Makes an open image the value of an output. */
export function closeImage(emitter: Emitter, name: Name, value: Value, inBlocks: boolean): void {
  if (inBlocks) value.blocked = emitter.close(name, value.shape);
  else value.plain = emitter.model.node('Reshape', [name, emitter.model.ints([0, ...value.shape.slice(1)])]);
}

/** Padded length along one axis that windows see. */
function reach({ kernel, strides, output }: ConvGeometry, axis: 0 | 1): number {
  return (output[axis] - 1) * strides[axis] + kernel[axis];
}

/** An open image with `filler` around it, cut to what windows see. */
export function paddedImage({ model }: Emitter, name: Name, geometry: ConvGeometry, filler: number): Name {
  const [top, left] = geometry.pads;
  const [height, width] = geometry.input;
  const after = [reach(geometry, 0) - height - top, reach(geometry, 1) - width - left];
  if ([top, left, ...after].every((count) => count === 0)) return name;
  const amounts = model.ints([0, 0, top, left, 0, 0, 0, after[0], after[1], 0]);
  return model.node('Pad', [name, amounts, model.scalar(filler)]);
}

/** What windows see at each of their positions, row by row: [N, G, Ho, Wo, c] each. The image is padded. */
export function seenByWindows(
  emitter: Emitter,
  padded: Name,
  geometry: ConvGeometry,
  { groups, channels }: Pick<OpenImage, 'groups' | 'channels'>,
): Name[] {
  const { kernel, strides, output } = geometry;
  const [kh, kw] = kernel;
  const { model } = emitter;
  if (kh === strides[0] && kw === strides[1]) {
    // Windows that lie side by side: taking all apart at once is faster.
    const rows = model.node('Reshape', [padded, model.ints([0, groups, output[0], kh, output[1] * kw * channels])]);
    return takenApart(model, rows, 3, kh).flatMap((row) => {
      const columns = model.node('Reshape', [row, model.ints([0, groups, ...output, kw * channels])]);
      return takenApart(model, columns, 4, kw);
    });
  }
  return Array.from({ length: kh * kw }, (_, position) => {
    const start = [Math.floor(position / kw), position % kw];
    const end = start.map((from, axis) => from + (output[axis] - 1) * strides[axis] + 1);
    const axes = model.ints([2, 3]);
    return model.node('Slice', [padded, model.ints(start), model.ints(end), axes, model.ints(strides)]);
  });
}

function takenApart(model: Emitter['model'], name: Name, axis: number, count: number): readonly Name[] {
  return count === 1 ? [name] : model.nodeOf(count, 'Split', [name], { axis });
}

/** Adds up what windows give to each of their positions, row by row, into [N, G, H, W, c]. */
export function givenBack(
  emitter: Emitter,
  parts: readonly Name[],
  geometry: ConvGeometry,
  { groups, channels }: Pick<OpenImage, 'groups' | 'channels'>,
): Name {
  const { model } = emitter;
  const { kernel, strides, output, pads, input } = geometry;
  const [sh, sw] = strides;
  const counts = [0, 1].map((axis) => output[axis] + Math.ceil(kernel[axis] / strides[axis]) - 1);
  const rows = Array.from({ length: Math.min(sh, kernel[0]) }, (_, row) => {
    const columns = Array.from({ length: Math.min(sw, kernel[1]) }, (__, column) =>
      phase(emitter, parts, geometry, counts, [row, column]),
    );
    // Phases of columns side by side, then zeros for those that no window sees.
    const shape = [0, groups, counts[0], counts[1], columns.length * channels];
    const line = columns.length === 1 ? columns[0] : model.node('Concat', columns, { axis: 4 });
    return filledUp(emitter, line, shape, (sw - columns.length) * channels);
  });
  const wide = counts[1] * sw * channels;
  const flat = rows.map((row) => model.node('Reshape', [row, model.ints([0, groups, counts[0], wide])]));
  const joined = flat.length === 1 ? flat[0] : model.node('Concat', flat, { axis: 3 });
  const whole = filledUp(emitter, joined, [0, groups, counts[0], flat.length * wide], (sh - flat.length) * wide);
  const image = model.node('Reshape', [whole, model.ints([0, groups, counts[0] * sh, counts[1] * sw * channels])]);
  const before = [-pads[0], -pads[1] * channels];
  const after = [input[0] + pads[0] - counts[0] * sh, (input[1] + pads[1] - counts[1] * sw) * channels];
  const isWhole = [...before, ...after].every((count) => count === 0);
  const cut = isWhole
    ? image
    : model.node('Pad', [image, model.ints([0, 0, before[0], before[1], 0, 0, after[0], after[1]])]);
  return model.node('Reshape', [cut, model.ints([0, groups, input[0], input[1], channels])]);
}

/** The sum of all positions of one phase: [N, G, q, q', c]. */
function phase(
  { model }: Emitter,
  parts: readonly Name[],
  { kernel, strides, output }: ConvGeometry,
  counts: readonly number[],
  start: readonly [number, number],
): Name {
  let sum: Name | undefined;
  for (let i = start[0]; i < kernel[0]; i += strides[0]) {
    for (let j = start[1]; j < kernel[1]; j += strides[1]) {
      const before = [Math.floor(i / strides[0]), Math.floor(j / strides[1])];
      const after = counts.map((count, axis) => count - output[axis] - before[axis]);
      const part = parts[i * kernel[1] + j];
      const isWhole = [...before, ...after].every((count) => count === 0);
      const amounts = [0, 0, before[0], before[1], 0, 0, 0, after[0], after[1], 0];
      const placed = isWhole ? part : model.node('Pad', [part, model.ints(amounts)]);
      sum = sum === undefined ? placed : model.node('Add', [sum, placed]);
    }
  }
  return sum!;
}

/** Zeros at the end of the last axis. */
function filledUp({ model }: Emitter, name: Name, shape: readonly number[], missing: number): Name {
  if (missing === 0) return name;
  const zeros = shape.map(() => 0);
  return model.node('Pad', [name, model.ints([...zeros, ...zeros.slice(1), missing])]);
}
