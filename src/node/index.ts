/**
 * `amun-ts/node`: the fastest backend there is, and models, results and checkpoints on disk.
 *
 * @module
 */

export { useFastestBackend } from './fastest-backend';
export type { BackendCandidate, BackendTrial, FastestBackend } from './fastest-backend';
export { loadModel, saveModel } from './model-files';
export { fileCheckpoint } from './file-checkpoint';
export type { CheckpointStore } from '../unlearn/checkpoint-store';
