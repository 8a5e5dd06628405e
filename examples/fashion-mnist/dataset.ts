/**
 * Fashion-MNIST (Xiao, Rasul & Vollgraf, 2017; MIT licence) in its own idx format, gzipped: the part embedded here, or a
 * folder with the full files.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

/** Names of the ten classes, by label. */
export const CLASS_NAMES = [
  'T-shirt/top',
  'Trouser',
  'Pullover',
  'Dress',
  'Coat',
  'Sandal',
  'Shirt',
  'Sneaker',
  'Bag',
  'Ankle boot',
];

/** Where the embedded 10,000 training and 2,000 test images are. */
export const EMBEDDED = fileURLToPath(new URL('data/', import.meta.url));

/** Images and labels on the host. */
export interface ImageSet {
  /** Grey levels 0 … 255, [N, 28, 28, 1] row-major. */
  readonly pixels: Uint8Array;
  readonly labels: Int32Array;
  readonly size: number;
}

/** Training and test images with a hash of both. */
export interface FashionMnist {
  readonly train: ImageSet;
  readonly test: ImageSet;
  /** SHA-256 over the pixels and labels in use. */
  readonly hash: string;
}

const PIXELS = 28 * 28;

function readIdx(folder: string, name: string, magic: number): Uint8Array {
  const path = [join(folder, `${name}.gz`), join(folder, name)].find((candidate) => existsSync(candidate));
  if (path === undefined)
    throw new Error(`There is no ${name}.gz in ${folder}; pass --data with the folder of the four idx files.`);
  const raw = readFileSync(path);
  const bytes = path.endsWith('.gz') ? gunzipSync(raw) : raw;
  const found = bytes.readUInt32BE(0);
  if (found !== magic)
    throw new Error(`${path} is not an idx file of the expected kind (magic number ${found}, expected ${magic}).`);
  return bytes;
}

function readSet(folder: string, part: 'train' | 't10k', limit: number): ImageSet {
  const labels = readIdx(folder, `${part}-labels-idx1-ubyte`, 2049).subarray(8);
  const pixels = readIdx(folder, `${part}-images-idx3-ubyte`, 2051).subarray(16);
  const size = Math.min(limit, labels.length);
  return { size, labels: Int32Array.from(labels.subarray(0, size)), pixels: pixels.slice(0, size * PIXELS) };
}

/** Reads the first `train` and `test` images of a folder. */
export function loadFashionMnist(folder: string, train: number, test: number): FashionMnist {
  const sets = { train: readSet(folder, 'train', train), test: readSet(folder, 't10k', test) };
  const hash = createHash('sha256');
  for (const set of [sets.train, sets.test]) hash.update(set.pixels).update(Uint8Array.from(set.labels));
  return { ...sets, hash: hash.digest('hex') };
}
