import { describe, expect, it } from 'vitest';
import { randomStream } from '../../src/core/random';
import { MEMBERSHIP_SIGNALS, membershipSignals } from '../../src/metrics/signals';
import type { SignalOptions } from '../../src/metrics/signals';
import { codeOf, golden, worst, worstRelative } from './golden';
import type { RmiaGolden } from './rmia-golden';

const file = golden<RmiaGolden>('rmia');
const references = file.reference_logits.data;
const targets = file.target_logits.data;
const referenceLabels = Array.from({ length: 8 * 300 }, (_, i) => file.labels[i % 300]);
const PUBLISHED: SignalOptions = { temperature: 2, margin: 0.6, order: 4 };

describe('the published code', () => {
  it.each(MEMBERSHIP_SIGNALS)('%s, with its faults', (signal) => {
    const options: SignalOptions = { ...PUBLISHED, signal, compat: 'official' };
    const tolerance = signal.startsWith('taylor') ? 1e-3 : 1e-4;
    const stored = file.signals[signal];
    expect(
      worstRelative(membershipSignals(references, referenceLabels, 10, options), stored.reference.data),
    ).toBeLessThan(tolerance);
    expect(worstRelative(membershipSignals(targets, file.labels, 10, options), stored.target.data)).toBeLessThan(
      tolerance,
    );
  });

  it.each(['taylor', 'taylor-soft-margin'] as const)('%s of true order 4', (signal) => {
    const stored = file.quartic_variant_not_official.signals[signal];
    const ours = membershipSignals(references, referenceLabels, 10, { ...PUBLISHED, signal });
    expect(worstRelative(ours, stored.reference.data)).toBeLessThan(1e-4);
  });
});

it('follows the formulas on one row by hand', () => {
  const logits = [Math.log(4), 0];
  const odds = (options: SignalOptions) => membershipSignals(logits, [0], 2, options)[0];
  expect(odds({})).toBeCloseTo(4 / 5, 14);
  expect(odds({ temperature: 2 })).toBeCloseTo(2 / 3, 14);
  expect(odds({ signal: 'soft-margin', margin: Math.log(2) })).toBeCloseTo(2 / 3, 14);
  expect(odds({ signal: 'log-logit-scaling' })).toBeCloseTo(Math.log(4), 14);
  // t(2) = 1 + 2 + 2 = 5 and t(0) = 1; with a margin of 1, t(1) = 2.5.
  expect(membershipSignals([2, 0], [0], 2, { signal: 'taylor', order: 2 })[0]).toBeCloseTo(5 / 6, 14);
  expect(membershipSignals([2, 0], [0], 2, { signal: 'taylor-soft-margin', order: 2, margin: 1 })[0]).toBeCloseTo(
    2.5 / 3.5,
    14,
  );
});

it('agrees with the plain polynomial on random rows', () => {
  const random = randomStream(1, 'signals');
  const factorials = [1, 1, 2, 6, 24, 120, 720, 5040, 40320];
  for (let round = 0; round < 200; round += 1) {
    const order = 2 * (1 + random.int(4));
    const logits = Array.from({ length: 4 }, () => 8 * random.normal());
    const t = logits.map((v) => factorials.slice(0, order + 1).reduce((sum, f, k) => sum + v ** k / f, 0));
    const label = random.int(4);
    const naive = t[label] / t.reduce((a, b) => a + b);
    expect(worstRelative(membershipSignals(logits, [label], 4, { signal: 'taylor', order }), [naive])).toBeLessThan(
      1e-9,
    );
  }
});

it.each(MEMBERSHIP_SIGNALS)('%s is finite, and within its range, for logits of any size', (signal) => {
  for (const scale of [1e-300, 1, 1e3, 3e38, 1e300]) {
    for (const label of [0, 1, 2]) {
      const [value] = membershipSignals([scale, -scale, 0], [label], 3, { signal });
      expect(Number.isFinite(value), `${scale} ${label}`).toBe(true);
      if (signal === 'log-logit-scaling') continue;
      expect(value).toBeGreaterThanOrEqual(0);
      expect(value).toBeLessThanOrEqual(1);
    }
  }
});

it('is positive for even orders where the published cubic is not', () => {
  const logits = [-3, -3, 5];
  const official = membershipSignals(logits, [0], 3, { signal: 'taylor', order: 4, compat: 'official' });
  expect(official[0]).toBeLessThan(0);
  expect(membershipSignals(logits, [0], 3, { signal: 'taylor' })[0]).toBeGreaterThan(0);
  expect(worst(official, [-2 / (-2 - 2 + 1 + 5 + 12.5 + 125 / 6)])).toBeLessThan(1e-12);
});

it('refuses bad input', () => {
  expect(codeOf(() => membershipSignals([1, 2, 3], [0], 2))).toBe('size-mismatch');
  expect(codeOf(() => membershipSignals([1, 2], [0.5], 2))).toBe('invalid-labels');
  expect(codeOf(() => membershipSignals([1, NaN], [0], 2))).toBe('invalid-inputs');
  expect(codeOf(() => membershipSignals([1, 2], [0], 2, { order: 3 }))).toBe('invalid-option');
  expect(codeOf(() => membershipSignals([1, 2], [0], 2, { temperature: 0 }))).toBe('invalid-option');
  expect(codeOf(() => membershipSignals([1, 2], [0], 2, { signal: 'loss' as never }))).toBe('invalid-option');
  expect(codeOf(() => membershipSignals([1, 2], [0], 2, { compat: 'python' as never }))).toBe('invalid-option');
  expect(codeOf(() => membershipSignals([1, 2], [0], 1))).toBe('invalid-option');
});
