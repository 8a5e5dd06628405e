/**
 * The numbers that describe a 2-D convolution or pooling, read from a kernel's attributes.
 */

import { backend_util } from '@tensorflow/tfjs-core';
import { AmunError } from '../core/errors';

/** Sizes, strides and padding of one convolution; batches and channels last. */
export type ConvGeometry = backend_util.Conv2DInfo;

type Shape4D = [number, number, number, number];
type Pad = Parameters<typeof backend_util.computeConv2DInfo>[4];
type Rounding = Parameters<typeof backend_util.computeConv2DInfo>[5];

function refuseChannelsFirst(kernel: string, dataFormat: unknown): void {
  if (dataFormat === 'NCHW' || dataFormat === 'channelsFirst') {
    throw new AmunError(
      'gradient-unsupported',
      `${kernel}: on the wasm backend expected dataFormat 'NHWC', got '${String(dataFormat)}'. ` +
        `Build the layer with dataFormat 'channelsLast' and transpose its input to [N, height, width, channels].`,
    );
  }
}

/**
 * Geometry of a convolution's gradient.
 *
 * @throws AmunError `gradient-unsupported` for channels-first data and for dilated convolutions.
 */
export function convGeometry(
  kernel: string,
  inputShape: number[],
  filterShape: number[],
  attrs: Record<string, unknown>,
  depthwise = false,
): ConvGeometry {
  refuseChannelsFirst(kernel, attrs['dataFormat']);
  const info = backend_util.computeConv2DInfo(
    inputShape as Shape4D,
    filterShape as Shape4D,
    attrs['strides'] as number | [number, number],
    (attrs['dilations'] as number | [number, number] | undefined) ?? 1,
    attrs['pad'] as Pad,
    attrs['dimRoundingMode'] as Rounding,
    depthwise,
  );
  if (info.dilationHeight !== 1 || info.dilationWidth !== 1) throw dilationUnsupported(kernel, attrs['dilations']);
  return info;
}

/** The refusal of a dilated convolution's gradient. */
export function dilationUnsupported(kernel: string, dilations: unknown): AmunError {
  return new AmunError(
    'gradient-unsupported',
    `${kernel}: tfjs has no gradient for dilated convolutions; expected dilation 1, got ${JSON.stringify(dilations)}. ` +
      `Use a larger kernel or a strided convolution instead, or keep this model for inference.`,
  );
}

/** Geometry of a pooling layer; windows are never dilated in tfjs' gradients. */
export function poolGeometry(inputShape: number[], attrs: Record<string, unknown>): ConvGeometry {
  return backend_util.computePool2DInfo(
    inputShape as Shape4D,
    attrs['filterSize'] as number | [number, number],
    attrs['strides'] as number | [number, number],
    1,
    attrs['pad'] as Pad,
    attrs['dimRoundingMode'] as Rounding,
  );
}
