/**
 * Interval of a share, such as an accuracy. Wilson's score interval (Wilson, "Probable inference, the law of succession, and
 * statistical inference", JASA 1927) in place of a bootstrap, which at a share of 1 (the retain accuracy of a memorising model)
 * resamples nothing but right answers and claims a width of 0:
 *
 *   centre = (p + z²/2n) / (1 + z²/n)      half width = z / (1 + z²/n) · √(p(1 − p)/n + z²/4n²)
 */
import type { Interval } from './types';

/** The 97.5 % quantile of the standard normal distribution, for an interval of 95 %. */
const Z = 1.959963984540054;

/** 95 % interval of a share in [0, 1] of `size` examples. */
export function wilsonInterval(share: number, size: number): Interval {
  const shrink = 1 + Z ** 2 / size;
  const center = (share + Z ** 2 / (2 * size)) / shrink;
  const half = (Z / shrink) * Math.sqrt((share * (1 - share)) / size + Z ** 2 / (4 * size ** 2));
  return { low: Math.max(0, center - half), high: Math.min(1, center + half), level: 0.95 };
}
