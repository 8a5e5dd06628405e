/**
 * One model, one writer. tfjs has no notion of a model in use: two interleaved runs on the same variables would corrupt
 * each other silently at every `await`.
 */
import { AmunError } from './errors';
import { sharedState } from './shared-state';

/** How a call uses a model: `read` tolerates other readers, `write` tolerates nobody. */
export type LockMode = 'read' | 'write';

/**
 * Claims `model` for a call and returns the function that gives it back.
 *
 * @throws AmunError `model-busy` when another call holds it.
 */
export function claimModel(model: object, mode: LockMode, where: string): () => void {
  const { locks } = sharedState();
  const lock = locks.get(model) ?? { readers: 0, writer: false };
  if (lock.writer || (mode === 'write' && lock.readers > 0)) {
    throw new AmunError(
      'model-busy',
      `${where}: another amun-ts call is still using this model; await it before starting the next one, or work on a clone.`,
    );
  }
  locks.set(model, lock);
  if (mode === 'write') lock.writer = true;
  else lock.readers += 1;
  let held = true;
  return () => {
    if (!held) return;
    held = false;
    if (mode === 'write') lock.writer = false;
    else lock.readers -= 1;
  };
}
