/**
 * Floating-point operations of a network, counted from the shapes of its layers.
 *
 * A multiplication and an addition are two operations. Convolutions and dense layers count; normalisation, activations, pooling and
 * additions, under 3 % of resnet8, do not. A training step costs three forward passes (forward, gradient of the inputs, gradient of the
 * weights), a step of PGD two (no gradient of the weights). That counts an input gradient for the first layer too, which training can
 * leave out: 1 % of resnet8.
 */
import type { LayersModel } from '@tensorflow/tfjs-layers';

/** Forward passes that one step is worth. */
export const PASSES = { inference: 1, pgd: 2, train: 3 } as const;

/** Operations of one forward pass of one image. */
export function forwardFlops(model: LayersModel): number {
  let sum = 0;
  for (const layer of model.layers) {
    const kernel = layer.getWeights().find(({ shape }) => shape.length === 4 || shape.length === 2);
    if (kernel === undefined) continue;
    const output = layer.outputShape as (number | null)[];
    // [null, height, width, channels] of a convolution, [null, units] of a dense layer
    const positions = output.slice(1, -1).reduce((product: number, length) => product * length!, 1);
    sum += 2 * kernel.size * positions;
  }
  return sum;
}
