/**
 * tfjs has no gradient for dilated convolutions, on any backend: it fails with a bare assertion. This says what to do instead.
 * (Layers' 2-D convolutions run fused, and fail in tfjs itself before any registered gradient is asked.)
 */

import { getGradient, registerGradient } from '@tensorflow/tfjs-core';
import { dilationUnsupported } from './conv-geometry';

/** Makes the gradients of `Conv2D` and `DepthwiseConv2dNative` refuse dilation with a typed error. */
export function refuseDilatedGradients(): void {
  for (const name of ['Conv2D', 'DepthwiseConv2dNative']) {
    const original = getGradient(name);
    if (!original) continue;
    registerGradient({
      ...original,
      gradFunc: (dy, saved, attrs) => {
        const dilations = [attrs['dilations'] ?? 1].flat();
        if (dilations.some((dilation) => dilation !== 1)) throw dilationUnsupported(name, attrs['dilations']);
        return original.gradFunc(dy, saved, attrs);
      },
    });
  }
}
