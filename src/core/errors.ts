/**
 * The one error class of the library. A code is part of the contract: branch on it, not on the message.
 */

/** Every reason for which amun-ts refuses or ends a call. A closed union: new codes come only with a minor version. */
export type AmunErrorCode =
  | 'invalid-option'
  | 'invalid-inputs'
  | 'invalid-labels'
  | 'out-of-bounds'
  | 'size-mismatch'
  | 'empty-set'
  | 'split-overlap'
  | 'unsupported-model'
  | 'class-count-mismatch'
  | 'ambiguous-outputs'
  | 'invalid-weights'
  | 'disposed'
  | 'unregistered-layer'
  | 'missing-retain'
  | 'missing-test'
  | 'missing-reference'
  | 'no-backend'
  | 'gradients-missing'
  | 'kernel-missing'
  | 'gradient-unsupported'
  | 'model-busy'
  | 'checkpoint-mismatch'
  | 'callback-failed'
  | 'not-found'
  | 'not-transferable'
  | 'worker-failed';

const BRAND = Symbol.for('amun-ts.error');

/**
 * An error with a typed {@link AmunErrorCode | code}. Its message says where, what was expected, what came, and what to do.
 *
 * Use {@link isAmunError} instead of `instanceof`: an application may load the ESM and the CJS build side by side.
 */
export class AmunError extends Error {
  /** Why the call was refused or ended. */
  readonly code: AmunErrorCode;

  /** @internal */
  readonly [BRAND] = true;

  constructor(code: AmunErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'AmunError';
    this.code = code;
  }
}

/** True for every {@link AmunError}, whichever copy of the library threw it. */
export function isAmunError(error: unknown): error is AmunError {
  return typeof error === 'object' && error !== null && (error as Record<symbol, unknown>)[BRAND] === true;
}
