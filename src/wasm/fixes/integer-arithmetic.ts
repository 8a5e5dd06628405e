/**
 * Arithmetic of two integers or booleans. The native kernels trap on a zero divisor (which ends the backend), divide -7 by 2
 * towards zero, or read int32 bits as float32; these loops compute in float64, as cpu does.
 */

import { backend_util, util } from '@tensorflow/tfjs-core';
import type { DataType, TensorInfo } from '@tensorflow/tfjs-core';
import { compose, kernelOf, replaceKernel } from '../backend';
import type { WasmBackend } from '../backend';

type Arithmetic = (a: number, b: number) => number;

/** The sign of the result is the divisor's, as in Python. */
function modulo(a: number, b: number): number {
  const rest = a % b;
  return a < 0 === b < 0 || rest === 0 ? rest : rest + b;
}

const ARITHMETIC: Readonly<Record<string, Arithmetic>> = {
  Atan2: Math.atan2,
  FloorDiv: (a, b) => Math.floor(a / b),
  Mod: modulo,
  Pow: Math.pow,
  RealDiv: (a, b) => a / b,
};

/** For each element of the result, the position of the input's element that broadcasts to it. */
function broadcastIndex(shape: readonly number[], outShape: readonly number[]): Int32Array {
  const index = new Int32Array(util.sizeFromShape(outShape as number[]));
  const strides = [...util.computeStrides(shape as number[]), 1];
  const offset = outShape.length - shape.length;
  let span = index.length;
  for (const [axis, size] of outShape.entries()) {
    span /= size;
    const inputAxis = axis - offset;
    if (inputAxis < 0 || shape[inputAxis] === 1) continue;
    for (let i = 0; i < index.length; i++) index[i] += (Math.floor(i / span) % size) * strides[inputAxis];
  }
  return index;
}

function loop(f: Arithmetic, a: TensorInfo, b: TensorInfo, dtype: DataType, backend: WasmBackend): TensorInfo {
  const shape = backend_util.assertAndGetBroadcastShape(a.shape, b.shape);
  const out = backend.makeOutput(shape, dtype);
  if (util.sizeFromShape(shape) === 0) return out;
  const [ai, bi] = [broadcastIndex(a.shape, shape), broadcastIndex(b.shape, shape)];
  const [av, bv, values] = [a, b, out].map((tensor) => backend.typedArrayFromHeap(tensor));
  for (let i = 0; i < values.length; i++) values[i] = f(av[ai[i]], bv[bi[i]]);
  return out;
}

/** `FloorDiv` of floats is an int32, as on cpu and WebGL. */
function wholeFloorDiv(): void {
  const divide = kernelOf('FloorDiv');
  replaceKernel('FloorDiv', (inputs, attrs, backend) => {
    const quotient = divide({ inputs, attrs: attrs as never, backend }) as TensorInfo;
    if (quotient.dtype === 'int32') return quotient;
    const whole = compose(backend, (step) => step('Cast', { x: quotient }, { dtype: 'int32' }));
    backend.disposeData(quotient.dataId);
    return whole;
  });
}

/** `Prelu` is a float32, whatever its inputs are. */
function floatPrelu(): void {
  const native = kernelOf('Prelu');
  replaceKernel('Prelu', (inputs, attrs, backend) =>
    compose(backend, (step) => {
      const [x, alpha] = [inputs['x'], inputs['alpha']].map((input) =>
        input.dtype === 'float32' ? input : step('Cast', { x: input }, { dtype: 'float32' }),
      );
      return native({ inputs: { x, alpha }, attrs: attrs as never, backend }) as TensorInfo;
    }),
  );
}

/** Registers the loops for int32 and bool, and the result types of `FloorDiv` and `Prelu`. */
export function registerIntegerFixes(): void {
  for (const [name, f] of Object.entries(ARITHMETIC)) {
    const native = kernelOf(name);
    replaceKernel(name, (inputs, attrs, backend) => {
      const { a, b } = inputs;
      if (a.dtype !== 'float32') return loop(f, a, b, name === 'FloorDiv' ? 'int32' : a.dtype, backend);
      return native({ inputs, attrs: attrs as never, backend });
    });
  }
  wholeFloorDiv();
  floatPrelu();
}
