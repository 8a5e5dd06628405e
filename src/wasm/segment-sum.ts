/**
 * The gradient of embedding lookups, which tfjs' wasm backend lacks: rows summed by segment.
 */

import type { TensorInfo } from '@tensorflow/tfjs-core';
import { makeZeros } from './backend';
import type { WasmBackend, WasmKernel } from './backend';

/** `UnsortedSegmentSum`: x [N, …], segmentIds [N] → [numSegments, …]: rows of x summed by segment; negative ids are dropped. */
export const unsortedSegmentSum: WasmKernel = ({ x, segmentIds }, attrs, backend) => {
  const segments = attrs['numSegments'] as number;
  const out = makeZeros(backend, [segments, ...x.shape.slice(1)], x.dtype);
  addRows(backend, x, segmentIds, out);
  return out;
};

function addRows(backend: WasmBackend, x: TensorInfo, segmentIds: TensorInfo, out: TensorInfo): void {
  const rows = segmentIds.shape[0];
  const width = out.shape.slice(1).reduce((product, size) => product * size, 1);
  if (rows === 0 || width === 0) return;
  const [sums, values, ids] = [out, x, segmentIds].map((tensor) => backend.typedArrayFromHeap(tensor));
  for (let row = 0; row < rows; row++) {
    const segment = ids[row];
    if (segment < 0 || segment >= out.shape[0]) continue;
    for (let k = 0; k < width; k++) sums[segment * width + k] += values[row * width + k];
  }
}
