/**
 * The values of inputs: finite, and within the bounds that the adversarial search will keep to. An input outside them
 * would be clamped by the search's first step, and its distance to its neighbour would mean nothing.
 */
import type { Tensor } from '@tensorflow/tfjs-core';
import { AmunError } from '../core/errors';
import { RunControl } from '../core/run';

/** Lowest and highest value of an input: one number for all, or one per channel (last axis). */
export interface InputBounds {
  readonly low: number | ArrayLike<number>;
  readonly high: number | ArrayLike<number>;
}

/** Rounding when inputs were scaled: 1e-6 of the range is still inside. */
const TOLERANCE = 1e-6;

/** Values looked at before the event loop gets its turn: about a millisecond. */
const CHUNK = 1 << 20;

interface Limits {
  readonly low: Float64Array;
  readonly high: Float64Array;
}

function perChannel(bound: number | ArrayLike<number>, channels: number): Float64Array {
  return typeof bound === 'number' ? new Float64Array(channels).fill(bound) : Float64Array.from(bound);
}

/** Bounds per channel; without bounds any finite number is inside. */
function limitsOf(where: string, bounds: InputBounds | undefined, lastAxis: number): Limits {
  if (bounds === undefined) {
    return { low: Float64Array.of(-Number.MAX_VALUE), high: Float64Array.of(Number.MAX_VALUE) };
  }
  const scalar = typeof bounds.low === 'number' && typeof bounds.high === 'number';
  const channels = scalar ? 1 : lastAxis;
  const low = perChannel(bounds.low, channels);
  const high = perChannel(bounds.high, channels);
  const wrong = [low, high].find(({ length }) => length !== channels);
  if (wrong !== undefined) {
    throw new AmunError(
      'invalid-option',
      `${where}: bounds: expected one number per channel (${channels}), got ${wrong.length}.`,
    );
  }
  for (let channel = 0; channel < channels; channel += 1) {
    const range = high[channel] - low[channel];
    const slack = TOLERANCE * (Number.isFinite(range) ? range : 1);
    low[channel] = Math.max(low[channel] - slack, -Number.MAX_VALUE);
    high[channel] = Math.min(high[channel] + slack, Number.MAX_VALUE);
  }
  return { low, high };
}

/** Position of the first value in [from, to) that is outside its channel's limits or NaN, or -1. */
function firstOutside(values: ArrayLike<number>, { low, high }: Limits, from: number, to: number): number {
  const channels = low.length;
  if (channels === 1) return firstOutsideOne(values, low[0], high[0], from, to);
  let channel = from % channels;
  for (let i = from; i < to; i += 1) {
    const value = values[i];
    if (!(value >= low[channel] && value <= high[channel])) return i;
    channel = channel + 1 === channels ? 0 : channel + 1;
  }
  return -1;
}

/** The same for one pair of limits, at twice the speed: every batch of a source passes through here. */
function firstOutsideOne(values: ArrayLike<number>, low: number, high: number, from: number, to: number): number {
  for (let i = from; i < to; i += 1) if (!(values[i] >= low && values[i] <= high)) return i;
  return -1;
}

function extent(values: ArrayLike<number>): [number, number] {
  let low = Infinity;
  let high = -Infinity;
  for (let i = 0; i < values.length; i += 1) {
    if (values[i] < low) low = values[i];
    if (values[i] > high) high = values[i];
  }
  return [low, high];
}

const showBound = (bound: number | ArrayLike<number>): string =>
  typeof bound === 'number' ? String(bound) : `(${Array.from(bound).join(', ')})`;

/** Six digits: float32 rounding is no news. */
const showValue = (value: number): string => String(Number(value.toPrecision(6)));

/**
 * Checks every value of inputs [N, …input] on the host.
 *
 * @throws AmunError `invalid-inputs` at the first NaN or infinite value, `out-of-bounds` at the first outside `bounds`.
 */
export async function checkInputs(
  where: string,
  xs: Tensor,
  bounds: InputBounds | undefined,
  nameRow: (row: number) => string = (row) => `example ${row}`,
): Promise<void> {
  const limits = limitsOf(where, bounds, xs.shape[xs.shape.length - 1]);
  const values = await xs.data();
  const control = new RunControl(undefined, 'check', 'examples', xs.shape[0]);
  for (let from = 0; from < values.length; from += CHUNK) {
    const position = firstOutside(values, limits, from, Math.min(from + CHUNK, values.length));
    if (position >= 0) {
      const row = Math.floor(position / (values.length / xs.shape[0]));
      refuse(where, values, values[position], nameRow(row), bounds);
    }
    await control.yield();
  }
}

function refuse(
  where: string,
  values: ArrayLike<number>,
  value: number,
  example: string,
  bounds: InputBounds | undefined,
): never {
  if (!Number.isFinite(value)) {
    throw new AmunError(
      'invalid-inputs',
      `${where}: ${example} holds ${value}; inputs must be finite. Clean the data, or leave this example out.`,
    );
  }
  const [lowest, highest] = extent(values);
  throw new AmunError(
    'out-of-bounds',
    `${where}: inputs run from ${showValue(lowest)} to ${showValue(highest)}, outside the bounds ` +
      `[${showBound(bounds!.low)}, ${showBound(bounds!.high)}]; ${example} is the first with ${showValue(value)}. ` +
      'Scale the inputs, or tell classifier() their range with `bounds`, or, if they are standardised, ' +
      'the mean and std with `preprocess`.',
  );
}
