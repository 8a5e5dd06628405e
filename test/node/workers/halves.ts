/** A layer of a user's own, which tfjs only knows where this module was imported; and searches of a user's own. */
import { existsSync, writeFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { Pgd } from '../../../src/search/attacks/pgd';
import { IncreasingEpsilonSearch } from '../../../src/search/increasing-epsilon';

/** Half its input. In a worker it ends the thread when it is first called, if it is told where to note that. */
export class Halves extends tfl.layers.Layer {
  static className = 'TestHalves';

  constructor(private readonly config: { dieOnce?: string; name?: string } = {}) {
    super(config.name === undefined ? {} : { name: config.name });
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const { dieOnce } = this.config;
    if (!isMainThread && dieOnce !== undefined && !existsSync(dieOnce)) {
      writeFileSync(dieOnce, '');
      process.exit(1);
    }
    return tf.mul(Array.isArray(inputs) ? inputs[0] : inputs, 0.5);
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), ...this.config };
  }
}

tf.serialization.registerClass(Halves);

/** What a user's module makes. */
export default function makeSearch({ steps }: { steps: number }): IncreasingEpsilonSearch {
  return new IncreasingEpsilonSearch({ attack: new Pgd({ steps }) });
}

export const makeNothing = (): unknown => ({});
