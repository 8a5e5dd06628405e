/**
 * Native speed in Node, without a native build of TensorFlow: search, training and prediction run through `onnxruntime-node`.
 *
 * @module
 */
export { type NativeInfo, useNative, type UseNativeOptions } from './use-native';
