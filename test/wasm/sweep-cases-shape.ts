/** Cases of the sweep: ops that move values. */
import * as tf from '@tensorflow/tfjs-core';
import type { SweepCase } from './sweep-run';

const flat = (tensors: tf.Tensor[]): tf.Tensor => tf.concat(tensors.map((t, i) => tf.mul(tf.reshape(t, [-1]), i + 1)));

/** One float32 input, its int32 and bool twins for the forward value. */
function typed(kernel: string, label: string, shape: readonly number[], run: (x: tf.Tensor) => tf.Tensor): SweepCase[] {
  return (['float32', 'int32', 'bool'] as const).map((dtype) => ({
    kernel,
    label: dtype === 'float32' ? label : `${label}, ${dtype}`,
    inputs: [{ shape, dtype }],
    run,
    contracts: true,
  }));
}

const TRANSPOSES: readonly (readonly [number[], number[]])[] = [
  [
    [3, 5],
    [1, 0],
  ],
  [
    [2, 3, 5],
    [2, 0, 1],
  ],
  [
    [2, 3, 5],
    [0, 2, 1],
  ],
  [
    [2, 3, 4, 5],
    [3, 1, 0, 2],
  ],
  [
    [2, 1, 3, 2, 2],
    [4, 3, 2, 1, 0],
  ],
  [
    [2, 1, 3, 2, 2, 2],
    [5, 0, 3, 2, 1, 4],
  ],
  [
    [1, 3, 1],
    [2, 1, 0],
  ],
];

const TILES: readonly (readonly [number[], number[]])[] = [
  [[3], [4]],
  [
    [2, 3],
    [2, 1],
  ],
  [
    [2, 1, 3],
    [1, 3, 2],
  ],
  [
    [1, 2, 1, 2],
    [2, 1, 3, 2],
  ],
];

const PADS: readonly (readonly [number[], [number, number][]])[] = [
  [[5], [[2, 1]]],
  [
    [2, 3],
    [
      [1, 0],
      [0, 2],
    ],
  ],
  [
    [2, 3, 2],
    [
      [0, 0],
      [1, 2],
      [0, 1],
    ],
  ],
  [
    [1, 3, 3, 2],
    [
      [0, 0],
      [1, 1],
      [2, 0],
      [0, 0],
    ],
  ],
];

const MIRRORS: readonly (readonly [number[], [number, number][]])[] = [
  [[5], [[2, 1]]],
  [
    [3, 4],
    [
      [1, 2],
      [2, 0],
    ],
  ],
  [
    [1, 3, 4, 2],
    [
      [0, 0],
      [2, 1],
      [1, 2],
      [0, 0],
    ],
  ],
];

const moves: SweepCase[] = [
  ...typed(tf.Reshape, '[2,3,5] to [5,6]', [2, 3, 5], (x) => tf.reshape(x, [5, 6])),
  ...typed(tf.ExpandDims, '[3,5] at 1', [3, 5], (x) => tf.expandDims(x, 1)),
  ...typed('Reshape', 'squeeze', [3, 1, 5], (x) => tf.squeeze(x, [1])),
  ...TRANSPOSES.flatMap(([shape, perm]) =>
    typed(tf.Transpose, `[${shape.join()}] by ${perm.join()}`, shape, (x) => tf.transpose(x, perm)),
  ),
  ...TILES.flatMap(([shape, reps]) =>
    typed(tf.Tile, `[${shape.join()}] by ${reps.join()}`, shape, (x) => tf.tile(x, reps)),
  ),
  ...PADS.flatMap(([shape, paddings]) =>
    typed(tf.PadV2, `[${shape.join()}]`, shape, (x) => tf.pad(x, paddings, x.dtype === 'bool' ? 1 : -3)),
  ),
  ...MIRRORS.flatMap(([shape, paddings]) =>
    (['reflect', 'symmetric'] as const).flatMap((mode) =>
      typed(tf.MirrorPad, `${mode} [${shape.join()}]`, shape, (x) => tf.mirrorPad(x, paddings, mode)),
    ),
  ),
  ...(
    [
      [[7], [0]],
      [[3, 5], [1]],
      [
        [2, 3, 4],
        [0, 2],
      ],
      [
        [2, 3, 4, 2],
        [1, 3],
      ],
    ] as const
  ).flatMap(([shape, axes]) =>
    typed(tf.Reverse, `[${shape.join()}] ${axes.join()}`, shape, (x) => tf.reverse(x, [...axes])),
  ),
  ...(
    [
      [[7], [2], [3]],
      [
        [3, 5],
        [1, 0],
        [2, -1],
      ],
      [
        [2, 3, 4],
        [0, 1, 2],
        [2, 1, 2],
      ],
      [
        [2, 3, 4, 2],
        [1, 0, 1, 0],
        [1, 3, 2, 1],
      ],
      [
        [2, 2, 3, 2, 2],
        [0, 1, 1, 0, 0],
        [2, 1, 2, 1, 2],
      ],
    ] as const
  ).flatMap(([shape, begin, size]) =>
    typed(tf.Slice, `[${shape.join()}] from ${begin.join()}`, shape, (x) => tf.slice(x, [...begin], [...size])),
  ),
  ...typed('StridedSlice', 'steps', [5, 7], (x) => tf.stridedSlice(x, [0, 6], [5, 0], [2, -2])).map((c) => ({
    ...c,
    wrt: [],
  })),
  ...(
    [
      [
        [1, 3],
        [4, 3],
      ],
      [[3], [2, 3]],
      [
        [2, 1, 3],
        [2, 4, 3],
      ],
    ] as const
  ).flatMap(([shape, to]) =>
    typed(tf.BroadcastTo, `[${shape.join()}] to [${to.join()}]`, shape, (x) => tf.broadcastTo(x, [...to])),
  ),
];

const PARTS: readonly (readonly [number[], number | number[], number])[] = [
  [[6], 3, 0],
  [[3, 6], [1, 3, 2], 1],
  [[4, 3], 2, 0],
  [[2, 6, 2], [4, 2], 1],
];

const groups: SweepCase[] = [
  ...PARTS.flatMap(([shape, parts, axis]) =>
    typed(tf.SplitV, `[${shape.join()}] into ${String(parts)}`, shape, (x) => flat(tf.split(x, parts as number, axis))),
  ),
  ...[0, 1, -1].flatMap((axis) => typed(tf.Unpack, `[3,4,2] at ${axis}`, [3, 4, 2], (x) => flat(tf.unstack(x, axis)))),
  ...[0, 1, 2].flatMap((axis) =>
    (['float32', 'int32', 'bool'] as const).map((dtype) => ({
      kernel: tf.Pack,
      label: `at ${axis}, ${dtype}`,
      inputs: [
        { shape: [3, 5], dtype },
        { shape: [3, 5], dtype },
      ],
      run: (...xs: tf.Tensor[]) => tf.stack(xs, axis),
    })),
  ),
  ...(
    [
      [0, [2, 3], [1, 3]],
      [1, [2, 3], [2, 5]],
      [2, [2, 3, 1], [2, 3, 4]],
      [-1, [2, 1, 3, 2], [2, 1, 3, 5]],
    ] as const
  ).flatMap(([axis, a, b]) =>
    (['float32', 'int32', 'bool'] as const).map((dtype) => ({
      kernel: tf.Concat,
      label: `along ${axis}, ${dtype}`,
      inputs: [
        { shape: [...a], dtype },
        { shape: [...b], dtype },
      ],
      run: (...xs: tf.Tensor[]) => tf.concat(xs, axis),
    })),
  ),
  {
    kernel: tf.Concat,
    label: 'with an empty part',
    inputs: [{ shape: [0, 3] }, { shape: [2, 3] }],
    run: (...xs: tf.Tensor[]) => tf.concat(xs, 0),
    finiteDifference: false,
  },
];

const spaceAndBatch: SweepCase[] = [
  ...typed(tf.BatchToSpaceND, '[8,1,3,2]', [8, 1, 3, 2], (x) =>
    tf.batchToSpaceND(
      x,
      [2, 2],
      [
        [0, 0],
        [1, 0],
      ],
    ),
  ),
  ...typed(tf.SpaceToBatchND, '[2,2,5,1]', [2, 2, 5, 1], (x) =>
    tf.spaceToBatchND(
      x,
      [2, 2],
      [
        [0, 0],
        [1, 0],
      ],
    ),
  ),
  ...typed('DepthToSpace', '[1,2,3,4]', [1, 2, 3, 4], (x) => tf.depthToSpace(x as tf.Tensor4D, 2)).map((c) => ({
    ...c,
    wrt: [],
  })),
];

export const shapeCases: readonly SweepCase[] = [...moves, ...groups, ...spaceAndBatch];
