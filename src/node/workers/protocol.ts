/**
 * What the main thread and its workers say to each other. One channel per task: when a worker dies, its tasks' channels die with it.
 */
import type { Progress } from '../../core/run';
import type { ModelParcel } from './model-parcel';
import type { SearchDescription } from './describe-search';
import type { WireError } from './wire-error';

/** tfjs backends that workers may run on: those of the processor. */
export type WorkerBackend = 'native' | 'wasm' | 'cpu';

/** What a worker sets up before its first task, once. */
export interface EngineSetup {
  readonly backend: WorkerBackend;
  /** URLs of modules to import, such as those that register custom layers. */
  readonly setup: readonly string[];
}

/** Inputs and labels of a few examples, on the host. */
export interface HostExamples {
  readonly xs: Float32Array | Int32Array | Uint8Array;
  /** [N, …input] */
  readonly shape: readonly number[];
  readonly dtype: string;
  /** Class ids [N]. */
  readonly labels: Int32Array;
}

/** Finds a backend that works, of those named, the fastest first. */
export interface ChooseTask {
  readonly kind: 'choose';
  readonly backends: readonly WorkerBackend[];
  readonly setup: readonly string[];
}

/** Calls a function of the user's. */
export interface ModuleTask {
  readonly kind: 'module';
  readonly engine: EngineSetup;
  readonly module: string;
  readonly exportName: string;
  readonly input: unknown;
}

/** Searches neighbours of a chunk of examples. */
export interface SearchTask {
  readonly kind: 'search';
  readonly engine: EngineSetup;
  readonly model: ModelParcel;
  readonly search: SearchDescription;
  readonly examples: HostExamples;
  readonly batchSize: number;
  readonly seed: number;
}

/** What a search task resolves to. */
export interface FoundNeighbours {
  readonly xs: Float32Array;
  readonly ys: Int32Array;
  readonly epsilons: Float32Array;
  readonly distances: Float32Array;
  readonly found: Uint8Array;
  readonly gradientSteps: number;
}

/** Predicts one batch; resolves to its logits. */
export interface PredictTask {
  readonly kind: 'predict';
  readonly engine: EngineSetup;
  readonly model: ModelParcel;
  readonly examples: HostExamples;
}

/** Trains a model on examples that it asks for, and predicts all of them; resolves to predictions. */
export interface TrainTask {
  readonly kind: 'train';
  readonly engine: EngineSetup;
  readonly where: string;
  readonly model: ModelParcel;
  readonly size: number;
  readonly inputShape: readonly number[];
  /** Examples to train on. */
  readonly rows: Int32Array;
  readonly fit: {
    readonly epochs: number;
    readonly batchSize: number;
    /** Learning rate of each epoch. */
    readonly learningRates: readonly number[];
    readonly momentum: number;
    readonly weightDecay: number;
    readonly seed: number;
  };
}

/** Everything that a worker can be asked to do. */
export type Task = ChooseTask | ModuleTask | SearchTask | PredictTask | TrainTask;

/** From a worker. `done` and `failed` end the task; after `broken` the worker ends, and its task is redone. */
export type WorkerMessage =
  | { readonly type: 'progress'; readonly progress: Progress }
  | { readonly type: 'request'; readonly id: number; readonly indices: Int32Array }
  | { readonly type: 'done'; readonly value: unknown }
  | { readonly type: 'failed' | 'broken'; readonly error: WireError };

/** To a worker. */
export type MainMessage =
  | { readonly type: 'abort'; readonly reason: WireError }
  | { readonly type: 'reply'; readonly id: number; readonly examples: HostExamples }
  | { readonly type: 'refuse'; readonly id: number; readonly error: WireError };
