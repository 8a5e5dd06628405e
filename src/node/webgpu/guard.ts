/**
 * Errors of the GPU as errors of the call. WebGPU reports what it refuses - a shader that does not compile, a buffer that is too large -
 * beside the call that caused it, which goes on with values that mean nothing.
 */
import type { KernelBackend } from '@tensorflow/tfjs-core';
import { AmunError } from '../../core/errors';
import type { Device } from './adapter';

/** On the backend itself, where every copy of the library finds it. */
const FORGET = Symbol.for('amun-ts.webgpu.forget');

/** Lets reads succeed again after a refusal, which voided all work that was submitted with it. */
export function forgetRefusals(backend: KernelBackend): void {
  (backend as { [FORGET]?: () => void })[FORGET]?.();
}

/** Makes reads of the backend reject once its device has refused something, or is lost. */
export function guarded(backend: KernelBackend, device: Device): KernelBackend {
  let refused: string | undefined;
  let lost: string | undefined;
  device.addEventListener('uncapturederror', (event) => {
    // Else Dawn prints it, and what follows from it.
    event.preventDefault();
    refused ??= event.error.message.trim().split('\n')[0];
  });
  void device.lost.then(({ reason, message }) => {
    if (reason !== 'destroyed') lost = message;
  });
  const read = backend.read.bind(backend);
  backend.read = async (dataId) => {
    const values = await read(dataId);
    if (lost !== undefined) {
      throw new AmunError('no-backend', `webgpu: the GPU was lost (${lost}); start the process anew.`);
    }
    if (refused === undefined) return values;
    throw new AmunError(
      'kernel-missing',
      `webgpu: the GPU refused a computation, so that its results, and others of that moment, mean nothing: ${refused}. Use another backend for this model, ` +
        'or smaller batches if memory ran out, after useWebgpu() once more.',
    );
  };
  Object.assign(backend, {
    [FORGET]: () => {
      refused = undefined;
    },
  });
  const readSync = backend.readSync.bind(backend);
  // It warns on the console that synchronous reads are slow; here they do not work at all.
  (backend as { hasReadSyncWarned?: boolean }).hasReadSyncWarned = true;
  backend.readSync = (dataId) => {
    try {
      return readSync(dataId);
    } catch (cause) {
      if (!(cause instanceof ReferenceError)) throw cause;
      throw new AmunError(
        'kernel-missing',
        'webgpu: in Node, a GPU can not be read synchronously; await tensor.data() instead of tensor.dataSync(), or use another backend.',
        { cause },
      );
    }
  };
  return backend;
}
