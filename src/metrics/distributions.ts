/**
 * The two distributions that intervals and likelihoods need, to about 12 digits. Formula numbers are those of Abramowitz &
 * Stegun, "Handbook of Mathematical Functions".
 */

/** 1 − erf(x): the series 7.1.6 below 2.5, the continued fraction 7.1.14 above, which keeps digits in the far tail. */
function erfc(x: number): number {
  if (x < 0) return 2 - erfc(-x);
  if (x >= 2.5) {
    let fraction = x;
    for (let k = 80; k >= 1; k -= 1) fraction = x + k / 2 / fraction;
    return Math.exp(-x * x) / (Math.sqrt(Math.PI) * fraction);
  }
  let term = x;
  let sum = x;
  for (let k = 1; term > sum * 1e-17; k += 1) {
    term *= (2 * x * x) / (2 * k + 1);
    sum += term;
  }
  return 1 - (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

/** P(Z ≤ z) of the standard normal distribution. */
export function normalCdf(z: number): number {
  return erfc(-z / Math.SQRT2) / 2;
}

/** P(|T| ≤ t) of Student's distribution with a whole number of degrees of freedom: the finite sums 26.7.3 and 26.7.4. */
function studentTWithin(t: number, degrees: number): number {
  const angle = Math.atan(t / Math.sqrt(degrees));
  const cos = Math.cos(angle);
  const odd = degrees % 2;
  let term = odd === 1 ? cos : 1;
  let sum = degrees > 1 ? term : 0;
  for (let k = 2 + odd; k <= degrees - 2; k += 2) {
    term *= ((k - 1) / k) * cos * cos;
    sum += term;
  }
  return odd === 1 ? (2 / Math.PI) * (angle + Math.sin(angle) * sum) : Math.sin(angle) * sum;
}

/**
 * The t that a Student variable's absolute value stays within with probability `level`.
 *
 * @param level In (0, 1).
 * @param degrees Degrees of freedom, whole, at least 1.
 */
export function studentTQuantile(level: number, degrees: number): number {
  let high = 1;
  while (studentTWithin(high, degrees) < level) high *= 2;
  let low = 0;
  for (let i = 0; i < 80; i += 1) {
    const middle = (low + high) / 2;
    if (studentTWithin(middle, degrees) < level) low = middle;
    else high = middle;
  }
  return high;
}
