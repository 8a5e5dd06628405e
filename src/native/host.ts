/**
 * Values on the host.
 */
import type { Tensor } from '@tensorflow/tfjs-core';

/** A tensor's values, in the array that the runtime takes. */
export function read(tensor: Tensor): Float32Array | Int32Array | Uint8Array {
  return tensor.dataSync() as Float32Array;
}
