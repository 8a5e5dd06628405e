/**
 * Which kernels and gradients `useWasm` registers.
 */

import type { KernelFunc } from '@tensorflow/tfjs-core';
import { kernelOf, replaceKernel } from './backend';
import type { WasmKernel } from './backend';
import { registerBatchNormGradient } from './batch-norm-gradient';
import { conv2D, conv2DBackpropFilter, conv2DBackpropInput, fusedConv2D } from './conv-kernels';
import { refuseDilatedGradients } from './dilated-gradients';
import { registerFixes } from './fixes/index';
import { gatherRows } from './gather-rows';
import { fusedMatMul, matMul } from './matmul';
import { fusedBatchNorm, TRAIN_NORM, TRAIN_NORM_GRADIENT, trainNorm, trainNormGradient } from './norm-kernels';
import { meanKernel, sumKernel } from './reductions';
import { registerReluGradient, RELU_GRADIENT, reluGradient } from './relu-gradient';
import { rowBroadcast } from './row-broadcast';
import { withExplicitSamePadding } from './same-padding';
import { unsortedSegmentSum } from './segment-sum';
import { sharedCast, sharedIdentity } from './shared-data';
import { sliceKernel } from './slice';
import { depthwiseBackpropFilter, depthwiseBackpropInput, maxPoolGrad } from './window-kernels';

/** Kernels that tfjs has on wasm, and what stands in for each, given the original. */
const REPLACED: Record<string, (original: KernelFunc) => WasmKernel> = {
  Add: (original) => rowBroadcast('Add', original),
  Sub: (original) => rowBroadcast('Sub', original),
  Multiply: (original) => rowBroadcast('Multiply', original),
  BatchMatMul: matMul,
  _FusedMatMul: fusedMatMul,
  Conv2D: conv2D,
  FusedConv2D: fusedConv2D,
  DepthwiseConv2dNative: (original) => withExplicitSamePadding(original, true),
  FusedDepthwiseConv2D: (original) => withExplicitSamePadding(original, true),
  FusedBatchNorm: fusedBatchNorm,
  GatherV2: gatherRows,
  Identity: sharedIdentity,
  Cast: sharedCast,
  Mean: meanKernel,
  Slice: sliceKernel,
  Sum: sumKernel,
};

/** Kernels that tfjs lacks on wasm, has wrong, or never had. */
const ADDED: Record<string, WasmKernel> = {
  Conv2DBackpropFilter: conv2DBackpropFilter,
  Conv2DBackpropInput: conv2DBackpropInput,
  DepthwiseConv2dNativeBackpropFilter: depthwiseBackpropFilter,
  DepthwiseConv2dNativeBackpropInput: depthwiseBackpropInput,
  MaxPoolGrad: maxPoolGrad,
  UnsortedSegmentSum: unsortedSegmentSum,
  [RELU_GRADIENT]: reluGradient,
  [TRAIN_NORM]: trainNorm,
  [TRAIN_NORM_GRADIENT]: trainNormGradient,
};

/** Registers every training kernel that tfjs' wasm backend lacks, gets wrong or runs slowly. */
export function registerTrainingKernels(): void {
  // First the corrected kernels: the fast ones below fall back on them.
  registerFixes();
  for (const [name, replacement] of Object.entries(REPLACED)) replaceKernel(name, replacement(kernelOf(name)));
  for (const [name, kernel] of Object.entries(ADDED)) replaceKernel(name, kernel);
  refuseDilatedGradients();
  registerBatchNormGradient();
  registerReluGradient();
}
