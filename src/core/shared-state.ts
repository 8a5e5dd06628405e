/**
 * State that every copy of the library in one process must share: CJS bundles stand alone per entry point, and an
 * application may load ESM beside CJS, so module-level variables would split it.
 */

import type { Engine } from './engine';

/** What lives under one `globalThis[Symbol.for('amun-ts.shared')]`. Fields are added, never changed. */
export interface SharedState {
  /** Models in use: see core/locks. */
  readonly locks: WeakMap<object, { readers: number; writer: boolean }>;
  /** Set by `amun-ts/wasm`: how wasm kernels were registered. */
  wasmKernels?: { version: string };
  /** Set by `amun-ts/native`: what runs steps as a whole. */
  engine?: Engine | undefined;
}

const KEY = Symbol.for('amun-ts.shared');

/** The shared state, made on first use. */
export function sharedState(): SharedState {
  const host = globalThis as unknown as Record<symbol, SharedState | undefined>;
  return (host[KEY] ??= { locks: new WeakMap() });
}
