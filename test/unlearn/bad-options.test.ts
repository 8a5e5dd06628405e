/** Options that constructors refuse, each with what was expected, what came, and where. */
import { describe, expect, it } from 'vitest';
import { Fgsm } from '../../src/search/attacks/fgsm';
import { Pgd } from '../../src/search/attacks/pgd';
import { IncreasingEpsilonSearch } from '../../src/search/increasing-epsilon';
import { Amun } from '../../src/unlearn/amun';
import { FineTune } from '../../src/unlearn/fine-tune';
import { GradientAscent } from '../../src/unlearn/gradient-ascent';
import { RandomLabels } from '../../src/unlearn/random-labels';
import { Retrain } from '../../src/unlearn/retrain';
import { SalUn } from '../../src/unlearn/salun';
import type { Unlearner } from '../../src/unlearn/unlearner';
import { errorOf, expectTensors } from '../model/support';

type Construction = [string, () => unknown, RegExp];

const TRAINING: [string, object, RegExp][] = [
  ['no epochs', { epochs: 0 }, /epochs: expected a whole number at least 1, got 0/],
  ['negative epochs', { epochs: -3 }, /epochs: .*got -3/],
  ['fractional epochs', { epochs: 1.5 }, /epochs: .*got 1\.5/],
  ['NaN epochs', { epochs: NaN }, /epochs: .*got NaN/],
  ['endless epochs', { epochs: Infinity }, /epochs: .*got Infinity/],
  ['a string of epochs', { epochs: '10' }, /epochs: .*got the string '10'/],
  ['an empty batch', { batchSize: 0 }, /batchSize: .*got 0/],
  ['no learning rate', { learningRate: 0 }, /learningRate: .*above 0, got 0/],
  ['a negative learning rate', { learningRate: -0.1 }, /learningRate: .*got -0\.1/],
  ['a NaN learning rate', { learningRate: NaN }, /learningRate: .*got NaN/],
  ['an infinite learning rate', { learningRate: Infinity }, /learningRate: .*got Infinity/],
  ['a string for a learning rate', { learningRate: '0.1' }, /learningRate: .*got the string '0\.1'/],
  ['momentum of 1', { momentum: 1 }, /momentum: .*below 1, got 1/],
  ['negative decay', { weightDecay: -1 }, /weightDecay: .*at least 0, got -1/],
  ['an unknown schedule', { schedule: 'linear' }, /schedule: expected 'constant', 'cosine' or \{ every, factor \}/],
  ['a schedule without steps', { schedule: { every: 0 } }, /schedule\.every: .*got 0/],
  ['a schedule that grows', { schedule: { every: 1, factor: 2 } }, /schedule\.factor: .*at most 1, got 2/],
  ['a misspelt schedule', { schedule: { each: 1 } }, /schedule: there is no option 'each'/],
  ['an unknown batch norm', { batchNorm: 'off' }, /batchNorm: expected one of 'train', 'frozen'/],
  ['a string for augment', { augment: 'flip' }, /augment: expected a function/],
  ['an object for a mask', { mask: {} }, /mask: expected a Map/],
  ['another library’s option', { lr: 0.1 }, /no option 'lr'; known options are epochs/],
];

const METHODS: [string, new (options: never) => Unlearner][] = [
  ['Amun', Amun],
  ['FineTune', FineTune],
  ['GradientAscent', GradientAscent],
  ['RandomLabels', RandomLabels],
  ['Retrain', Retrain],
];

describe.each(METHODS)('new %s refuses', (name, Method) => {
  it.each(TRAINING)('%s', async (_name, options, message) => {
    const error = await expectTensors(0, () => errorOf(() => new Method(options as never)));
    expect(error.code).toBe('invalid-option');
    expect(error.message).toMatch(message);
    expect(error.message.startsWith(name)).toBe(true);
  });
});

describe('constructors refuse', () => {
  const mistyped = <T>(value: unknown): T => value as T;

  it.each<Construction>([
    ['a mask of no weights', () => new SalUn({ ratio: 0 }), /SalUn: ratio: .*above 0 and|SalUn: ratio: .*got 0/],
    ['more than all weights', () => new SalUn({ ratio: 1.5 }), /ratio: .*at most 1.*got 1\.5/],
    ['a NaN ratio', () => new SalUn({ ratio: NaN }), /ratio: .*got NaN/],
    ['a name for a method', () => new SalUn({ method: mistyped('RandomLabels') }), /method: expected an Unlearner/],
    ['training options on SalUn', () => new SalUn(mistyped({ epochs: 3 })), /no option 'epochs'.*belong to the method/],
    [
      'an unknown training set',
      () => new Amun({ trainOn: mistyped('retain') }),
      /trainOn: expected one of 'adversarial'/,
    ],
    ['a search without find()', () => new Amun({ search: mistyped({}) }), /search: .*method find\(\)/],
    ['a search class', () => new Amun({ search: mistyped(IncreasingEpsilonSearch) }), /search: .*got a function/],
    [
      'examples for an adversarial set',
      () => new Amun({ adversarial: mistyped({ xs: 1 }) }),
      /expected an AdversarialSet/,
    ],
    ['a model for build', () => new Retrain({ build: mistyped({}) }), /build: expected a function/],
    ['an unknown norm', () => new Pgd({ norm: mistyped('l1') }), /norm: expected one of 'l2', 'linf'/],
    ['no steps', () => new Pgd({ steps: 0 }), /steps: .*got 0/],
    ['a negative step', () => new Pgd({ stepSize: -1 }), /stepSize: .*got -1/],
    ['steps of Fgsm', () => new Fgsm(mistyped({ steps: 3 })), /no option 'steps'/],
    ['a radius of 0', () => new IncreasingEpsilonSearch({ initialEpsilon: 0 }), /initialEpsilon: .*got 0/],
    ['a radius of NaN', () => new IncreasingEpsilonSearch({ initialEpsilon: NaN }), /initialEpsilon: .*got NaN/],
    ['no growth', () => new IncreasingEpsilonSearch({ growth: 1 }), /growth: .*got 1/],
    ['half a bisection', () => new IncreasingEpsilonSearch({ refine: 0.5 }), /refine: .*got 0\.5/],
    ['an infinite cap', () => new IncreasingEpsilonSearch({ maxEpsilon: Infinity }), /maxEpsilon: .*got Infinity/],
    [
      'a cap below the start',
      () => new IncreasingEpsilonSearch({ initialEpsilon: 1, maxEpsilon: 0.5 }),
      /initialEpsilon of at most maxEpsilon, got 1 and 0\.5/,
    ],
  ])('%s', async (_name, call, message) => {
    const error = await expectTensors(0, () => errorOf(call));
    expect([error.code, error.message]).toEqual(['invalid-option', expect.stringMatching(message)]);
  });
});
