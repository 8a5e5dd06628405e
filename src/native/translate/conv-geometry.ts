/**
 * What a convolution's attributes say, with explicit padding.
 */
import { backend_util } from '@tensorflow/tfjs-core';
import type { NamedAttrMap } from '@tensorflow/tfjs-core';
import { NotCapturable } from '../program';

/** Lengths of a two-dimensional convolution or pooling. */
export interface ConvGeometry {
  readonly kernel: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly dilations: readonly [number, number];
  /** Padding at the top, the left, the bottom, and the right. */
  readonly pads: readonly [number, number, number, number];
  /** Input height and width. */
  readonly input: readonly [number, number];
  /** Output height and width. */
  readonly output: readonly [number, number];
}

const CONCRETE = 1;

/** Geometry of a convolution over [N, H, W, I] by [kh, kw, I, O]. */
export function convGeometry(
  shape: readonly number[],
  filter: readonly number[],
  attrs: NamedAttrMap,
  depthwise = false,
): ConvGeometry {
  const { strides, pad, dilations, dimRoundingMode, dataFormat } = attrs as Record<string, never>;
  if (((dataFormat as string | null) ?? 'NHWC') !== 'NHWC')
    throw new NotCapturable(`convolutions in ${String(dataFormat)} order can't be translated`);
  const input = concrete(shape);
  const info = backend_util.computeConv2DInfo(
    input,
    filter as [number, number, number, number],
    strides,
    dilations ?? 1,
    pad,
    dimRoundingMode,
    depthwise,
  );
  return geometryOf(info);
}

/** Geometry of a pooling over [N, H, W, C]. */
export function poolGeometry(shape: readonly number[], attrs: NamedAttrMap): ConvGeometry {
  const { filterSize, strides, pad, dimRoundingMode } = attrs as Record<string, never>;
  return geometryOf(backend_util.computePool2DInfo(concrete(shape), filterSize, strides, 1, pad, dimRoundingMode));
}

function concrete([, ...rest]: readonly number[]): [number, number, number, number] {
  return [CONCRETE, ...rest] as [number, number, number, number];
}

function geometryOf(info: backend_util.Conv2DInfo): ConvGeometry {
  const { top, left, bottom, right } = info.padInfo;
  return {
    kernel: [info.filterHeight, info.filterWidth],
    strides: [info.strideHeight, info.strideWidth],
    dilations: [info.dilationHeight, info.dilationWidth],
    pads: [top, left, bottom, right],
    input: [info.inHeight, info.inWidth],
    output: [info.outHeight, info.outWidth],
  };
}
