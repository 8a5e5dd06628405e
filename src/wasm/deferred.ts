/**
 * Results that are computed at their first use, or never.
 *
 * tfjs-layers runs every convolution as a fused one, whose custom gradient always asks for the filter's gradient, also when only
 * the input's is wanted: in an adversarial search a third of all work, thrown away. Dense layers do the same. Here
 * `Conv2DBackpropFilter`, and `BatchMatMul` with its first matrix transposed, return a tensor whose entry in the backend's
 * table computes it when a kernel, or a read, first asks where its data lies.
 *
 * The inputs are held until then: their data never changes, so the result is the same whenever it is computed.
 */

import { engine } from '@tensorflow/tfjs-core';
import type { KernelBackend, TensorInfo } from '@tensorflow/tfjs-core';
import type { WasmBackend } from './backend';

/** An entry of the backend's table of tensors. */
interface Entry {
  id: number;
  memoryOffset: number;
  refCount: number;
}

/** Forgets a computation that nobody asked for, by the tensor that it would fill. */
const cancellations = new WeakMap<object, () => void>();

const PATCHED = Symbol.for('amun-ts.deferred');

/** Lets the backend free a tensor without computing it first. */
export function allowDeferred(backend: WasmBackend & { [PATCHED]?: true }): void {
  if (backend[PATCHED]) return;
  const original = backend.disposeData.bind(backend);
  backend.disposeData = (dataId, force = false) => {
    const cancel = cancellations.get(dataId);
    if (cancel && (force || (backend.dataIdMap.get(dataId) as Entry).refCount <= 1)) cancel();
    return original(dataId, force);
  };
  backend[PATCHED] = true;
}

/** Gives up one hold on a tensor's data; the engine counts data by its own table. */
function release(backend: WasmBackend, dataId: object): void {
  const freed = backend.disposeData(dataId);
  if (freed && engine().state.tensorInfo.has(dataId))
    engine().removeDataId(dataId, backend as unknown as KernelBackend);
}

/**
 * Leaves `out` to be filled by `compute` when it is first used. `compute` must not make the heap grow: whoever asks for the
 * tensor may hold views of it.
 */
export function defer(backend: WasmBackend, out: TensorInfo, inputs: TensorInfo[], compute: () => void): TensorInfo {
  const entry = backend.dataIdMap.get(out.dataId) as Entry;
  const { id, memoryOffset } = entry;
  for (const input of inputs) backend.incRef(input.dataId);
  const settle = (run: boolean) => {
    cancellations.delete(out.dataId);
    for (const [key, value] of Object.entries({ id, memoryOffset })) {
      Object.defineProperty(entry, key, { value, writable: true, enumerable: true, configurable: true });
    }
    if (run) compute();
    for (const input of inputs) release(backend, input.dataId);
  };
  const asked = (value: number) => () => {
    settle(true);
    return value;
  };
  Object.defineProperty(entry, 'id', { get: asked(id), enumerable: true, configurable: true });
  Object.defineProperty(entry, 'memoryOffset', { get: asked(memoryOffset), enumerable: true, configurable: true });
  cancellations.set(out.dataId, () => {
    settle(false);
  });
  return out;
}
