/** Convolutions of all kinds against the cpu backend; run once with the compiled kernels and once without. */
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { isAmunError } from '../../src/core/errors';
import { expectSameAsCpu, withGradients } from './against-cpu';

type Pad = 'same' | 'valid' | tf.backend_util.ExplicitPadding;
interface Case {
  /** [N, H, W, C] */
  x: [number, number, number, number];
  kernel: [number, number];
  strides: [number, number];
  pad: Pad;
  /** Output channels, or the multiplier of a depthwise convolution. */
  out: number;
}

function cases(): Case[] {
  const list: Case[] = [];
  for (const stride of [1, 2, 3]) {
    for (const kernel of [1, 2, 3, 5, 7]) {
      for (const pad of ['same', 'valid'] as const) {
        list.push({ x: [2, 9, 7, 3], kernel: [kernel, kernel], strides: [stride, stride], pad, out: 5 });
      }
    }
  }
  const explicit: Pad = [
    [0, 0],
    [2, 1],
    [0, 3],
    [0, 0],
  ];
  const wide: Pad = [
    [0, 0],
    [3, 4],
    [4, 3],
    [0, 0],
  ];
  list.push(
    // More than one block of scratch memory: Winograd's and im2col's.
    { x: [3, 28, 28, 16], kernel: [3, 3], strides: [1, 1], pad: 'same', out: 16 },
    { x: [3, 29, 29, 16], kernel: [3, 3], strides: [2, 2], pad: 'same', out: 16 },
    // Channels that fill no vector, and padding beyond the kernel.
    { x: [2, 6, 5, 9], kernel: [3, 3], strides: [1, 1], pad: 'same', out: 11 },
    { x: [2, 4, 5, 8], kernel: [3, 3], strides: [1, 1], pad: wide, out: 8 },
    { x: [2, 8, 8, 4], kernel: [3, 3], strides: [1, 1], pad: 'same', out: 8 },
    { x: [3, 7, 5, 16], kernel: [3, 3], strides: [1, 1], pad: 'same', out: 12 },
    { x: [2, 7, 7, 20], kernel: [3, 3], strides: [1, 1], pad: 'valid', out: 33 },
    { x: [2, 7, 9, 8], kernel: [3, 3], strides: [2, 2], pad: 'same', out: 16 },
    { x: [5, 6, 6, 1], kernel: [3, 3], strides: [1, 1], pad: 'same', out: 16 },
    { x: [2, 6, 7, 4], kernel: [3, 2], strides: [2, 1], pad: 'same', out: 3 },
    { x: [2, 6, 7, 4], kernel: [1, 4], strides: [1, 3], pad: 'valid', out: 3 },
    { x: [2, 6, 7, 3], kernel: [3, 3], strides: [1, 1], pad: explicit, out: 4 },
    { x: [2, 6, 7, 3], kernel: [3, 3], strides: [2, 2], pad: explicit, out: 4 },
    { x: [2, 6, 7, 3], kernel: [2, 2], strides: [3, 3], pad: explicit, out: 4 },
    { x: [1, 1, 1, 6], kernel: [1, 1], strides: [1, 1], pad: 'same', out: 7 },
    { x: [1, 3, 3, 2], kernel: [1, 1], strides: [2, 2], pad: explicit, out: 2 },
  );
  return list;
}

const label = ({ x, kernel, strides, pad, out }: Case) =>
  `[${x.join()}] kernel ${kernel.join('×')} stride ${strides.join('×')} ${JSON.stringify(pad)} → ${out}`;

function outputShape({ x, kernel, strides, pad, out }: Case, depthwise: boolean): number[] {
  const filter: [number, number, number, number] = [...kernel, x[3], out];
  return tf.backend_util.computeConv2DInfo(x, filter, strides, 1, pad, undefined, depthwise).outShape;
}

/** Declares the tests; the file that calls it has made wasm ready. */
export function testConvolutions(): void {
  describe('convolution and its gradients', () => {
    it.each(cases().map((c) => [label(c), c] as const))('%s', async (_, c) => {
      const f = (x: tf.Tensor, w: tf.Tensor) => tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, c.strides, c.pad);
      await expectSameAsCpu([c.x, [...c.kernel, c.x[3], c.out], outputShape(c, false)], withGradients(f));
    });

    it('gives the gradients of a fused convolution with bias', async () => {
      const f = (x: tf.Tensor, filter: tf.Tensor, bias: tf.Tensor) =>
        tf.fused.conv2d({ x: x as tf.Tensor4D, filter: filter as tf.Tensor4D, bias, strides: 1, pad: 'same' });
      await expectSameAsCpu([[2, 6, 5, 4], [3, 3, 4, 8], [8], [2, 6, 5, 8]], withGradients(f));
    });

    it.each(['conv2d', 'depthwiseConv2d'] as const)('refuses the gradient of a dilated %s with a remedy', (name) => {
      const run = () =>
        tf.tidy(() => {
          const [x, w] = [tf.ones<tf.Rank.R4>([1, 5, 5, 2]), tf.ones<tf.Rank.R4>([2, 2, 2, 2])];
          return tf.grad((filter) => tf[name](x, filter as tf.Tensor4D, 1, 'same', 'NHWC', 2))(w);
        });
      expect(run).toThrowError(expect.toSatisfy((e) => isAmunError(e) && e.code === 'gradient-unsupported'));
      expect(run).toThrowError(/dilation 1, got.*strided convolution/);
    });

    it('refuses channels-first data with a remedy', () => {
      const x = tf.ones<tf.Rank.R4>([1, 2, 4, 4]);
      const dy = tf.ones<tf.Rank.R4>([1, 3, 4, 4]);
      const attrs = { strides: [1, 1], pad: 'same', dataFormat: 'NCHW', filterShape: [3, 3, 2, 3] };
      const run = () => tf.engine().runKernel('Conv2DBackpropFilter', { x, dy }, attrs);
      expect(run).toThrowError(expect.toSatisfy((e) => isAmunError(e) && e.code === 'gradient-unsupported'));
      expect(run).toThrowError(/NHWC.*channelsLast/);
      tf.dispose([x, dy]);
    });
  });

  describe('depthwise convolution and its gradients', () => {
    const list = cases().flatMap((c) => [
      { ...c, out: 1 },
      { ...c, out: 2 },
    ]);
    it.each(list.map((c) => [label(c), c] as const))('%s', async (_, c) => {
      const f = (x: tf.Tensor, w: tf.Tensor) =>
        tf.depthwiseConv2d(x as tf.Tensor4D, w as tf.Tensor4D, c.strides, c.pad);
      await expectSameAsCpu([c.x, [...c.kernel, c.x[3], c.out], outputShape(c, true)], withGradients(f));
    });
  });
}
