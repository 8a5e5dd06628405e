/** The contract of every unlearning method, on every backend. */
import { afterAll, beforeAll, describe } from 'vitest';
import { Pgd } from '../../src/search/attacks/pgd';
import { IncreasingEpsilonSearch } from '../../src/search/increasing-epsilon';
import { Amun } from '../../src/unlearn/amun';
import { FineTune } from '../../src/unlearn/fine-tune';
import { GradientAscent } from '../../src/unlearn/gradient-ascent';
import { RandomLabels } from '../../src/unlearn/random-labels';
import { Retrain } from '../../src/unlearn/retrain';
import { SalUn } from '../../src/unlearn/salun';
import { BACKENDS, useBackend } from '../model/support';
import { describeUnlearner } from './contract';
import type { UnlearnerCase } from './contract-bench';
import { forgetTraining } from './fixtures';

const search = (): IncreasingEpsilonSearch =>
  new IncreasingEpsilonSearch({ initialEpsilon: 0.1, attack: new Pgd({ norm: 'l2', steps: 10 }) });

const METHODS: readonly UnlearnerCase[] = [
  { name: 'FineTune', make: (options) => new FineTune(options) },
  { name: 'GradientAscent', make: (options) => new GradientAscent(options) },
  { name: 'RandomLabels', make: (options) => new RandomLabels(options) },
  { name: 'Retrain', make: (options) => new Retrain(options) },
  {
    name: 'SalUn',
    make: (options) => new SalUn({ method: new RandomLabels(options) }),
    phases: ['saliency'],
  },
  { name: 'Amun', make: (options) => new Amun({ search: search(), ...options }), phases: ['search'] },
];

describe.each(BACKENDS)('on %s', (backend) => {
  beforeAll(() => useBackend(backend));
  afterAll(forgetTraining);
  METHODS.forEach(describeUnlearner);
});
