/**
 * Models on disk in the tfjs layers format - `model.json` and binary weights - which `tf.loadLayersModel('file://…')` of tfjs-node,
 * browsers and the tfjs converter read and write; without tfjs-node.
 */

import { createHash } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { loadLayersModel } from '@tensorflow/tfjs-layers';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { io } from '@tensorflow/tfjs-core';
import { AmunError } from '../core/errors';
import { show } from '../core/options';
import { writeAtomically } from './atomic-write';
import { readArtifacts } from './read-artifacts';

const MODEL_FILE = 'model.json';

/** Weights files are named by their content, so that an old and a new one never share a name. */
const WEIGHTS_FILE = /^weights\.[0-9a-f]{16}\.bin$/u;

function checkFolder(where: string, folder: unknown): asserts folder is string {
  if (typeof folder !== 'string' || folder === '') {
    throw new AmunError('invalid-option', `${where}: expected the path of a folder, got ${show(folder)}.`);
  }
}

function checkModel(model: LayersModel): void {
  const candidate = model as Partial<LayersModel> | null | undefined;
  if (typeof candidate?.save !== 'function' || !Array.isArray(candidate.layers)) {
    throw new AmunError(
      'unsupported-model',
      `saveModel: expected a tfjs LayersModel, got ${show(model)}. Graph models cannot be saved; keep the files they came from.`,
    );
  }
  try {
    // Reading a disposed variable throws; nothing is copied.
    for (const weight of model.weights) weight.read();
  } catch (cause) {
    throw new AmunError('disposed', 'saveModel: the model is disposed; save it before model.dispose().', { cause });
  }
}

/** The weights as one buffer. */
function weightBytes(data: io.WeightData | undefined): Uint8Array {
  return new Uint8Array(io.CompositeArrayBuffer.join(data));
}

/**
 * Saves a model's topology and weights to `folder` as `model.json` and one weights file. The optimizer is not saved. Replacing a saved
 * model is all or nothing: `model.json` is replaced last, and names a weights file of its own.
 *
 * @param model - a model whose layers can be serialised
 * @param folder - made where there is none
 * @throws AmunError `unsupported-model` if it is not a LayersModel; `disposed` if its weights are gone; `invalid-option` if `folder` is not a
 *   path. Errors of the file system pass through.
 */
export async function saveModel(model: LayersModel, folder: string): Promise<void> {
  checkFolder('saveModel: folder', folder);
  checkModel(model);
  await model.save(
    io.withSaveHandler(async (artifacts) => {
      await writeArtifacts(artifacts, folder);
      return { modelArtifactsInfo: io.getModelArtifactsInfoForJSON(artifacts) };
    }),
  );
}

/** The weights files of the model that is saved there now, if saveModel made them. */
async function savedWeights(folder: string): Promise<string[]> {
  try {
    const json = JSON.parse(await readFile(join(folder, MODEL_FILE), 'utf8')) as Partial<io.ModelJSON>;
    const names = (json.weightsManifest ?? []).flatMap((group) => group.paths);
    return names.filter((name) => WEIGHTS_FILE.test(name));
  } catch {
    // Nothing that can be read is there: nothing of ours to remove.
    return [];
  }
}

async function writeArtifacts(artifacts: io.ModelArtifacts, folder: string): Promise<void> {
  const bytes = weightBytes(artifacts.weightData);
  const weightsFile = `weights.${createHash('sha256').update(bytes).digest('hex').slice(0, 16)}.bin`;
  const { modelTopology, weightSpecs = [], format, generatedBy, convertedBy, userDefinedMetadata } = artifacts;
  const json: io.ModelJSON = {
    modelTopology: modelTopology as object,
    format,
    generatedBy,
    convertedBy,
    ...(userDefinedMetadata === undefined ? {} : { userDefinedMetadata }),
    weightsManifest: [{ paths: [weightsFile], weights: weightSpecs }],
  };
  const stale = await savedWeights(folder);
  await writeAtomically(join(folder, weightsFile), [bytes]);
  await writeAtomically(join(folder, MODEL_FILE), [new TextEncoder().encode(JSON.stringify(json))]);
  for (const name of stale) if (name !== weightsFile) await rm(join(folder, name), { force: true });
}

/**
 * Loads a model in the tfjs layers format, with its weights in one file or in several shards. The caller disposes it.
 *
 * @param folder - the folder that holds `model.json`
 * @throws AmunError `not-found` if `model.json` or a weights file is missing; `unregistered-layer`, naming the class, if a custom layer is not
 *   registered; `invalid-weights` if the weights have another size than `model.json` says; `unsupported-model` for graph models and
 *   files that are no models; `invalid-option` if `folder` is not a path.
 */
export async function loadModel(folder: string): Promise<LayersModel> {
  checkFolder('loadModel: folder', folder);
  const artifacts = await readArtifacts(join(folder, MODEL_FILE));
  try {
    return await loadLayersModel({ load: async () => artifacts });
  } catch (error) {
    throw new AmunError('unsupported-model', `loadModel: tfjs cannot build the model in ${folder}: ${String(error)}`, {
      cause: error,
    });
  }
}
