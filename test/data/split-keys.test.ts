/** A misspelt key of a split is refused by whatever takes a split. */
import '@tensorflow/tfjs-layers';
import * as tfl from '@tensorflow/tfjs-layers';
import { describe, it } from 'vitest';
import type { ForgetSplit } from '../../src/data/splits';
import { checkSplitKeys, splitByIndices } from '../../src/data/splits';
import { evaluate } from '../../src/evaluate/evaluate';
import { trainReferences } from '../../src/evaluate/train-references';
import { Amun } from '../../src/unlearn/amun';
import { dispose, examples, expectRefusal } from './support';

const build = (): tfl.LayersModel => tfl.sequential({ layers: [tfl.layers.dense({ units: 3, inputShape: [2] })] });

describe('a split with a misspelt key', () => {
  it('is refused by unlearn, evaluate and trainReferences, which name the key', async () => {
    const model = build();
    const [forget, retain, test] = [examples(4), examples(4), examples(4)];
    const message = /key 'retian', which is none of forget, retain, test/;
    // Amun does without retain data: it would leave this one out in silence.
    const without = { forget, retian: retain } as ForgetSplit;
    await expectRefusal('invalid-option', message, () => new Amun().unlearn(model, without));
    const misspelt = { forget, retian: retain, retain, test } as ForgetSplit;
    await expectRefusal('invalid-option', message, () => evaluate(model, misspelt));
    await expectRefusal('invalid-option', message, () => trainReferences(build, misspelt));
    dispose(forget, retain, test);
    model.dispose();
  });

  it('what the split functions return passes', () => {
    const data = examples(6);
    const split = splitByIndices(data, { forget: [0], test: [5] });
    checkSplitKeys('test', split);
    split.dispose();
    dispose(data);
  });
});
