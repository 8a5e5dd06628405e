/**
 * Puts what each position of a window contributes where it belongs: the reverse of cutting an image into windows.
 *
 *   dx[s·o + d·i − pad] += columns[o, i]   for each window o and each position i in it, by row and by column
 */
import type { Emitter } from '../emitter';
import type { Name } from '../onnx/model';
import type { ConvGeometry } from './conv-geometry';

/** Columns [N, Ho, Wo, kh·kw·C] added up into an image [N, H, W, C]. */
export function shiftAndAdd(
  { model }: Emitter,
  columns: Name,
  {
    kernel: [kh, kw],
    strides: [sh, sw],
    dilations: [dh, dw],
    pads,
    input: [height, width],
    output: [rows, cols],
  }: ConvGeometry,
  channels: number,
): Name {
  const [top, left] = pads;
  const [fullHeight, fullWidth] = [(rows - 1) * sh + 1, (cols - 1) * sw + 1];
  let sum: Name | undefined;
  for (let i = 0; i < kh; i += 1) {
    for (let j = 0; j < kw; j += 1) {
      const start = (i * kw + j) * channels;
      const part = model.node('Slice', [columns, model.ints([start]), model.ints([start + channels]), model.ints([3])]);
      const spread =
        sh * sw === 1 ? part : stuffed(model, part, [rows, cols, channels], [sh, sw], [fullHeight, fullWidth]);
      // Negative padding cuts off what fell on the padding of the forward pass.
      const [above, beside] = [i * dh - top, (j * dw - left) * channels];
      const [below, beyond] = [height - fullHeight - above, (width - fullWidth) * channels - beside];
      // Rows of pixels with their channels are one axis: the fewer the axes, the faster the padding.
      const flat = model.node('Reshape', [spread, model.ints([0, fullHeight, fullWidth * channels])]);
      const placed = model.node('Pad', [flat, model.ints([0, above, beside, 0, below, beyond])]);
      sum = sum === undefined ? placed : model.node('Add', [sum, placed]);
    }
  }
  return model.node('Reshape', [sum!, model.ints([0, height, width, channels])]);
}

/** Zeros between rows and columns, none after the last. */
function stuffed(
  model: Emitter['model'],
  name: Name,
  [rows, cols, channels]: readonly [number, number, number],
  [sh, sw]: readonly [number, number],
  [height, width]: readonly [number, number],
): Name {
  const open = model.node('Reshape', [name, model.ints([0, rows, 1, cols, 1, channels])]);
  const padded = model.node('Pad', [open, model.ints([0, 0, 0, 0, 0, 0, 0, 0, sh - 1, 0, sw - 1, 0])]);
  const whole = model.node('Reshape', [padded, model.ints([0, rows * sh, cols * sw, channels])]);
  return model.node('Slice', [whole, model.ints([0, 0]), model.ints([height, width]), model.ints([1, 2])]);
}
