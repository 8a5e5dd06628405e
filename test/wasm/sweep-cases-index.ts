/** Cases of the sweep: gathering, segment sums, one-hot vectors, largest elements. */
import * as tf from '@tensorflow/tfjs-core';
import type { SweepCase } from './sweep-run';

const GATHERS: readonly (readonly [number[], number[], number[], number, number])[] = [
  [[5], [4], [0, 4, 2, 2], 0, 0],
  [[4, 3], [3], [3, 0, 3], 0, 0],
  [[4, 3], [2, 2], [2, 0, 1, 1], 1, 0],
  [[2, 3, 4], [3], [1, 1, 2], 1, 0],
  [[2, 3], [2, 2], [2, 0, 1, 1], 1, 1],
  [[2, 3, 2], [2, 3], [2, 0, 1, 1, 1, 0], 1, 1],
];

export const indexCases: readonly SweepCase[] = [
  ...GATHERS.flatMap(([shape, indexShape, indices, axis, batchDims]) =>
    (['float32', 'int32', 'bool'] as const).map((dtype) => ({
      kernel: tf.GatherV2,
      label: `[${shape.join()}] at [${indexShape.join()}] along ${axis}, batch ${batchDims}, ${dtype}`,
      inputs: [
        { shape, dtype },
        { shape: indexShape, dtype: 'int32' as const, fixed: indices },
      ],
      run: (x: tf.Tensor, i: tf.Tensor) => tf.gather(x, i as tf.Tensor1D, axis, batchDims),
    })),
  ),
  ...(
    [
      [[6], [6], [0, 2, 2, -1, 0, 1], 3],
      [[4, 3], [4], [1, 0, 1, 3], 4],
      [[2, 2, 3], [2], [1, 1], 2],
    ] as const
  ).map(([shape, idShape, ids, count]) => ({
    kernel: tf.UnsortedSegmentSum,
    label: `[${shape.join()}] ${ids.join()}`,
    inputs: [{ shape: [...shape] }, { shape: [...idShape], dtype: 'int32' as const, fixed: ids }],
    run: (x: tf.Tensor, i: tf.Tensor) => tf.unsortedSegmentSum(x, i as tf.Tensor1D, count),
  })),
  {
    kernel: tf.OneHot,
    label: 'in and out of range',
    inputs: [{ shape: [5], dtype: 'int32', fixed: [0, 2, -1, 3, 7] }],
    run: (i) => tf.oneHot(i, 4, 0.9, 0.1),
  },
  {
    kernel: tf.OneHot,
    label: '[2,3], int32',
    inputs: [{ shape: [2, 3], dtype: 'int32', fixed: [0, 2, 1, 3, 3, 0] }],
    run: (i) => tf.oneHot(i, 4, 1, 0, 'int32'),
  },
  ...(
    [
      [[5], 2],
      [[3, 6], 3],
    ] as const
  ).flatMap(([shape, k]) =>
    (['float32', 'int32'] as const).flatMap((dtype) => [
      {
        kernel: 'TopK',
        label: `[${shape.join()}] ${dtype}`,
        inputs: [{ shape: [...shape], dtype }],
        run: (x: tf.Tensor) => tf.topk(x, k).values,
        wrt: [],
        kinds: ['random', 'negative', 'zero', 'tied', 'large'] as const,
      },
      {
        kernel: 'TopK',
        label: `[${shape.join()}] ${dtype}, indices`,
        inputs: [{ shape: [...shape], dtype }],
        run: (x: tf.Tensor) => tf.topk(x, k).indices,
        wrt: [],
        kinds: ['random', 'negative', 'zero', 'tied', 'large'] as const,
      },
    ]),
  ),
];
