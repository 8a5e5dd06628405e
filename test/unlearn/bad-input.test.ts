/** Bad models, data and run options through every door: each with its code and what to do; nothing changed, nothing leaked. */
import { beforeAll, describe, expect, it } from 'vitest';
import { evaluate } from '../../src/evaluate/evaluate';
import { IncreasingEpsilonSearch } from '../../src/search/increasing-epsilon';
import { FineTune } from '../../src/unlearn/fine-tune';
import { errorOf, expectTensors, useBackend } from '../model/support';
import { DATA_FAULTS, RUN_FAULTS } from './bad-data';
import { type Fault, useGoodInput } from './bad-input-bench';
import { MODEL_FAULTS } from './bad-models';

type Door = (model: never, split: never, run: never) => Promise<unknown>;

/** What takes a model, data and run options. */
const DOORS: [string, Door][] = [
  ['unlearn', (model, split, run) => new FineTune({ epochs: 1 }).unlearn(model, split, run)],
  ['find', (model, split, run) => new IncreasingEpsilonSearch().find(model, (split as { forget: never }).forget, run)],
  [
    'evaluate',
    (model, split, run) =>
      evaluate(model, split, run === null || run === undefined ? run : { attacks: [], ...(run as object) }),
  ],
];

const { good, expectRefusal } = useGoodInput();

beforeAll(() => useBackend('cpu'));

async function expectFault(door: Door, fault: Fault): Promise<void> {
  const model = fault.model === undefined ? good.model : fault.model(good);
  const forget = fault.forget === undefined ? good.sets.forget : fault.forget(good);
  const split = { ...good.sets, forget };
  await expectRefusal(fault.code, fault.message, () => door(model as never, split as never, fault.run as never));
}

describe.each(DOORS)('%s refuses', (_name, door) => {
  it.each([...MODEL_FAULTS, ...DATA_FAULTS, ...RUN_FAULTS])('$name', (fault) => expectFault(door, fault));

  it('a signal that is aborted already, with its reason', async () => {
    const reason = new Error('never mind');
    const error = await expectTensors(0, () =>
      errorOf(() => door(good.model as never, good.sets as never, { signal: AbortSignal.abort(reason) } as never)),
    );
    expect(error).toBe(reason);
  });

  it('a second call on a model that is being unlearned', async () => {
    const first = new FineTune({ epochs: 3 }).unlearn(good.model, good.sets);
    const error = await errorOf(() => door(good.model as never, good.sets as never, {} as never));
    expect(error.code).toBe('model-busy');
    expect(error.message).toMatch(/another amun-ts call is still using this model; await it/);
    (await first).model.dispose();
  });
});
