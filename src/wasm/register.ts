/**
 * Which kernels and gradients `useWasm` registers.
 */

import { registerBatchNormGradient } from './batch-norm-gradient';
import { kernelOf, replaceKernel } from './backend';
import { composedConv2DBackpropFilter, composedConv2DBackpropInput } from './composed-conv';
import {
  loopDepthwiseBackpropFilter,
  loopDepthwiseBackpropInput,
  loopMaxPoolGrad,
  loopUnsortedSegmentSum,
} from './loop-kernels';
import { transposingMatMul } from './matmul';
import { withExplicitSamePadding } from './same-padding';

/** Registers every training kernel that tfjs' wasm backend lacks or gets wrong. */
export function registerTrainingKernels(): void {
  for (const name of ['Conv2D', 'FusedConv2D']) replaceKernel(name, withExplicitSamePadding(kernelOf(name), false));
  for (const name of ['DepthwiseConv2dNative', 'FusedDepthwiseConv2D']) {
    replaceKernel(name, withExplicitSamePadding(kernelOf(name), true));
  }
  replaceKernel('Conv2DBackpropInput', composedConv2DBackpropInput);
  replaceKernel('Conv2DBackpropFilter', composedConv2DBackpropFilter);
  replaceKernel('DepthwiseConv2dNativeBackpropInput', loopDepthwiseBackpropInput);
  replaceKernel('DepthwiseConv2dNativeBackpropFilter', loopDepthwiseBackpropFilter);
  replaceKernel('MaxPoolGrad', loopMaxPoolGrad);
  replaceKernel('UnsortedSegmentSum', loopUnsortedSegmentSum);
  replaceKernel('BatchMatMul', transposingMatMul(kernelOf('BatchMatMul')));
  replaceKernel('_FusedMatMul', transposingMatMul(kernelOf('_FusedMatMul')));
  registerBatchNormGradient();
}
