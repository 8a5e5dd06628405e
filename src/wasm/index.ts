/**
 * `amun-ts/wasm`: training on tfjs' wasm backend, the fastest way to run amun-ts on one CPU core without native code.
 *
 * @module
 */

export { useWasm } from './use-wasm';
export type { UseWasmOptions, WasmInfo } from './use-wasm';
