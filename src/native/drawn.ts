/**
 * Random draws of a step, kept on the host: the same numbers serve the records, the compiled form, and the backend should that fail.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { DataType, Tensor } from '@tensorflow/tfjs-core';
import type { Draw } from '../core/engine';
import type { RandomStream } from '../core/random';
import { read } from './host';
import type { Trace } from './trace';

/** One draw. */
export interface Drawn {
  readonly values: Float32Array | Int32Array | Uint8Array;
  readonly shape: readonly number[];
  readonly dtype: DataType;
}

function kept(tensor: Tensor): Drawn {
  return { values: read(tensor).slice(), shape: [...tensor.shape], dtype: tensor.dtype };
}

/** Draws what a compiled step needs. */
export function drawAll(draws: Trace['draws'], random: RandomStream | undefined): Drawn[] {
  const drawn: Drawn[] = [];
  tf.tidy(() => {
    for (const make of draws) drawn.push(kept(make(random!)));
  });
  return drawn;
}

/** Hands out kept draws in order, and draws what is missing. */
export function replayed(drawn: Drawn[], random: RandomStream | undefined): Draw {
  let next = 0;
  return (make) => {
    const known = drawn[next];
    next += 1;
    if (known !== undefined) return tf.tensor(known.values.slice(), [...known.shape], known.dtype);
    const tensor = make(random!);
    drawn.push(kept(tensor));
    return tensor;
  };
}
