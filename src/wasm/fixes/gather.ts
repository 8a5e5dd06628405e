/**
 * Gather with batch dimensions: the native kernel takes later batches' elements from the first one's rows. Each batch is
 * gathered by a loop instead; x [B…, outer…, axis, inner…], indices [B…, I…] → [B…, outer…, I…, inner…].
 */

import { backend_util, util } from '@tensorflow/tfjs-core';
import { kernelOf, replaceKernel } from '../backend';
import type { WasmKernel } from '../backend';

const batchedGather: WasmKernel = ({ x, indices }, attrs, backend) => {
  const axis = util.parseAxisParam(attrs['axis'] as number, x.shape)[0];
  // The function reads the shapes alone.
  const info = backend_util.segment_util.collectGatherOpShapeInfo(
    x as never,
    indices as never,
    axis,
    attrs['batchDims'] as number,
  );
  const out = backend.makeOutput(info.outputShape, x.dtype);
  if (util.sizeFromShape(info.outputShape) === 0) return out;
  const [values, positions, result] = [x, indices, out].map((tensor) => backend.typedArrayFromHeap(tensor));
  const perBatch = positions.length / info.batchSize;
  let at = 0;
  for (let b = 0; b < info.batchSize; b++) {
    for (let o = 0; o < info.outerSize; o++) {
      for (let i = 0; i < perBatch; i++) {
        const position = positions[b * perBatch + i];
        util.assert(
          position >= 0 && position < info.dimSize,
          () => `GatherV2: the index value ${position} is not in [0, ${info.dimSize - 1}]`,
        );
        const from = ((b * info.outerSize + o) * info.dimSize + position) * info.sliceSize;
        result.set(values.subarray(from, from + info.sliceSize), at);
        at += info.sliceSize;
      }
    }
  }
  return out;
};

/** Registers {@link batchedGather}; gathering without batch dimensions stays native. */
export function registerGatherFix(): void {
  const native = kernelOf('GatherV2');
  replaceKernel('GatherV2', (inputs, attrs, backend) =>
    attrs['batchDims'] ? batchedGather(inputs, attrs, backend) : native({ inputs, attrs: attrs as never, backend }),
  );
}
