/**
 * Gradients of depthwise convolution and of max pooling: compiled where the backend's memory can be shared, loops otherwise.
 */

import { util } from '@tensorflow/tfjs-core';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { WasmKernel } from './backend';
import { convGeometry, poolGeometry } from './conv-geometry';
import { loopDepthwiseBackpropFilter, loopDepthwiseBackpropInput, loopMaxPoolGrad } from './loop-kernels';
import { nativeKernels } from './native/load';

const isEmpty = ({ shape }: TensorInfo) => util.sizeFromShape(shape) === 0;

/** `DepthwiseConv2dNativeBackpropInput`: dy [N, OH, OW, C·m], filter [kh, kw, C, m] → dx [N, H, W, C]. */
export const depthwiseBackpropInput: WasmKernel = (inputs, attrs, backend) => {
  const { dy, filter } = inputs;
  const native = nativeKernels(backend);
  if (!native || isEmpty(dy)) return loopDepthwiseBackpropInput(inputs, attrs, backend);
  const shape = attrs['inputShape'] as number[];
  const g = convGeometry('DepthwiseConv2dNativeBackpropInput', shape, filter.shape, attrs, true);
  const dx = backend.makeOutput(g.inShape, 'float32');
  const addresses = [dy, filter, dx].map((tensor) => native.address(tensor));
  native.call('depthwise_input_gradient', native.geometry(g), ...addresses);
  return dx;
};

/** `DepthwiseConv2dNativeBackpropFilter`: x [N, H, W, C], dy [N, OH, OW, C·m] → dw [kh, kw, C, m]. */
export const depthwiseBackpropFilter: WasmKernel = (inputs, attrs, backend) => {
  const { x, dy } = inputs;
  const native = nativeKernels(backend);
  if (!native || isEmpty(dy)) return loopDepthwiseBackpropFilter(inputs, attrs, backend);
  const shape = attrs['filterShape'] as number[];
  const g = convGeometry('DepthwiseConv2dNativeBackpropFilter', x.shape, shape, attrs, true);
  const dw = backend.makeOutput(shape, 'float32');
  const scratch = native.scratch(3 * util.sizeFromShape(shape));
  const addresses = [x, dy, dw].map((tensor) => native.address(tensor));
  native.call('depthwise_filter_gradient', native.geometry(g), ...addresses, scratch);
  return dw;
};

/** `MaxPoolGrad`: dy [N, OH, OW, C], input [N, H, W, C] → dx [N, H, W, C]. */
export const maxPoolGrad: WasmKernel = (inputs, attrs, backend) => {
  const { dy, input } = inputs;
  const native = nativeKernels(backend);
  if (!native || isEmpty(dy)) return loopMaxPoolGrad(inputs, attrs, backend);
  const dx = backend.makeOutput(input.shape, 'float32');
  const addresses = [dy, input, dx].map((tensor) => native.address(tensor));
  native.call('max_pool_gradient', native.geometry(poolGeometry(input.shape, attrs)), ...addresses);
  return dx;
};
