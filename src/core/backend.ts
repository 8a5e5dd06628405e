/**
 * Whether tfjs has a backend to make tensors on.
 */
import * as tf from '@tensorflow/tfjs-core';
import { AmunError } from './errors';

/** How to get a backend, for error messages. */
export const INSTALL_BACKEND = 'npm install @tensorflow/tfjs-backend-wasm, then call useWasm() of amun-ts/wasm';

/**
 * Refuses to go on without a backend that is ready now, for calls that make tensors without waiting.
 *
 * @throws AmunError `no-backend` when none is registered, or the one that is has not been waited for.
 */
export function requireBackend(where: string): void {
  try {
    // Starts a backend that needs no waiting.
    tf.backend();
  } catch (cause) {
    throw new AmunError(
      'no-backend',
      `${where}: tfjs has no backend that is ready; ${INSTALL_BACKEND}. If one is registered, wait for it: await tf.ready().`,
      { cause },
    );
  }
}
