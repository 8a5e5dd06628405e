/**
 * Gradient formulas of tfjs-core 4.22 that are wrong, throw or are missing on every backend. tfjs keeps one gradient per op, so these
 * serve all backends once registered; each agrees with central differences.
 */

import * as tf from '@tensorflow/tfjs-core';
import type { GradConfig, Tensor } from '@tensorflow/tfjs-core';
import { AmunError } from '../../core/errors';

type Attrs = Record<string, unknown>;

function gradientOf(name: string): GradConfig {
  const config = tf.getGradient(name);
  if (!config) {
    throw new AmunError(
      'gradients-missing',
      `useWasm: tfjs-core has no gradient for ${name}. Import '@tensorflow/tfjs-layers' first: it registers the gradients.`,
    );
  }
  return config;
}

/** Sums a gradient of the broadcast shape down to the shape of the input that was broadcast. */
function sumTo(gradient: Tensor, shape: number[]): Tensor {
  const axes = tf.broadcast_util.getReductionAxes(shape, gradient.shape);
  return tf.reshape(axes.length > 0 ? tf.sum(gradient, axes) : gradient, shape);
}

/** tfjs leaves these gradients in the broadcast shape, which the engine refuses. Their saved tensors are their inputs. */
const UNREDUCED: Readonly<Record<string, readonly string[]>> = {
  BatchMatMul: ['a', 'b'],
  Maximum: ['a', 'b'],
  Minimum: ['a', 'b'],
  Prelu: ['x', 'alpha'],
  SquaredDifference: ['a', 'b'],
};

function reduceBroadcast(name: string, inputs: readonly string[]): void {
  const config = gradientOf(name);
  tf.registerGradient({
    ...config,
    gradFunc: (dy, saved, attrs) => {
      const gradients = config.gradFunc(dy, saved, attrs);
      const reduced = inputs.map((input, i) => [input, () => sumTo(gradients[input](), saved[i].shape)] as const);
      return Object.fromEntries(reduced);
    },
  });
}

/** y is whole, so its derivative is zero; tfjs returns that of a / b. */
const floorDiv: GradConfig = {
  kernelName: 'FloorDiv',
  inputsToSave: ['a', 'b'],
  gradFunc: (_dy, saved) => ({ a: () => tf.zeros(saved[0].shape), b: () => tf.zeros(saved[1].shape) }),
};

/** dx = dy summed from the other end; tfjs transposes that once more. */
const cumsum: GradConfig = {
  kernelName: 'Cumsum',
  gradFunc: (dy, _saved, attrs) => {
    const { axis, exclusive, reverse } = attrs as unknown as { axis: number; exclusive: boolean; reverse: boolean };
    return { x: () => tf.cumsum(dy as Tensor, axis, exclusive, !reverse) };
  },
};

/** The elements [begin, begin + size) of one axis. */
function cut(x: Tensor, axis: number, begin: number, size: number): Tensor {
  const starts = x.shape.map((_, i) => (i === axis ? begin : 0));
  return tf.slice(
    x,
    starts,
    x.shape.map((length, i) => (i === axis ? size : length)),
  );
}

/** Folds the mirrored borders of one axis back onto the elements that they mirror; `gap` is 1 if the edge is not repeated. */
function foldBorders(dy: Tensor, axis: number, [before, after]: [number, number], gap: number): Tensor {
  const size = dy.shape[axis] - before - after;
  const inner = cut(dy, axis, before, size);
  const fold = (begin: number, length: number, at: number): Tensor => {
    const paddings = dy.shape.map((_, i): [number, number] => (i === axis ? [at, size - at - length] : [0, 0]));
    return tf.pad(tf.reverse(cut(dy, axis, begin, length), axis), paddings);
  };
  const parts = [inner];
  if (before > 0) parts.push(fold(0, before, gap));
  if (after > 0) parts.push(fold(before + size, after, size - gap - after));
  return parts.length === 1 ? inner : tf.addN(parts);
}

/** Each element gathers the gradients of its mirror images; tfjs forgets them. */
const mirrorPad: GradConfig = {
  kernelName: 'MirrorPad',
  gradFunc: (dy, _saved, attrs) => {
    const { paddings, mode } = attrs as unknown as { paddings: [number, number][]; mode: 'reflect' | 'symmetric' };
    const gap = mode === 'reflect' ? 1 : 0;
    return {
      x: () => paddings.reduce((folded, padding, axis) => foldBorders(folded, axis, padding, gap), dy as Tensor),
    };
  },
};

/** ∂∏/∂x_i is the product of all elements before i times that of all after it. tfjs needs the chained ops for it. */
function prodGradient(dy: Tensor, x: Tensor, axis: unknown): Tensor {
  const axes = tf.util.parseAxisParam((axis ?? null) as number[], x.shape);
  const kept = x.shape.map((_, i) => i).filter((i) => !axes.includes(i));
  const order = [...kept, ...axes];
  const moved = tf.transpose(x, order);
  const outer = kept.map((i) => x.shape[i]);
  const flat = tf.reshape(moved, [...outer, x.size / tf.util.sizeFromShape(outer)]); // [kept…, reduced]
  const others = tf.mul(tf.cumprod(flat, outer.length, true, false), tf.cumprod(flat, outer.length, true, true));
  const gradient = tf.reshape(tf.mul(tf.reshape(dy, [...outer, 1]), others), moved.shape);
  return tf.transpose(
    gradient,
    order.map((_, i) => order.indexOf(i)),
  );
}

const prod: GradConfig = {
  kernelName: 'Prod',
  inputsToSave: ['x'],
  gradFunc: (dy, [x], attrs) => ({ x: () => prodGradient(dy as Tensor, x, (attrs as unknown as Attrs)['axis']) }),
};

/**
 * The gradient of gathering with batch dimensions: each gathered slice adds to the place that it came from, numbered across
 * all batches. x [B…, outer…, axis, inner…], indices [B…, I…], dy [B…, outer…, I…, inner…].
 */
function batchedGatherGradient(dy: Tensor, x: Tensor, indices: Tensor, axis: number, batchDims: number): Tensor {
  const batch = tf.util.sizeFromShape(x.shape.slice(0, batchDims));
  const outer = tf.util.sizeFromShape(x.shape.slice(batchDims, axis));
  const inner = tf.util.sizeFromShape(x.shape.slice(axis + 1));
  const size = x.shape[axis];
  const starts = tf.reshape(tf.range(0, batch * outer * size, size, 'int32'), [batch, outer, 1]);
  const places = tf.add(starts, tf.reshape(indices, [batch, 1, -1])); // [B, outer, I]
  const slices = tf.reshape(dy, [-1, inner]);
  const sums = tf.unsortedSegmentSum(
    slices,
    tf.reshape(tf.cast(places, 'int32'), [-1]) as tf.Tensor1D,
    batch * outer * size,
  );
  return tf.reshape(sums, x.shape);
}

/** tfjs needs the chained ops where there are batch dimensions, and is right where there are none. */
function batchedGather(): void {
  const config = gradientOf('GatherV2');
  tf.registerGradient({
    ...config,
    gradFunc: (dy, saved, attrs) => {
      const { axis, batchDims } = attrs as unknown as { axis: number; batchDims: number };
      if (!batchDims) return config.gradFunc(dy, saved, attrs);
      const [x, indices] = saved;
      const positive = tf.util.parseAxisParam(axis, x.shape)[0];
      return {
        x: () => batchedGatherGradient(dy as Tensor, x, indices, positive, batchDims),
        indices: () => indices,
      };
    },
  });
}

/** Ops that answer true or false, by their inputs: constant almost everywhere. tfjs says so of `GreaterEqual` alone. */
const PREDICATES: Readonly<Record<string, readonly string[]>> = {
  All: ['x'],
  Any: ['x'],
  Equal: ['a', 'b'],
  Greater: ['a', 'b'],
  Less: ['a', 'b'],
  LessEqual: ['a', 'b'],
  LogicalNot: ['x'],
  NotEqual: ['a', 'b'],
};

function zeroGradient(name: string, inputs: readonly string[]): GradConfig {
  return {
    kernelName: name,
    inputsToSave: [...inputs],
    gradFunc: (_dy, saved) =>
      Object.fromEntries(inputs.map((input, i) => [input, () => tf.zeros(saved[i].shape)] as const)),
  };
}

/** Transposed convolution of volumes is linear in both of its inputs; tfjs has no gradient for it. */
const conv3DTranspose: GradConfig = {
  kernelName: 'Conv3DBackpropInputV2',
  inputsToSave: ['dy', 'filter'],
  gradFunc: (ddx, saved, attrs) => {
    const [dy, filter] = saved as [tf.Tensor5D, tf.Tensor5D];
    const { strides, pad } = attrs as unknown as { strides: number; pad: 'same' | 'valid' };
    const x = ddx as tf.Tensor5D;
    const filterAttrs = { strides, pad, filterShape: filter.shape };
    return {
      dy: () => tf.conv3d(x, filter, strides, pad),
      filter: () => tf.engine().runKernel<Tensor>('Conv3DBackpropFilterV2', { x, dy }, filterAttrs),
    };
  },
};

/** Registers all of them. */
export function registerGradientFixes(): void {
  for (const [name, inputs] of Object.entries(UNREDUCED)) reduceBroadcast(name, inputs);
  for (const config of [floorDiv, cumsum, mirrorPad, prod, conv3DTranspose]) tf.registerGradient(config);
  for (const [name, inputs] of Object.entries(PREDICATES)) {
    if (tf.getGradient(name) === undefined) tf.registerGradient(zeroGradient(name, inputs));
  }
  batchedGather();
}
