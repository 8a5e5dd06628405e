/**
 * What may go from one thread to another: whatever the structured clone algorithm takes, and no tensors, which it takes too and makes
 * useless.
 */
import { AmunError } from '../../core/errors';

/** How deep objects and arrays are looked into for tensors. */
const DEPTH = 4;

/**
 * Refuses tensors and models.
 *
 * @throws AmunError `not-transferable`.
 */
export function checkSendable(where: string, value: unknown): void {
  const path = pathToTensor(value, DEPTH);
  if (path === undefined) return;
  throw new AmunError(
    'not-transferable',
    `${where}${path} is a tensor or a model, which can't go to another thread. Send numbers (await tensor.data(), with its shape), ` +
      'and models by saveModel() and loadModel().',
  );
}

/**
 * An error that says that something can't be cloned, as ours.
 */
export function uncloneable(where: string, cause: unknown): AmunError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new AmunError(
    'not-transferable',
    `${where} can't go to another thread: ${reason} Send plain data; functions belong into the worker's module.`,
    { cause },
  );
}

/** True for the error that the structured clone algorithm throws. */
export function isCloneError(error: unknown): boolean {
  return error instanceof Error && error.name === 'DataCloneError';
}

function pathToTensor(value: unknown, depth: number): string | undefined {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return undefined;
  if ('dataId' in value && 'dtype' in value) return '';
  if ('layers' in value && 'predict' in value) return '';
  if (depth === 0) return undefined;
  for (const [key, inner] of Object.entries(value)) {
    const path = pathToTensor(inner, depth - 1);
    if (path !== undefined) return `.${key}${path}`;
  }
  return undefined;
}
