/** How options are resolved, masks combined, and runs described as plain JSON. */
import { describe, expect, it } from 'vitest';
import { Pgd } from '../../src/search/attacks/pgd';
import { IncreasingEpsilonSearch } from '../../src/search/increasing-epsilon';
import { describeOption, intersectMasks, resolveTraining } from '../../src/unlearn/options';

const DEFAULTS = { learningRate: 0.3, schedule: 'cosine', epochs: 7 } as const;

describe('resolveTraining', () => {
  it('takes what is given, then the method’s defaults, then the shared ones', () => {
    expect(resolveTraining('X', { batchSize: 5 }, DEFAULTS, [])).toEqual({
      epochs: 7,
      batchSize: 5,
      learningRate: 0.3,
      schedule: 'cosine',
      momentum: 0.9,
      weightDecay: 5e-4,
      batchNorm: 'train',
      augment: undefined,
      mask: undefined,
    });
  });

  it('copies and freezes: what the caller changes later has no effect', () => {
    const given = { epochs: 2, schedule: { every: 2, factor: 0.5 } };
    const resolved = resolveTraining('X', given, DEFAULTS, []);
    given.epochs = 9;
    given.schedule.every = 9;
    expect(resolved).toMatchObject({ epochs: 2, schedule: { every: 2, factor: 0.5 } });
    expect(Object.isFrozen(resolved)).toBe(true);
  });

  it('takes undefined for not given', () => {
    const resolved = resolveTraining('X', { epochs: undefined, momentum: undefined }, DEFAULTS, []);
    expect(resolved).toMatchObject({ epochs: 7, momentum: 0.9 });
  });
});

describe('intersectMasks', () => {
  const bits = (...values: number[]): Uint8Array => Uint8Array.from(values);

  it('lets change what both let change; a variable that one does not name is free there', () => {
    const a = new Map([
      ['both', bits(1, 1, 0, 0)],
      ['onlyA', bits(0, 1)],
    ]);
    const b = new Map([
      ['both', bits(1, 0, 1, 0)],
      ['onlyB', bits(1, 0)],
    ]);
    expect(intersectMasks(a, b)).toEqual(
      new Map([
        ['both', bits(1, 0, 0, 0)],
        ['onlyB', bits(1, 0)],
        ['onlyA', bits(0, 1)],
      ]),
    );
    expect(intersectMasks(undefined, b)).toBe(b);
  });
});

describe('describeOption', () => {
  it('makes plain JSON of functions, maps, strategies and what they hold', () => {
    const flip = (): void => undefined;
    const search = new IncreasingEpsilonSearch({ attack: new Pgd({ norm: 'linf', steps: 7 }), refine: 2 });
    const described = describeOption({
      flip,
      mask: new Map([['a', 1]]),
      search,
      list: [1, { deep: flip }],
      none: null,
    });
    expect(JSON.parse(JSON.stringify(described))).toEqual(described);
    expect(described).toMatchObject({
      flip: 'flip',
      mask: 'mask of 1 variables',
      search: { name: 'IncreasingEpsilonSearch', refine: 2, attack: { name: 'Pgd', norm: 'linf', steps: 7 } },
      list: [1, { deep: 'flip' }],
      none: null,
    });
  });

  it('shows of a strategy its settings, not its data', () => {
    class Own {
      readonly strength = 3;
      readonly found = [1, 2, 3];
      readonly cache = new Map([['a', 1]]);
    }
    expect(describeOption(new Own())).toEqual({ name: 'Own', strength: 3 });
  });
});
