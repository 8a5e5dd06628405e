/**
 * Which kernels and gradients `useWasm` registers.
 */

import { registerBatchNormGradient } from './batch-norm-gradient';
import { kernelOf, replaceKernel } from './backend';
import { conv2D, conv2DBackpropFilter, conv2DBackpropInput, fusedConv2D } from './conv-kernels';
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
  replaceKernel('Conv2D', conv2D(kernelOf('Conv2D')));
  replaceKernel('FusedConv2D', fusedConv2D(kernelOf('FusedConv2D')));
  for (const name of ['DepthwiseConv2dNative', 'FusedDepthwiseConv2D']) {
    replaceKernel(name, withExplicitSamePadding(kernelOf(name), true));
  }
  replaceKernel('Conv2DBackpropInput', conv2DBackpropInput);
  replaceKernel('Conv2DBackpropFilter', conv2DBackpropFilter);
  replaceKernel('DepthwiseConv2dNativeBackpropInput', loopDepthwiseBackpropInput);
  replaceKernel('DepthwiseConv2dNativeBackpropFilter', loopDepthwiseBackpropFilter);
  replaceKernel('MaxPoolGrad', loopMaxPoolGrad);
  replaceKernel('UnsortedSegmentSum', loopUnsortedSegmentSum);
  replaceKernel('BatchMatMul', transposingMatMul(kernelOf('BatchMatMul')));
  replaceKernel('_FusedMatMul', transposingMatMul(kernelOf('_FusedMatMul')));
  registerBatchNormGradient();
}
