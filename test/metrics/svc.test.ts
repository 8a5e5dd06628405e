import type { Svm } from '#libsvm';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { randomStream } from '../../src/core/random';
import { isAmunError } from '../../src/core/errors';
import { entropy, modifiedEntropy } from '../../src/metrics/entropy';
import { MEMBERSHIP_FEATURES } from '../../src/metrics/membership-features';
import type { MembershipFeature } from '../../src/metrics/membership-features';
import { svcMiaScores } from '../../src/metrics/svc';
import type { SvcMiaInput } from '../../src/metrics/svc';
import { trainRbfSvm } from '../../src/metrics/svm';
import { golden, worst } from './golden';
import type { SvcGolden } from './svc-golden';
import { SVC_NAMES, svcInput } from './svc-golden';

const file = golden<SvcGolden>('svc-mia');
const input = svcInput(file);

describe('features as the published code computes them', () => {
  it.each(['shadow_train', 'shadow_test', 'target_forget'] as const)('%s', (set) => {
    const { labels, features, modified_entropy_song_mittal, entropy_float64 } = file[set];
    const probabilities = Float32Array.from(file[set].probabilities.data);
    expect(worst(entropy(probabilities, 10), entropy_float64)).toBeLessThan(1e-8);
    expect(worst(entropy(probabilities, 10), features.entropy.data)).toBeLessThan(1e-5);
    expect(worst(modifiedEntropy(probabilities, labels, 10), modified_entropy_song_mittal)).toBeLessThan(1e-7);
    const official = modifiedEntropy(probabilities, labels, 10, { compat: 'official' });
    expect(worst(official, features.m_entropy.data)).toBeLessThan(1e-3);
  });
});

describe('scikit-learn numbers', () => {
  let scores: Awaited<ReturnType<typeof attack>>;
  const attack = () => svcMiaScores(input, { compat: 'official' });
  beforeAll(async () => {
    scores = await attack();
  });

  it.each(MEMBERSHIP_FEATURES)('%s', (feature) => {
    const name = SVC_NAMES[feature];
    const stored = file.svm[name];
    const { nonMemberFraction, members, decisionValues, supportVectors } = scores[feature];
    expect(worst(decisionValues, stored.target_decision_function)).toBeLessThan(1e-2);
    const undecided = stored.target_decision_function.filter((value) => Math.abs(value) < 0.01).length;
    const different = Array.from(members).filter((member, i) => member !== stored.target_member_decision[i]).length;
    expect(different).toBeLessThanOrEqual(undecided);
    expect(Math.abs(nonMemberFraction - file.official_SVC_MIA[name])).toBeLessThanOrEqual(undecided / 200 + 1e-12);
    const storedVectors = stored.n_support[0] + stored.n_support[1];
    expect(Math.abs(supportVectors - storedVectors)).toBeLessThanOrEqual(2);
  });

  it('with the right modified entropy', async () => {
    const { modifiedEntropy: right } = await svcMiaScores(input, { features: ['modifiedEntropy'] });
    expect(right.nonMemberFraction).toBeCloseTo(file.m_entropy_if_song_mittal.value, 10);
    expect(Array.from(right.members)).toEqual(file.m_entropy_if_song_mittal.member_decision);
  });
});

describe('the classifier', () => {
  it('separates two points as the dual solution by hand has it', async () => {
    // By symmetry f = a (k(x, 1) − k(x, 0)) with both margins 1: a (1 − k) = 1 for k = exp(−1), and rho = 0.
    const { decide, supportVectors } = await trainRbfSvm(Float64Array.of(0), Float64Array.of(1), 1, {
      cost: 100,
      gamma: 1,
    });
    const f = (x: number) => (Math.exp(-((x - 1) ** 2)) - Math.exp(-(x ** 2))) / (1 - Math.exp(-1));
    expect(supportVectors).toBe(2);
    expect(worst(decide(Float64Array.of(0, 0.25, 0.5, 1, 3)), [f(0), f(0.25), 0, f(1), f(3)])).toBeLessThan(2e-3);
  });

  it('keeps no listener of the library that would end the process', async () => {
    await trainRbfSvm(Float64Array.of(0), Float64Array.of(1), 1, { cost: 1, gamma: 1 });
    const listeners = process.listeners('unhandledRejection').map(String);
    expect(listeners.filter((code) => code.includes('["exit"](1)'))).toEqual([]);
  });

  it('frees what libsvm allocated, also when training fails', async () => {
    const { default: libsvm } = await import('#libsvm');
    const free = vi.spyOn(libsvm.prototype as Svm, 'free');
    const one = Float64Array.of(0);
    await trainRbfSvm(one, one, 1, { cost: 1, gamma: 1 });
    // train() itself frees what an earlier training left.
    expect(free).toHaveBeenCalledTimes(2);
    const train = vi.spyOn(libsvm.prototype as Svm, 'train').mockImplementation(() => {
      throw new Error('out of memory');
    });
    await expect(trainRbfSvm(one, one, 1, { cost: 1, gamma: 1 })).rejects.toThrow('out of memory');
    expect(free).toHaveBeenCalledTimes(3);
    train.mockRestore();
    free.mockRestore();
  });
});

describe('bad input', () => {
  const rejects = async (change: Partial<SvcMiaInput>, options: object = {}) => {
    const error: unknown = await svcMiaScores({ ...input, ...change }, options as never).catch(
      (cause: unknown) => cause,
    );
    return isAmunError(error) ? error.code : error;
  };

  it('is refused', async () => {
    const { target } = input;
    expect(await rejects({ target: { ...target, labels: [0] } })).toBe('size-mismatch');
    expect(await rejects({ target: { ...target, labels: Array.from(target.labels, () => 10) } })).toBe(
      'invalid-labels',
    );
    expect(await rejects({ target: { probabilities: [], labels: [] } })).toBe('empty-set');
    expect(await rejects({ target: { probabilities: [5, 1, 1, 1, 1, 1, 1, 1, 1, 1], labels: [0] } })).toBe(
      'invalid-inputs',
    );
    expect(await rejects({ target: undefined })).toBe('invalid-inputs');
    expect(await rejects({ classCount: 1 })).toBe('invalid-option');
    expect(await rejects({}, { features: [] })).toBe('invalid-option');
    expect(await rejects({}, { features: ['m_entropy'] })).toBe('invalid-option');
    expect(await rejects({}, { cost: 0 })).toBe('invalid-option');
    expect(await rejects({}, { gamma: 'auto' })).toBe('invalid-option');
  });

  it('or an aborted signal ends the call with its reason', async () => {
    const reason = new Error('enough');
    expect(await rejects({}, { signal: AbortSignal.abort(reason) })).toBe(reason);
  });
});

it('judges overlapping, unequal predictions without failing', async () => {
  const random = randomStream(2, 'svc');
  const draw = (size: number) => {
    const labels = Array.from({ length: size }, () => random.int(2));
    const right = labels.map(() => random.float());
    return {
      labels,
      probabilities: labels.flatMap((label, i) => (label === 0 ? [right[i], 1 - right[i]] : [1 - right[i], right[i]])),
    };
  };
  const scores = await svcMiaScores({
    shadowMembers: draw(30),
    shadowNonMembers: draw(20),
    target: draw(10),
    classCount: 2,
  });
  for (const feature of Object.keys(scores) as MembershipFeature[]) {
    expect(scores[feature].members.length).toBe(10);
    expect(scores[feature].decisionValues.every(Number.isFinite)).toBe(true);
  }
});
