/**
 * ONNX Runtime as this folder needs it: loaded when asked for, through its public API.
 */
import { AmunError } from '../core/errors';
import { NCHWC } from './emitter';
import { type ElementType, OnnxModel } from './onnx/model';

/** A tensor of the runtime. */
export interface RuntimeTensor {
  readonly data: Float32Array | Int32Array | Uint8Array;
  readonly dims: readonly number[];
  dispose(): void;
}

/** A loaded graph. */
export interface RuntimeSession {
  run(feeds: Readonly<Record<string, RuntimeTensor>>): Promise<Record<string, RuntimeTensor>>;
  release(): Promise<void>;
}

/** What of the package `onnxruntime-node` is used. */
interface RuntimePackage {
  readonly InferenceSession: {
    create(model: Uint8Array, options: Readonly<Record<string, unknown>>): Promise<RuntimeSession>;
  };
  readonly Tensor: new (type: string, data: RuntimeTensor['data'], dims: readonly number[]) => RuntimeTensor;
  readonly env: { readonly versions?: { readonly node?: string; readonly common?: string } };
}

/** Options of a session. */
export interface RuntimeOptions {
  readonly threads: number;
  /** Channels in a block, 0 for none. @default what the processor takes */
  readonly block?: number;
}

/** Errors only: its warnings are about graphs that we wrote. */
const LOG_ERRORS = 3;

/** The runtime, ready to load graphs. */
export class Runtime {
  private constructor(
    private readonly ort: RuntimePackage,
    private readonly options: RuntimeOptions,
    /** Channels in a block of its fast convolutions; 0 where it has none. */
    readonly block: number,
  ) {}

  /** @throws AmunError `no-backend` when the package is not there or does not load. */
  static async load(where: string, options: RuntimeOptions): Promise<Runtime> {
    const ort = await loadPackage(where);
    const plain = new Runtime(ort, options, 0);
    return new Runtime(ort, options, options.block ?? (await plain.probeBlock()));
  }

  /** Its version, as it says. */
  get version(): string {
    const { versions } = this.ort.env;
    return versions?.node ?? versions?.common ?? 'unknown';
  }

  /** Loads a graph. */
  async session(bytes: Uint8Array): Promise<RuntimeSession> {
    const { threads } = this.options;
    return this.ort.InferenceSession.create(bytes, {
      executionProviders: ['cpu'],
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      graphOptimizationLevel: 'all',
      logSeverityLevel: LOG_ERRORS,
    });
  }

  /** A tensor over data, which is not copied. */
  tensor(type: ElementType, data: RuntimeTensor['data'], dims: readonly number[]): RuntimeTensor {
    return new this.ort.Tensor(type, data, dims);
  }

  /** How many channels four become when it is put in blocks: 8 or 16, by the processor. */
  private async probeBlock(): Promise<number> {
    const model = new OnnxModel();
    const x = model.input('x', 'float32', [1, 4, 1, 1]);
    model.output('y', model.node('ReorderInput', [x], {}, NCHWC), 'float32', [1, null, 1, 1]);
    try {
      const session = await this.session(model.encode());
      const { y } = await session.run({ x: this.tensor('float32', new Float32Array(4), [1, 4, 1, 1]) });
      await session.release();
      return y.dims[1] > 4 ? y.dims[1] : 0;
    } catch {
      // No blocks on this processor, or none in this version: the standard operations do.
      return 0;
    }
  }
}

async function loadPackage(where: string): Promise<RuntimePackage> {
  const name = 'onnxruntime-node';
  try {
    const loaded = (await import(/* @vite-ignore */ name)) as RuntimePackage & { default?: RuntimePackage };
    return loaded.default ?? loaded;
  } catch (cause) {
    throw new AmunError(
      'no-backend',
      `${where}: expected the package onnxruntime-node, which could not be loaded. Install it: ` +
        'ONNXRUNTIME_NODE_INSTALL=skip npm install onnxruntime-node (the variable leaves out a download of CUDA libraries). ' +
        'It has no library for macOS on Intel; use amun-ts/wasm there.',
      { cause },
    );
  }
}
