/**
 * Reference sets as bytes, to keep them between runs. Layout, little-endian:
 *
 *   8 bytes `AMUNREFS` | uint32 length of the header | header, JSON in UTF-8 | labels int32 [N] | logits float32 [R·N·K] |
 *   inclusion uint8 [R·N]
 */
import { AmunError } from '../core/errors';
import { checkReferenceSet, poolSize, type PoolSizes, type ReferenceSet } from './reference-set';

const MAGIC = 'AMUNREFS';
const VERSION = 1;
const HEADER_AT = MAGIC.length + 4;

interface Header {
  readonly version: number;
  readonly count: number;
  readonly classCount: number;
  readonly sizes: PoolSizes;
  readonly training: Readonly<Record<string, unknown>>;
}

const bytesOf = (values: Int32Array | Float32Array | Uint8Array): Uint8Array =>
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

/**
 * A reference set as bytes; `deserializeReferences` reads them.
 *
 * @throws AmunError `missing-reference`, `size-mismatch` for what is no reference set.
 */
export function serializeReferences(references: ReferenceSet): Uint8Array {
  const { count, classCount, sizes, training, labels, logits, inclusion } = checkReferenceSet(
    'serializeReferences',
    references,
  );
  const header: Header = { version: VERSION, count, classCount, sizes, training };
  const text = new TextEncoder().encode(JSON.stringify(header));
  const parts = [labels, logits, inclusion].map(bytesOf);
  const bytes = new Uint8Array(HEADER_AT + text.length + parts.reduce((sum, part) => sum + part.length, 0));
  bytes.set(new TextEncoder().encode(MAGIC), 0);
  new DataView(bytes.buffer).setUint32(MAGIC.length, text.length, true);
  bytes.set(text, HEADER_AT);
  let offset = HEADER_AT + text.length;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}

/**
 * Reads what `serializeReferences` wrote.
 *
 * @throws AmunError `checkpoint-mismatch` for bytes of another kind or version, and for incomplete ones.
 */
export function deserializeReferences(bytes: Uint8Array): ReferenceSet {
  const { header, start } = readHeader(bytes);
  const { count, classCount, sizes, training } = header;
  const size = poolSize(sizes);
  const lengths = { labels: size * 4, logits: count * size * classCount * 4, inclusion: count * size };
  const expected = start + lengths.labels + lengths.logits + lengths.inclusion;
  if (bytes.length !== expected) refuse(`expected ${expected} bytes, got ${bytes.length}; the file is incomplete`);
  // A copy, since arrays of 4-byte numbers must start at a multiple of 4. Not by slice(): a Node Buffer's shares its memory.
  const take = (from: number, length: number): ArrayBuffer =>
    new Uint8Array(bytes.subarray(from, from + length)).buffer;
  const logitsAt = start + lengths.labels;
  return {
    count,
    classCount,
    sizes,
    labels: new Int32Array(take(start, lengths.labels)),
    logits: new Float32Array(take(logitsAt, lengths.logits)),
    inclusion: new Uint8Array(take(logitsAt + lengths.logits, lengths.inclusion)),
    training,
  };
}

function refuse(reason: string, cause?: unknown): never {
  throw new AmunError('checkpoint-mismatch', `deserializeReferences: ${reason}.`, { cause });
}

function readHeader(bytes: Uint8Array): { header: Header; start: number } {
  const isBytes = ArrayBuffer.isView(bytes) && bytes.length > HEADER_AT;
  if (!isBytes || new TextDecoder().decode(bytes.subarray(0, MAGIC.length)) !== MAGIC) {
    refuse('expected bytes that serializeReferences() wrote, got something else');
  }
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(MAGIC.length, true);
  const start = HEADER_AT + length;
  let header: Header;
  try {
    header = JSON.parse(new TextDecoder().decode(bytes.subarray(HEADER_AT, start))) as Header;
  } catch (cause) {
    refuse('the header is damaged', cause);
  }
  if (header.version !== VERSION)
    refuse(`expected version ${VERSION}, got ${header.version}; train the references anew`);
  return { header, start };
}
