/**
 * Kernels of tfjs' wasm backend 4.22 that its own cpu backend, or the definition of the op, contradicts, and those that
 * layers need and it lacks. Each was found by the sweep in test/wasm, which compares every op that has a gradient with cpu
 * and with central differences. The kernels that training leans on most are in the folder above.
 */

import { registerAveragePoolFixes } from './average-pool';
import { registerConv3DFixes } from './conv-3d';
import { registerDilationFixes } from './dilation-2d';
import { registerDtypeFixes } from './dtypes';
import { registerEinsum } from './einsum';
import { registerGatherFix } from './gather';
import { registerGradientFixes } from './gradients';
import { registerIntegerFixes } from './integer-arithmetic';
import { registerMaxPool3DFixes } from './max-pool-3d';
import { registerResizeFixes } from './resize';
import { registerUnsupportedKernels } from './unsupported';

/** Registers all of them. Needs the kernels of `@tensorflow/tfjs-backend-wasm` to be registered; calls must not repeat. */
export function registerFixes(): void {
  registerDtypeFixes();
  registerIntegerFixes();
  registerGatherFix();
  registerAveragePoolFixes();
  registerMaxPool3DFixes();
  registerConv3DFixes();
  registerDilationFixes();
  registerResizeFixes();
  registerEinsum();
  registerUnsupportedKernels();
  registerGradientFixes();
}
