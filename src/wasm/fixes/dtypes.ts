/**
 * Kernels that tfjs' wasm backend runs on some types alone. For others they return uninitialised or reinterpreted memory
 * (`Reciprocal` of booleans even reads out of bounds), so those inputs go through float32, and the result comes back as the
 * type that cpu returns.
 */

import { util } from '@tensorflow/tfjs-core';
import type { DataType } from '@tensorflow/tfjs-core';
import { compose, kernelOf, makeZeros, replaceKernel } from '../backend';

/** Kernels of one input `x` that are wrong for booleans. */
const NOT_FOR_BOOLEANS = ['Abs', 'Neg', 'Relu', 'Relu6', 'Reverse', 'Round', 'Sign', 'Square', 'Step'];

/** Kernels of one input `x` that are right for float32 alone. */
const FLOAT_ONLY = [
  ...['Acos', 'Acosh', 'Asin', 'Asinh', 'Atan', 'Atanh', 'ClipByValue', 'Expm1'],
  ...['Log1p', 'Reciprocal', 'Selu', 'Sinh', 'Softplus'],
];

/** Lets inputs of `types` pass through float32; the result has the input's type, or `result`. */
function throughFloat(name: string, types: readonly DataType[], result?: DataType): void {
  const native = kernelOf(name);
  replaceKernel(name, (inputs, attrs, backend) => {
    const { x } = inputs;
    if (!types.includes(x.dtype)) return native({ inputs, attrs: attrs as never, backend });
    return compose(backend, (step) => {
      const y = step(name, { x: step('Cast', { x }, { dtype: 'float32' }) }, attrs);
      return step('Cast', { x: y }, { dtype: result ?? x.dtype });
    });
  });
}

/** A predicate that has one answer for every integer and boolean. */
function constantUnlessFloat(name: string, answer: 0 | 1): void {
  const native = kernelOf(name);
  replaceKernel(name, (inputs, attrs, backend) => {
    const { x } = inputs;
    if (x.dtype === 'float32') return native({ inputs, attrs: attrs as never, backend });
    const out = makeZeros(backend, x.shape, 'bool');
    if (util.sizeFromShape(x.shape) > 0) backend.typedArrayFromHeap(out).fill(answer);
    return out;
  });
}

/** Cast to bool is true where the value is not zero; tfjs keeps the low byte of the whole part, so 0.5 and 256 are false. */
function castToBool(): void {
  const native = kernelOf('Cast');
  replaceKernel('Cast', (inputs, attrs, backend) => {
    const { x } = inputs;
    if (attrs['dtype'] !== 'bool' || x.dtype === 'bool') return native({ inputs, attrs: attrs as never, backend });
    const out = backend.makeOutput(x.shape, 'bool');
    if (util.sizeFromShape(x.shape) === 0) return out;
    const values = backend.typedArrayFromHeap(x);
    const truths = backend.typedArrayFromHeap(out);
    for (let i = 0; i < truths.length; i++) truths[i] = values[i] !== 0 ? 1 : 0;
    return out;
  });
}

/** `StridedSlice` copies the four bytes of an int32, and then calls them a float32. */
function relabelStridedSlice(): void {
  const native = kernelOf('StridedSlice');
  replaceKernel('StridedSlice', (inputs, attrs, backend) => {
    const { x } = inputs;
    const out = native({ inputs, attrs: attrs as never, backend }) as {
      dataId: object;
      shape: number[];
      dtype: DataType;
    };
    if (out.dtype === x.dtype) return out;
    (backend.dataIdMap.get(out.dataId) as { dtype?: DataType }).dtype = x.dtype;
    return { ...out, dtype: x.dtype };
  });
}

/** Registers the versions that are right for every type. */
export function registerDtypeFixes(): void {
  castToBool();
  for (const name of NOT_FOR_BOOLEANS) throughFloat(name, ['bool']);
  for (const name of FLOAT_ONLY) throughFloat(name, ['int32', 'bool']);
  for (const name of ['Exp', 'LeakyRelu']) throughFloat(name, ['bool'], 'float32');
  relabelStridedSlice();
  throughFloat('StridedSlice', ['bool']);
  constantUnlessFloat('IsNan', 0);
  constantUnlessFloat('IsInf', 0);
  constantUnlessFloat('IsFinite', 1);
}
