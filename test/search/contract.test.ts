/** Every attack and every search under the contract of its kind, on cpu and wasm. */
import { beforeAll, describe } from 'vitest';
import { Fgsm } from '../../src/search/attacks/fgsm';
import { Pgd } from '../../src/search/attacks/pgd';
import { IncreasingEpsilonSearch } from '../../src/search/increasing-epsilon';
import { MinimumNormSearch } from '../../src/search/minimum-norm';
import { BACKENDS, useBackend } from '../model/support';
import { attackContract, searchContract } from './contract';

describe.each(BACKENDS)('on %s', (backend) => {
  beforeAll(() => useBackend(backend));

  attackContract('Pgd l2', () => new Pgd({ steps: 20 }), 0.1);
  attackContract('Pgd linf', () => new Pgd({ norm: 'linf', steps: 20 }), 0.03);
  attackContract('Pgd from a random start', () => new Pgd({ steps: 20, randomStart: true }), 0.1);
  attackContract('Fgsm', () => new Fgsm(), 0.03);
  attackContract('Fgsm l2', () => new Fgsm({ norm: 'l2' }), 0.1);

  const attack = new Pgd({ steps: 10 });
  searchContract('IncreasingEpsilonSearch', () => new IncreasingEpsilonSearch({ attack }), 'l2');
  searchContract('… refined', () => new IncreasingEpsilonSearch({ attack, refine: 5 }), 'l2');
  searchContract('… calibrated', () => new IncreasingEpsilonSearch({ attack, initialEpsilon: 'calibrated' }), 'l2');
  const linf = { attack: new Pgd({ norm: 'linf', steps: 10 }), initialEpsilon: 0.01, growth: 1.5 } as const;
  searchContract('… linf', () => new IncreasingEpsilonSearch(linf), 'linf');
  searchContract('… with Fgsm', () => new IncreasingEpsilonSearch({ attack: new Fgsm() }), 'linf');

  searchContract('MinimumNormSearch', () => new MinimumNormSearch(), 'l2');
  searchContract('MinimumNormSearch refined', () => new MinimumNormSearch({ steps: 4, refine: 5 }), 'l2');
  searchContract('MinimumNormSearch with overshoot', () => new MinimumNormSearch({ overshoot: 0.1 }), 'l2');
  searchContract('MinimumNormSearch linf', () => new MinimumNormSearch({ norm: 'linf' }), 'linf');
});
