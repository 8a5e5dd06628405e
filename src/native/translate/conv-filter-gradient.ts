/**
 * Gradients of convolutions by their filters: for each position of the filter, the image as that position saw it, times dy.
 *
 *   dW[i, j] = Σ_{n, o} x[n, s·o + d·(i, j) − pad]ᵀ · dy[n, o]
 */
import type { Translator } from '../emitter';
import type { Name } from '../onnx/model';
import { input } from './conv';
import { convGeometry } from './conv-geometry';

const conv2dFilter: Translator = (node, emitter) => {
  const { model } = emitter;
  const [output] = node.outputs;
  const [kh, kw, inputs, outputs] = output.shape;
  const x = input(node, 'x');
  const { strides, dilations, pads, output: size } = convGeometry(x.shape, output.shape, node.attrs);
  let dy = emitter.valueAs(input(node, 'dy'));
  const vector = dy.factor?.vector;
  if (dy.factor !== undefined) dy = dy.factor.of;
  const rows = model.node('Reshape', [emitter.plainOf(dy), model.ints([-1, outputs])]);
  const [top, left, bottom, right] = pads;
  const image = emitter.plain(x);
  const padded = pads.some((pad) => pad > 0)
    ? model.node('Pad', [image, model.ints([0, top, left, 0, 0, bottom, right, 0])])
    : image;
  const parts: Name[] = [];
  for (let i = 0; i < kh; i += 1) {
    for (let j = 0; j < kw; j += 1) {
      const start = [i * dilations[0], j * dilations[1]];
      const end = start.map((from, axis) => from + (size[axis] - 1) * strides[axis] + 1);
      const seen = model.node('Slice', [
        padded,
        model.ints(start),
        model.ints(end),
        model.ints([1, 2]),
        model.ints(strides),
      ]);
      parts.push(model.node('Gemm', [model.node('Reshape', [seen, model.ints([-1, inputs])]), rows], { transA: 1 }));
    }
  }
  const all = parts.length === 1 ? parts[0] : model.node('Concat', parts, { axis: 0 });
  const gradient = emitter.reshape(all, output.shape);
  emitter.set(output, vector === undefined ? gradient : model.node('Mul', [gradient, vector]));
};

export const FILTER_GRADIENTS: Readonly<Record<string, Translator>> = { Conv2DBackpropFilter: conv2dFilter };
