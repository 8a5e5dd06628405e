/**
 * Named arrays and JSON in one block of bytes: the format of checkpoints.
 *
 *   'AMUN' · version (u32) · header length (u32) · header (JSON, UTF-8) · arrays, each aligned to 8 bytes; little-endian
 */
import { AmunError } from '../core/errors';

/** Arrays that a checkpoint can hold. */
export type StoredArray = Float32Array | Int32Array | Uint8Array;

/** What a block of bytes holds. */
export interface Stored {
  readonly json: unknown;
  readonly arrays: ReadonlyMap<string, StoredArray>;
}

const MAGIC = 0x4e554d41;
const VERSION = 1;
const PREFIX_BYTES = 12;
const TYPES = { f32: Float32Array, i32: Int32Array, u8: Uint8Array } as const;
type TypeName = keyof typeof TYPES;

interface Entry {
  readonly name: string;
  readonly type: TypeName;
  readonly length: number;
}

const aligned = (bytes: number): number => Math.ceil(bytes / 8) * 8;

function typeOf(array: StoredArray): TypeName {
  if (array instanceof Float32Array) return 'f32';
  return array instanceof Int32Array ? 'i32' : 'u8';
}

/** Writes JSON and arrays into one block. */
export function encode(stored: Stored): Uint8Array {
  const entries = [...stored.arrays].map(([name, array]): Entry => ({
    name,
    type: typeOf(array),
    length: array.length,
  }));
  const checksum = fingerprintOf(stored.arrays.values());
  const header = new TextEncoder().encode(JSON.stringify({ json: stored.json, entries, checksum }));
  const total = [...stored.arrays.values()].reduce((sum, array) => sum + aligned(array.byteLength), 0);
  const bytes = new Uint8Array(aligned(PREFIX_BYTES + header.length) + total);
  const view = new DataView(bytes.buffer);
  [MAGIC, VERSION, header.length].forEach((value, i) => {
    view.setUint32(4 * i, value, true);
  });
  bytes.set(header, PREFIX_BYTES);
  let offset = aligned(PREFIX_BYTES + header.length);
  for (const array of stored.arrays.values()) {
    bytes.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), offset);
    offset += aligned(array.byteLength);
  }
  return bytes;
}

/**
 * Reads a block back.
 *
 * @throws AmunError `checkpoint-mismatch` when the bytes are something else, another version, or cut short.
 */
export function decode(where: string, bytes: Uint8Array): Stored {
  const refuse = (reason: string, cause?: unknown): never => {
    throw new AmunError('checkpoint-mismatch', `${where}: the stored bytes are not a usable checkpoint: ${reason}.`, {
      cause,
    });
  };
  if (bytes.length < PREFIX_BYTES) refuse(`${bytes.length} bytes are too few`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== MAGIC) refuse('they do not begin with AMUN');
  const version = view.getUint32(4, true);
  if (version !== VERSION) refuse(`version ${version}, expected ${VERSION}`);
  const headerLength = view.getUint32(8, true);
  try {
    const text = new TextDecoder().decode(bytes.subarray(PREFIX_BYTES, PREFIX_BYTES + headerLength));
    const header = JSON.parse(text) as { json: unknown; entries: Entry[]; checksum: string };
    const arrays = readArrays(bytes, aligned(PREFIX_BYTES + headerLength), header.entries);
    if (fingerprintOf(arrays.values()) !== header.checksum) throw new RangeError('the checksum differs');
    return { json: header.json, arrays };
  } catch (cause) {
    return refuse('they are damaged or cut short', cause);
  }
}

function readArrays(bytes: Uint8Array, start: number, entries: readonly Entry[]): Map<string, StoredArray> {
  const arrays = new Map<string, StoredArray>();
  let offset = start;
  for (const { name, type, length } of entries) {
    const array = new TYPES[type](length);
    const part = bytes.subarray(offset, offset + array.byteLength);
    if (part.length !== array.byteLength) throw new RangeError(`${name} is cut short`);
    new Uint8Array(array.buffer).set(part);
    arrays.set(name, array);
    offset += aligned(array.byteLength);
  }
  return arrays;
}

/** A short hash (FNV-1a, 32 bits) over arrays, to tell runs apart and to notice damage. */
export function fingerprintOf(arrays: Iterable<ArrayBufferView>): string {
  let value = 0x811c9dc5;
  for (const array of arrays) {
    const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
    for (const byte of bytes) value = Math.imul(value ^ byte, 0x01000193);
  }
  return (value >>> 0).toString(16).padStart(8, '0');
}
