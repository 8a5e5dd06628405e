/**
 * Pieces of work side by side, and their results in order.
 */

/** Which pieces, and how many at a time. */
export interface Pieces {
  /** Number of the first. @default 0 */
  readonly start?: number;
  /** Number after the last. */
  readonly end: number;
  /** Most pieces that are worked on at a time. */
  readonly limit: number;
  readonly signal?: AbortSignal | undefined;
}

interface Slot<R> {
  readonly promise: Promise<R>;
  readonly resolve: (value: R) => void;
  readonly reject: (reason: unknown) => void;
}

function slot<R>(): Slot<R> {
  let resolve!: Slot<R>['resolve'];
  let reject!: Slot<R>['reject'];
  const promise = new Promise<R>((keep, refuse) => {
    resolve = keep;
    reject = refuse;
  });
  // Whoever takes the results hears of the failure; those that nobody takes any more fail quietly.
  promise.catch(() => undefined);
  return { promise, resolve, reject };
}

/**
 * Works on the pieces in order, up to `limit` at a time, and yields their results in order. When one fails, or the caller's signal
 * aborts, or nobody takes any more, the signal that `work` gets is aborted, and what was begun is waited for.
 */
export async function* inOrder<R>(
  { start = 0, end, limit, signal }: Pieces,
  work: (index: number, signal: AbortSignal) => Promise<R>,
): AsyncGenerator<R> {
  const abort = new AbortController();
  const follow = (): void => abort.abort(signal?.reason);
  if (signal?.aborted === true) follow();
  signal?.addEventListener('abort', follow, { once: true });
  const results = Array.from({ length: Math.max(0, end - start) }, () => slot<R>());
  let next = start;
  const lane = async (): Promise<void> => {
    while (next < end && !abort.signal.aborted) {
      const index = next;
      next += 1;
      try {
        results[index - start].resolve(await work(index, abort.signal));
      } catch (error) {
        for (const { reject } of results) reject(error);
        abort.abort(error);
      }
    }
    for (const { reject } of abort.signal.aborted ? results : []) reject(abort.signal.reason);
  };
  const lanes = Array.from({ length: Math.min(limit, results.length) }, lane);
  try {
    for (const { promise } of results) yield await promise;
  } finally {
    signal?.removeEventListener('abort', follow);
    abort.abort();
    await Promise.all(lanes);
  }
}
