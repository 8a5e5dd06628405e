/**
 * `amun-ts/node`: the fastest backend there is, all cores, and models, results and checkpoints on disk.
 *
 * @module
 */

export { useFastestBackend } from './fastest-backend';
export type { BackendTrial, FastestBackend } from './fastest-backend';
export type { BackendCandidate } from './backend-candidates';
export { loadModel, saveModel } from './model-files';
export { fileCheckpoint } from './file-checkpoint';
export type { CheckpointStore } from '../unlearn/checkpoint-store';
export { createWorkers, type CreateWorkersOptions } from './workers/create-workers';
export type { WorkerBackend } from './workers/protocol';
export type { WorkerMapOptions, WorkerPool, WorkerRun, WorkerTaskOptions } from './workers/pool';
export { ParallelSearch, type ParallelSearchOptions } from './workers/parallel-search';
export type { SearchModule } from './workers/describe-search';
export { useWebgpu, type UseWebgpuOptions, type WebgpuInfo } from './webgpu/use-webgpu';
