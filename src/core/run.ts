/**
 * Run control: what every long call shares - abort, progress, and giving the event loop its turn.
 */
import { AmunError } from './errors';
import { checkInteger, checkKeys, checkOptionalFunction, show } from './options';

/** What a long call reports while it works. */
export interface Progress {
  /** What is being done, such as `search`, `train`, `evaluate`, `references`. */
  readonly phase: string;
  /** How many units are done, out of `total`. */
  readonly done: number;
  /** How many units there are. */
  readonly total: number;
  /** What is counted. */
  readonly unit: 'examples' | 'batches' | 'models';
  /** Milliseconds since the phase began. */
  readonly elapsedMs: number;
  /** Milliseconds that the rest will take at the rate so far; absent before the first unit is done. */
  readonly remainingMs?: number;
  /** Epoch from 1, where there are epochs. */
  readonly epoch?: number;
  /** Mean loss of the epoch so far, where something is trained. */
  readonly loss?: number;
}

/** Options of every long call. */
export interface RunOptions {
  /** Seed of every random draw of the call. @default 0 */
  readonly seed?: number;
  /** Aborts the call. */
  readonly signal?: AbortSignal;
  /** Told of progress; an error that it throws ends the call. */
  readonly onProgress?: (progress: Progress) => void;
}

/** Names of the {@link RunOptions}. */
export const RUN_KEYS = ['seed', 'signal', 'onProgress'] as const;

/** Checks run options; a signal that is already aborted rejects with its reason. */
export function checkRun(where: string, run: RunOptions | undefined, extraKeys: readonly string[] = []): void {
  checkKeys(where, run, [...RUN_KEYS, ...extraKeys]);
  if (run?.seed !== undefined) checkInteger(`${where}: seed`, run.seed, { min: 0 });
  checkOptionalFunction(`${where}: onProgress`, run?.onProgress);
  const signal = run?.signal as unknown;
  if (signal !== undefined && typeof (signal as AbortSignal | null)?.aborted !== 'boolean') {
    throw new AmunError('invalid-option', `${where}: signal: expected an AbortSignal, got ${show(signal)}.`);
  }
  run?.signal?.throwIfAborted();
}

/** How long a call may hold the event loop, in ms: under a frame at 60 Hz. */
const TURN_MS = 12;

/** Resolves in a later macrotask, so that timers, input and aborts get their turn. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof setImmediate === 'function') setImmediate(resolve);
    else if (typeof MessageChannel === 'function') {
      // setTimeout is clamped to 4 ms in browsers, and throttled to 1 s in background tabs.
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => {
        port1.close();
        resolve();
      };
      port2.postMessage(null);
    } else setTimeout(resolve, 0);
  });
}

/** One phase of a long call: counts units, reports them, yields, and notices aborts. */
export class RunControl {
  private readonly startedAt = performance.now();
  private turnEndsAt = performance.now() + TURN_MS;
  private done: number;
  constructor(
    private readonly run: RunOptions | undefined,
    private readonly phase: string,
    private readonly unit: Progress['unit'],
    private readonly total: number,
    done = 0,
  ) {
    this.done = done;
    this.alreadyDone = done;
  }

  private readonly alreadyDone: number;

  /** True once the caller's signal is aborted. */
  get aborted(): boolean {
    return this.run?.signal?.aborted === true;
  }

  /** Lets the event loop run when this call has held it long enough. */
  async yield(): Promise<void> {
    if (performance.now() < this.turnEndsAt) return;
    await nextTurn();
    this.turnEndsAt = performance.now() + TURN_MS;
  }

  /** Yields, then rejects with the signal's reason if the call was aborted. */
  async checkpoint(): Promise<void> {
    await this.yield();
    this.run?.signal?.throwIfAborted();
  }

  /** Counts units as done and reports. */
  advance(units: number, details: { epoch?: number; loss?: number } = {}): void {
    this.done += units;
    const report = this.run?.onProgress;
    if (report === undefined) return;
    const elapsedMs = performance.now() - this.startedAt;
    const fresh = this.done - this.alreadyDone;
    const remaining = fresh > 0 ? { remainingMs: (elapsedMs / fresh) * Math.max(0, this.total - this.done) } : {};
    callBack('onProgress', () => {
      report({
        phase: this.phase,
        done: this.done,
        total: this.total,
        unit: this.unit,
        elapsedMs,
        ...remaining,
        ...details,
      });
    });
  }

  /** A listener that adds the progress of one part of the work, counted anew when it is redone, to the whole's. */
  part(): (progress: Progress) => void {
    let counted = 0;
    return ({ phase, done, epoch, loss }) => {
      // What comes before the work itself, such as a calibration, counts other units.
      if (phase !== this.phase || done <= counted) return;
      const units = done - counted;
      counted = done;
      this.advance(units, { ...(epoch === undefined ? {} : { epoch }), ...(loss === undefined ? {} : { loss }) });
    };
  }
}

/** Runs a caller's callback; what it throws ends the call as `callback-failed`, with the error as its cause. */
export function callBack<T>(name: string, call: () => T): T {
  try {
    return call();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new AmunError('callback-failed', `${name} threw, which ends the run: ${reason}`, { cause });
  }
}
