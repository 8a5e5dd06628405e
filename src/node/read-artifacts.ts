/**
 * Reads and checks the files of a saved model before tfjs sees them, so that what is wrong with them is said in their terms.
 */

import { readFile } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative } from 'node:path';
import { io, serialization, util } from '@tensorflow/tfjs-core';
import { AmunError } from '../core/errors';

async function read(path: string, what: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'ENOTDIR') throw cause;
    throw new AmunError('not-found', `loadModel: expected ${what} at ${path}, where there is no file.`, { cause });
  }
}

function unsupported(path: string, problem: string, cause?: unknown): AmunError {
  return new AmunError(
    'unsupported-model',
    `loadModel: expected a model in the tfjs layers format at ${path}, but ${problem}. ` +
      'Save it by saveModel() or model.save(), or convert it with tensorflowjs_converter --output_format=tfjs_layers_model.',
    { cause },
  );
}

function parse(path: string, bytes: Uint8Array): io.ModelJSON {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw unsupported(path, 'it is not JSON', cause);
  }
  const model = json as Partial<io.ModelJSON> | null;
  if (model?.format === 'graph-model') throw unsupported(path, 'it is a graph model, which cannot be trained');
  if (typeof model?.modelTopology !== 'object') throw unsupported(path, 'it has no modelTopology');
  if (!Array.isArray(model.weightsManifest)) throw unsupported(path, 'it has no weightsManifest');
  return model as io.ModelJSON;
}

/** The path of a weights file, which must not lead out of the model's folder. */
function shardPath(modelPath: string, name: string): string {
  const folder = dirname(modelPath);
  const path = join(folder, name);
  const inside = relative(folder, path);
  if (inside.startsWith('..') || isAbsolute(inside) || isAbsolute(name)) {
    throw unsupported(modelPath, `it names a weights file outside of its folder, ${name}`);
  }
  return path;
}

const BYTES: Readonly<Record<string, number>> = { float32: 4, int32: 4, bool: 1, uint8: 1, uint16: 2, float16: 2 };

/** Stored bytes of one weight; undefined for types of no fixed size. */
function storedBytes(spec: io.WeightsManifestEntry): number | undefined {
  const bytes = BYTES[spec.quantization?.dtype ?? spec.dtype];
  return bytes === undefined ? undefined : bytes * util.sizeFromShape(spec.shape);
}

function checkSize(path: string, specs: readonly io.WeightsManifestEntry[], actual: number): void {
  const sizes = specs.map(storedBytes);
  if (sizes.includes(undefined)) return;
  const expected = sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0);
  if (expected === actual) return;
  throw new AmunError(
    'invalid-weights',
    `loadModel: ${path} lists weights of ${expected} bytes, but its weights files hold ${actual}. ` +
      'They were truncated or mixed up; copy the model again.',
  );
}

/** Every class that a topology asks tfjs to make: layers, and their initializers, regularizers and constraints. */
function classNames(config: unknown): string[] {
  if (typeof config !== 'object' || config === null) return [];
  const { class_name: name } = config as { class_name?: unknown };
  const own = typeof name === 'string' && 'config' in config ? [name] : [];
  return [...own, ...Object.values(config).flatMap(classNames)];
}

/** The first class of a topology that tfjs does not know. Building half a model and then failing would leak its weights. */
export function unknownClass(topology: unknown): string | undefined {
  const known = serialization.SerializationMap.getMap().classNameMap;
  return classNames(topology).find((name) => !(name in known));
}

function checkClasses(path: string, topology: unknown): void {
  const unknown = unknownClass(topology);
  if (unknown === undefined) return;
  throw new AmunError(
    'unregistered-layer',
    `loadModel: the model at ${path} uses the class '${unknown}', which tfjs does not know. ` +
      `Call tf.serialization.registerClass(${unknown}) before loading.`,
  );
}

/** The artifacts of the model at `path`, a `model.json` with its weights beside it. */
export async function readArtifacts(path: string): Promise<io.ModelArtifacts> {
  const json = parse(path, await read(path, 'a model.json'));
  checkClasses(path, json.modelTopology);
  const shards = json.weightsManifest.flatMap((group) => group.paths);
  const files = await Promise.all(
    shards.map((name) => read(shardPath(path, name), 'the weights file that model.json names')),
  );
  const specs = json.weightsManifest.flatMap((group) => group.weights);
  checkSize(
    path,
    specs,
    files.reduce((sum, file) => sum + file.byteLength, 0),
  );
  // Buffers of small files share one pool: copy out what is ours.
  const buffers = files.map((file) => new Uint8Array(file).buffer);
  return io.getModelArtifactsForJSON(json, async () => [specs, io.CompositeArrayBuffer.join(buffers)]);
}
