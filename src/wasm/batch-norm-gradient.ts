/**
 * The gradient of batch normalisation, y = (x − μ)·s + β with s = γ / √(σ² + ε), for vectors of one value per channel:
 *
 *     dx = s·dy    dβ = Σ dy    dγ = Σ dy·(x − μ) / √(σ² + ε)    dμ = −s·Σ dy    dσ² = −½·s / (σ² + ε) · Σ dy·(x − μ)
 *
 * tfjs' own gradient tiles its vectors to the shape of x and sums five products of that size; here it is two matrix products with a row of ones.
 */

import {
  add,
  div,
  getBackend,
  getGradient,
  matMul,
  mul,
  neg,
  ones,
  registerGradient,
  reshape,
  rsqrt,
  sub,
} from '@tensorflow/tfjs-core';
import type { GradConfig, Tensor } from '@tensorflow/tfjs-core';

/** Σ over all axes but the last: [M, C] → [C]. */
function channelSums(x: Tensor, channels: number): Tensor {
  const rows = x.size / channels;
  return reshape(matMul(ones([1, rows]), reshape(x, [rows, channels])), [channels]);
}

/** Replaces the gradient of `FusedBatchNorm` on the wasm backend; other backends and full-shape statistics keep theirs. */
export function registerBatchNormGradient(): void {
  const original = getGradient('FusedBatchNorm');
  if (!original) return;
  const gradFunc: GradConfig['gradFunc'] = (dyOrList, saved, attrs) => {
    const [x, mean, variance, scale] = saved;
    if (getBackend() !== 'wasm' || mean.rank !== 1) return original.gradFunc(dyOrList, saved, attrs);
    const dy = dyOrList as Tensor;
    const channels = mean.shape[0];
    const perVariance = add(variance, Number(attrs['varianceEpsilon']));
    const inverse = rsqrt(perVariance);
    const slope = scale == null ? inverse : mul(inverse, scale);
    // Each function below runs in a tidy of its own, and only if its input asks for a gradient: nothing can be shared.
    const sumDy = () => channelSums(dy, channels);
    const sumDyCentred = () => channelSums(mul(dy, sub(x, mean)), channels);
    return {
      x: () => mul(dy, slope),
      mean: () => neg(mul(slope, sumDy())),
      variance: () => mul(-0.5, mul(div(slope, perVariance), sumDyCentred())),
      scale: () => mul(inverse, sumDyCentred()),
      offset: sumDy,
    };
  };
  registerGradient({ ...original, gradFunc });
}
