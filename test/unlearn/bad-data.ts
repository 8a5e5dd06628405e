/** Data and run options that can't be right. */
import * as tf from '@tensorflow/tfjs-core';
import type { Examples } from '../../src/data/examples';
import type { Fault, GoodInput } from './bad-input-bench';

const labelled =
  (make: () => tf.Tensor) =>
  ({ sets, tensor }: GoodInput): Examples => ({ xs: sets.forget.xs, ys: tensor(make()) });

const withInputs =
  (make: () => tf.Tensor) =>
  ({ sets, tensor }: GoodInput): Examples => ({ xs: tensor(make()), ys: sets.forget.ys });

const ids =
  (...values: number[]): (() => tf.Tensor) =>
  () =>
    tf.tensor1d(values);

function gone(which: 'xs' | 'ys') {
  return ({ sets }: GoodInput): Examples => {
    const copy = tf.clone(sets.forget[which]);
    copy.dispose();
    return { ...sets.forget, [which]: copy };
  };
}

const oneValue =
  (value: number): (() => tf.Tensor) =>
  () => {
    const values = new Float32Array(16).fill(0.5);
    values[9] = value;
    return tf.tensor2d(values, [4, 4]);
  };

/** Data of four examples that can't be right. */
export const DATA_FAULTS: readonly Fault[] = [
  { name: 'plain arrays', forget: () => [[0, 1, 0, 1]], code: 'invalid-inputs', message: /got an array.*fromArrays/ },
  {
    name: 'inputs alone',
    forget: ({ sets }) => sets.forget.xs,
    code: 'invalid-inputs',
    message: /Pass the labels too/,
  },
  {
    name: 'arrays in place of tensors',
    forget: ({ sets }) => ({ xs: [[0, 0, 0, 0]], ys: sets.forget.ys }),
    code: 'invalid-inputs',
    message: /xs: expected a tensor, got an array of 1.*fromArrays/,
  },
  { name: 'a dataset', forget: () => ({ iterator: () => undefined }), code: 'invalid-inputs', message: /fromDataset/ },
  { name: 'disposed inputs', forget: gone('xs'), code: 'disposed', message: /xs: this tensor has been disposed/ },
  { name: 'disposed labels', forget: gone('ys'), code: 'disposed', message: /ys: this tensor has been disposed/ },
  {
    name: 'a label too high',
    forget: labelled(ids(0, 1, 2, 3)),
    code: 'invalid-labels',
    message: /example 3 is 3.*start at 0/,
  },
  {
    name: 'a negative label',
    forget: labelled(ids(0, -1, 2, 1)),
    code: 'invalid-labels',
    message: /is -1; expected 0 … 2/,
  },
  {
    name: 'a fractional label',
    forget: labelled(ids(0, 1.5, 2, 1)),
    code: 'invalid-labels',
    message: /1\.5, not a whole/,
  },
  { name: 'a NaN label', forget: labelled(ids(0, NaN, 2, 1)), code: 'invalid-labels', message: /example 1 is NaN/ },
  {
    name: 'soft labels',
    forget: labelled(() => tf.fill([4, 3], 1 / 3)),
    code: 'invalid-labels',
    message: /soft labels are not supported.*highest value/,
  },
  {
    name: 'several labels each',
    forget: labelled(() =>
      tf.tensor2d([
        [1, 1, 0],
        [1, 0, 0],
        [0, 1, 0],
        [0, 0, 1],
      ]),
    ),
    code: 'invalid-labels',
    message: /example 0 belongs to classes 0 and 1/,
  },
  {
    name: 'no label',
    forget: labelled(() =>
      tf.tensor2d([
        [1, 0, 0],
        [0, 0, 0],
        [0, 1, 0],
        [0, 0, 1],
      ]),
    ),
    code: 'invalid-labels',
    message: /example 1 names no class/,
  },
  {
    name: 'one-hot rows of another width',
    forget: labelled(() => tf.eye(4)),
    code: 'class-count-mismatch',
    message: /4 wide.*3 classes/,
  },
  {
    name: 'labels per pixel',
    forget: labelled(() => tf.zeros([4, 2, 2])),
    code: 'invalid-labels',
    message: /class ids \[N\] or one-hot.*\[4, 2, 2\]/,
  },
  { name: 'too few labels', forget: labelled(ids(0, 1, 2)), code: 'size-mismatch', message: /4 inputs but 3 labels/ },
  {
    name: 'an empty set',
    forget: ({ tensor }) => ({ xs: tensor(tf.zeros([0, 4])), ys: tensor(tf.zeros([0])) }),
    code: 'empty-set',
    message: /no examples.*at least one/,
  },
  {
    name: 'NaN in the inputs',
    forget: withInputs(oneValue(NaN)),
    code: 'invalid-inputs',
    message: /example 2 holds NaN/,
  },
  {
    name: 'infinite inputs',
    forget: withInputs(oneValue(Infinity)),
    code: 'invalid-inputs',
    message: /holds Infinity/,
  },
  {
    name: 'pixels of 0 … 255',
    forget: withInputs(oneValue(255)),
    code: 'out-of-bounds',
    message: /from 0\.5 to 255, outside the bounds \[0, 1\].*bounds.*preprocess/,
  },
  { name: 'standardised inputs', forget: withInputs(oneValue(-1.3)), code: 'out-of-bounds', message: /-1\.3 to 0\.5/ },
  {
    name: 'inputs of another shape',
    forget: withInputs(() => tf.zeros([4, 2, 2])),
    code: 'invalid-inputs',
    message: /expected inputs of shape \[4\].*got \[2, 2\]/,
  },
  {
    name: 'a single input',
    forget: withInputs(() => tf.zeros([4])),
    code: 'invalid-inputs',
    message: /needs a batch axis/,
  },
  {
    name: 'boolean inputs',
    forget: withInputs(() => tf.zeros([4, 4], 'bool')),
    code: 'invalid-inputs',
    message: /float32 or int32, got bool.*tf\.cast/,
  },
  {
    name: 'a source without examples',
    forget: () => ({ size: 0, inputShape: [4], classCount: 3, gather: () => undefined }),
    code: 'empty-set',
    message: /no examples/,
  },
  {
    name: 'a source of other classes',
    forget: () => ({ size: 4, inputShape: [4], classCount: 10, gather: () => undefined }),
    code: 'class-count-mismatch',
    message: /10 classes, but the model tells 3/,
  },
  {
    name: 'a source of another shape',
    forget: () => ({ size: 4, inputShape: [28, 28, 1], classCount: 3, gather: () => undefined }),
    code: 'invalid-inputs',
    message: /expected inputs of shape \[4\].*got \[28, 28, 1\]/,
  },
];

/** Run options that can't be meant. */
export const RUN_FAULTS: readonly Fault[] = (
  [
    ['a negative seed', { seed: -1 }, /seed: expected a whole number at least 0, got -1/],
    ['a fractional seed', { seed: 0.5 }, /seed: .*got 0\.5/],
    ['a NaN seed', { seed: NaN }, /seed: .*got NaN/],
    ['an infinite seed', { seed: Infinity }, /seed: .*got Infinity/],
    ['a string for a seed', { seed: '7' }, /seed: .*got the string '7'/],
    ['a controller for a signal', { signal: new AbortController() }, /signal: expected an AbortSignal/],
    ['a string for onProgress', { onProgress: 'log' }, /onProgress: expected a function, got the string 'log'/],
    ['a misspelt option', { onprogress: () => undefined }, /no option 'onprogress'; known options are/],
    ['null for options', null, /expected an options object, got null/],
  ] as const
).map(([name, run, message]) => ({ name, run, message, code: 'invalid-option' }));
