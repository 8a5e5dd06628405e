/**
 * Errors between threads. A structured clone of an error loses its fields, and with them the code that callers branch on.
 */
import { AmunError, type AmunErrorCode, isAmunError } from '../../core/errors';

/** An error as plain data. */
export interface WireError {
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
  /** Of an AmunError, or of a Node error. */
  readonly code?: string;
  readonly isAmun: boolean;
  readonly cause?: WireError;
}

/** How many causes deep an error is told. */
const DEPTH = 4;

/** An error, or whatever else was thrown, as plain data. */
export function packError(error: unknown, depth = DEPTH): WireError {
  if (!(error instanceof Error) && !isAmunError(error)) {
    return { name: 'Error', message: String(error), isAmun: false };
  }
  const { name, message, stack, cause } = error;
  const { code } = error as { code?: unknown };
  return {
    name,
    message,
    isAmun: isAmunError(error),
    ...(stack === undefined ? {} : { stack }),
    ...(typeof code === 'string' ? { code } : {}),
    ...(cause === undefined || depth === 0 ? {} : { cause: packError(cause, depth - 1) }),
  };
}

/** The error again, with its code, and with the stack of the thread that it comes from. */
export function unpackError({ name, message, stack, code, isAmun, cause }: WireError): Error {
  const options = cause === undefined ? {} : { cause: unpackError(cause) };
  const error = isAmun ? new AmunError(code as AmunErrorCode, message, options) : new Error(message, options);
  if (!isAmun) {
    error.name = name;
    if (code !== undefined) (error as NodeJS.ErrnoException).code = code;
  }
  if (stack !== undefined) error.stack = stack;
  return error;
}
