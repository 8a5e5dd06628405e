/**
 * What must hold before any work begins: a backend, gradients, finite weights, and kernels for what the run is going to do.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { INSTALL_BACKEND } from '../core/backend';
import { AmunError, isAmunError } from '../core/errors';
import { drawFrom } from '../core/engine';
import { randomStream } from '../core/random';
import { asClassifier, type Classifier, type ClassifierView } from './classifier';
import { inputGradient, weightGradients } from './gradients';
import { crossEntropy, logOdds, oneHotLabels } from './losses';
import { checkWeights } from './variables';

/** What a call is going to compute. */
export type Need = 'inference' | 'input-gradient' | 'training';

/**
 * Waits for the backend.
 *
 * @throws AmunError `no-backend` when none is registered or none starts, with how to get one.
 */
export async function readyBackend(where: string): Promise<void> {
  let cause: unknown;
  try {
    await tf.ready();
    if (tf.getBackend() !== undefined) return;
  } catch (error) {
    cause = error;
  }
  throw new AmunError('no-backend', `${where}: tfjs has no working backend; ${INSTALL_BACKEND}.`, { cause });
}

/** tfjs-core registers no gradients by itself; a type-only import of tfjs-layers is erased and registers none either. */
function checkGradients(where: string): void {
  if (tf.getGradient('BatchMatMul') !== undefined && tf.getGradient('BatchMatMul') !== null) return;
  throw new AmunError(
    'gradients-missing',
    `${where}: tfjs has no gradients registered in the copy of @tensorflow/tfjs-core that amun-ts uses; add \`import '@tensorflow/tfjs-layers'\`, and check with \`npm ls @tensorflow/tfjs-core\` that there is one copy.`,
  );
}

/**
 * Reads and checks a model for a call: its kind, the backend, its weights.
 *
 * @throws AmunError `unsupported-model`, `disposed`, `no-backend`, `gradients-missing`, `invalid-weights`.
 */
export async function prepareModel(
  where: string,
  model: LayersModel | Classifier,
  need: Need,
): Promise<ClassifierView> {
  const view = asClassifier(where, model);
  await readyBackend(where);
  if (need !== 'inference') checkGradients(where);
  await checkWeights(where, view.variables);
  return view;
}

/**
 * Runs what the call is going to do on a few inputs, so that a missing kernel is told before hours of work, and settles what an
 * unknown head puts out. Changes nothing in the model.
 *
 * @param xs - A few inputs [B, …], disposed by the caller.
 * @throws AmunError `kernel-missing`, `gradient-unsupported`, `class-count-mismatch`.
 */
export async function probeModel(where: string, view: ClassifierView, xs: Tensor, need: Need): Promise<void> {
  try {
    if (view.headKind === 'unknown') await settleHead(view, xs);
    tf.tidy(() => {
      const labels = oneHotLabels(new Int32Array(xs.shape[0]), view.classCount);
      if (need === 'inference') view.logits(xs);
      else if (need === 'input-gradient') inputGradient(view, xs, labels, logOdds);
      else {
        const mode = {
          kind: 'training',
          batchNorm: 'frozen',
          draw: drawFrom(randomStream(0, 'probe')),
        } as const;
        weightGradients(view, xs, labels, { loss: crossEntropy, mode });
      }
    });
  } catch (error) {
    throw translated(where, error);
  }
}

/** Rows that are non-negative and sum to one are probabilities; logits do so only by a coincidence of measure zero. */
async function settleHead(view: ClassifierView, xs: Tensor): Promise<void> {
  const output = view.logits(xs);
  const values = Array.from(await output.data());
  const [rows, units] = output.shape;
  output.dispose();
  let looksLikeProbabilities = true;
  for (let row = 0; row < rows; row += 1) {
    const slice = values.slice(row * units, (row + 1) * units);
    const sum = slice.reduce((total, value) => total + value, 0);
    if (Math.abs(sum - 1) > 1e-3 || slice.some((value) => value < 0)) looksLikeProbabilities = false;
  }
  view.settleHead(looksLikeProbabilities ? 'probabilities' : 'logits');
}

/** tfjs' errors about kernels and gradients as ours: which one, and what to do. */
function translated(where: string, error: unknown): unknown {
  if (isAmunError(error)) return error;
  const message = error instanceof Error ? error.message : String(error);
  const kernel = /[Kk]ernel '?(\w+)'? not registered for backend '?(\w+)'?/.exec(message);
  if (kernel !== null) {
    const remedy =
      kernel[2] === 'wasm'
        ? "call useWasm() from 'amun-ts/wasm', which registers the kernels that training needs"
        : 'use another backend for this model (see the table of backends in the documentation)';
    return new AmunError(
      'kernel-missing',
      `${where}: the backend '${kernel[2]}' lacks the kernel '${kernel[1]}' that this model needs; ${remedy}.`,
      { cause: error },
    );
  }
  if (/dilation/i.test(message) || /gradient function not found|Cannot compute gradient/i.test(message)) {
    return new AmunError(
      'gradient-unsupported',
      `${where}: tfjs can't compute this model's gradient (${message.slice(0, 200)}); replace the layer, for example a dilated convolution.`,
      { cause: error },
    );
  }
  return error;
}
