/**
 * Which backend a pool's workers run on: tried in one of them, since what works there need not work in the main thread.
 */
import { AmunError } from '../../core/errors';
import { prepareEngine } from './engine-setup';
import type { ChooseTask, WorkerBackend } from './protocol';

/**
 * The first of the backends that starts.
 *
 * @throws AmunError `no-backend` when none does, with the reasons; what importing the caller's modules throws.
 */
export async function chooseBackend({ backends, setup }: ChooseTask): Promise<WorkerBackend> {
  const reasons: string[] = [];
  for (const backend of backends) {
    try {
      await prepareEngine({ backend, setup: [] });
    } catch (error) {
      reasons.push(error instanceof Error ? error.message : String(error));
      continue;
    }
    await prepareEngine({ backend, setup });
    return backend;
  }
  throw new AmunError('no-backend', `createWorkers: no backend works in a worker. ${reasons.join(' ')}`);
}
