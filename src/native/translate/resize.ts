/**
 * Resizing of images and its gradients: along each axis a product with a small matrix of weights, or with its transpose. The nearest
 * pixel is looked up instead. See `src/wasm/fixes/resize.ts` for what each output pixel is made of.
 */
import type { NamedAttrMap } from '@tensorflow/tfjs-core';
import type { Emitter, Translator } from '../emitter';
import type { Name } from '../onnx/model';
import { input } from './conv';
import { closeImage, type OpenImage, openImage } from './windows';

/** What one output row (or column) is made of: `low` and `high` of the input, the latter with weight `fraction`. */
interface Source {
  readonly low: number;
  readonly high: number;
  readonly fraction: number;
}

type Sources = (from: number, to: number, attrs: NamedAttrMap) => readonly Source[];

function scaleOf(from: number, to: number, { alignCorners }: NamedAttrMap): number {
  return alignCorners === true && to > 1 ? (from - 1) / (to - 1) : from / to;
}

const bilinear: Sources = (from, to, attrs) =>
  Array.from({ length: to }, (_, index) => {
    const scale = scaleOf(from, to, attrs);
    const position = attrs['halfPixelCenters'] === true ? scale * (index + 0.5) - 0.5 : scale * index;
    const low = Math.max(0, Math.floor(position));
    return { low, high: Math.min(from - 1, Math.ceil(position)), fraction: position - low };
  });

const nearest: Sources = (from, to, attrs) =>
  Array.from({ length: to }, (_, index) => {
    const scale = scaleOf(from, to, attrs);
    const position = attrs['halfPixelCenters'] === true ? scale * (index + 0.5) : scale * index;
    const rounded = attrs['alignCorners'] === true ? Math.round(position) : Math.floor(position);
    const low = Math.min(from - 1, rounded);
    return { low, high: low, fraction: 0 };
  });

/** Weights [to, from], or their transpose. */
function weights({ model }: Emitter, sources: readonly Source[], from: number, transpose: boolean): Name {
  const to = sources.length;
  const matrix = new Float32Array(to * from);
  sources.forEach(({ low, high, fraction }, row) => {
    const at = (column: number): number => (transpose ? column * to + row : row * from + column);
    matrix[at(low)] += 1 - fraction;
    matrix[at(high)] += fraction;
  });
  return model.floats(matrix, transpose ? [from, to] : [to, from]);
}

/** Products along rows and columns of an open image [N, G, H, W, c], which becomes `size`. */
function multiplied(
  { model }: Emitter,
  { name, groups, channels }: OpenImage,
  matrices: readonly Name[],
  [, width]: readonly number[],
  size: readonly number[],
): Name {
  const rows = model.node('Reshape', [name, model.ints([0, groups, -1, width * channels])]);
  const byRow = model.node('MatMul', [matrices[0], rows]);
  const columns = model.node('Reshape', [byRow, model.ints([0, groups, size[0], width, channels])]);
  return model.node('MatMul', [matrices[1], columns]);
}

const forward =
  (sources: Sources): Translator =>
  (node, emitter) => {
    const { model } = emitter;
    const images = input(node, 'images');
    const inBlocks = emitter.prefersBlocks(images);
    const image = openImage(emitter, emitter.valueAs(images), inBlocks);
    const [from, to] = [images.shape.slice(1, 3), node.outputs[0].shape.slice(1, 3)];
    const made = from.map((length, axis) => sources(length, to[axis], node.attrs));
    let name = image.name;
    if (sources === nearest) {
      made.forEach((list, axis) => {
        name = model.node('Gather', [name, model.ints(list.map(({ low }) => low))], { axis: axis + 2 });
      });
    } else {
      const matrices = made.map((list, axis) => weights(emitter, list, from[axis], false));
      name = multiplied(emitter, image, matrices, from, to);
    }
    closeImage(emitter, name, emitter.result(node.outputs[0]), inBlocks);
  };

const gradient =
  (sources: Sources): Translator =>
  (node, emitter) => {
    const [images, dy] = [input(node, 'images'), input(node, 'dy')];
    const inBlocks = emitter.prefersBlocks(dy);
    const image = openImage(emitter, emitter.valueAs(dy), inBlocks);
    const [from, to] = [images.shape.slice(1, 3), dy.shape.slice(1, 3)];
    const matrices = from.map((length, axis) => weights(emitter, sources(length, to[axis], node.attrs), length, true));
    const name = multiplied(emitter, image, matrices, to, from);
    closeImage(emitter, name, emitter.result(node.outputs[0]), inBlocks);
  };

export const RESIZES: Readonly<Record<string, Translator>> = {
  ResizeNearestNeighbor: forward(nearest),
  ResizeNearestNeighborGrad: gradient(nearest),
  ResizeBilinear: forward(bilinear),
  ResizeBilinearGrad: gradient(bilinear),
};
