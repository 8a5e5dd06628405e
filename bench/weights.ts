/**
 * Weights, and other arrays, in a file that every peer can read: one line of JSON with the key and shape of each array, then float32
 * values in the order of that line, little-endian.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { modelVariables, restoreWeights, snapshotWeights } from '../src/model/variables';

/** resnet8 after 20 epochs on the 10,000 training images of examples/fashion-mnist, by bench/train-weights.ts. */
export const TRAINED = fileURLToPath(new URL('weights/resnet8.bin', import.meta.url));

/** A named array of float32 values. */
export interface NamedArray {
  readonly key: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** Writes arrays. */
export function writeArrays(path: string, arrays: readonly NamedArray[]): void {
  const header = JSON.stringify(arrays.map(({ key, shape }) => ({ key, shape })));
  const parts = arrays.map(({ values }) => Buffer.from(values.buffer, values.byteOffset, values.byteLength));
  writeFileSync(path, Buffer.concat([Buffer.from(`${header}\n`), ...parts]));
}

/** Writes the weights of a model. */
export async function writeWeights(path: string, model: LayersModel): Promise<void> {
  const variables = modelVariables(model);
  const values = await snapshotWeights(variables);
  writeArrays(
    path,
    variables.map(({ key, shape }) => ({ key, shape, values: values.get(key)! })),
  );
}

/** Reads weights into a model of the same architecture. */
export function readWeights(path: string, model: LayersModel): void {
  const bytes = readFileSync(path);
  const end = bytes.indexOf('\n');
  const entries = JSON.parse(bytes.toString('utf8', 0, end)) as Omit<NamedArray, 'values'>[];
  // A copy: float32 values must begin at a multiple of four.
  const values = new Float32Array(new Uint8Array(bytes.subarray(end + 1)).buffer);
  const snapshot = new Map<string, Float32Array>();
  let start = 0;
  for (const { key, shape } of entries) {
    const size = shape.reduce((product, length) => product * length, 1);
    snapshot.set(key, values.subarray(start, start + size));
    start += size;
  }
  restoreWeights(path, modelVariables(model), snapshot);
}
