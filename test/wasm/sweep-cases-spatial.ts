/** Cases of the sweep: images and volumes - pooling, convolution, resizing, normalisation. */
import * as tf from '@tensorflow/tfjs-core';
import type { SweepCase } from './sweep-run';

type Pad = 'same' | 'valid' | number;

/** Image, window, stride, padding. */
const POOLS: readonly (readonly [number[], number | [number, number], number | [number, number], Pad])[] = [
  [[2, 4, 4, 3], 2, 2, 'valid'],
  [[1, 5, 7, 2], 3, 2, 'same'],
  [[1, 5, 7, 2], [2, 3], [1, 2], 'same'],
  [[1, 6, 5, 1], 3, 1, 'valid'],
  [[1, 5, 5, 2], 3, 2, 1],
  [[2, 3, 3, 2], 1, 1, 'valid'],
  [[1, 3, 4, 2], [3, 4], 1, 'valid'],
];

const POOLS_3D: readonly (readonly [number[], number, number, 'same' | 'valid'])[] = [
  [[1, 4, 4, 4, 2], 2, 2, 'valid'],
  [[1, 3, 4, 5, 2], 3, 2, 'same'],
  [[1, 3, 3, 3, 1], 2, 1, 'same'],
  [[2, 2, 3, 2, 2], 1, 1, 'valid'],
];

const AVERAGE_FAULT = 'cpu divides by the whole window, its forward pass by the part inside the image';

const pools: SweepCase[] = [
  ...POOLS.flatMap(([shape, size, stride, pad]) => {
    const label = `[${shape.join()}] window ${String(size)}, stride ${String(stride)}, ${pad}`;
    const inputs = [{ shape }];
    return [
      { kernel: tf.MaxPool, label, inputs, run: (x: tf.Tensor) => tf.maxPool(x as tf.Tensor4D, size, stride, pad) },
      {
        kernel: tf.AvgPool,
        label,
        inputs,
        run: (x: tf.Tensor) => tf.avgPool(x as tf.Tensor4D, size, stride, pad),
        contracts: true,
        cpuGradientFault: pad === 'valid' ? undefined : AVERAGE_FAULT,
      },
    ];
  }),
  ...POOLS_3D.flatMap(([shape, size, stride, pad]) => {
    const label = `[${shape.join()}] window ${size}, stride ${stride}, ${pad}`;
    const inputs = [{ shape }];
    return [
      { kernel: tf.MaxPool3D, label, inputs, run: (x: tf.Tensor) => tf.maxPool3d(x as tf.Tensor5D, size, stride, pad) },
      {
        kernel: tf.AvgPool3D,
        label,
        inputs,
        run: (x: tf.Tensor) => tf.avgPool3d(x as tf.Tensor5D, size, stride, pad),
        contracts: true,
        cpuGradientFault: pad === 'valid' ? undefined : AVERAGE_FAULT,
      },
    ];
  }),
];

/** Image, filter, stride, padding. */
const CONVOLUTIONS: readonly (readonly [number[], number[], number | [number, number], Pad])[] = [
  [[2, 5, 5, 3], [3, 3, 3, 4], 1, 'same'],
  [[1, 6, 5, 2], [3, 3, 2, 3], 2, 'same'],
  [[1, 7, 7, 1], [5, 5, 1, 2], 1, 'valid'],
  [[1, 7, 6, 2], [3, 2, 2, 2], 3, 'valid'],
  [[1, 6, 7, 2], [2, 3, 2, 2], [2, 1], 'same'],
  [[2, 3, 4, 3], [1, 1, 3, 2], 1, 'valid'],
  [[1, 5, 5, 2], [3, 3, 2, 2], 2, 1],
];

const ACTIVATIONS = ['linear', 'relu', 'relu6', 'elu', 'sigmoid'] as const;

const convolutions: SweepCase[] = [
  ...CONVOLUTIONS.map(([shape, filter, stride, pad]) => ({
    kernel: tf.Conv2D,
    label: `[${shape.join()}] by [${filter.join()}], stride ${String(stride)}, ${pad}`,
    inputs: [{ shape }, { shape: filter }],
    run: (x: tf.Tensor, w: tf.Tensor) => tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, stride, pad),
    contracts: true,
  })),
  {
    kernel: tf.Conv2D,
    label: 'dilated: forward only, tfjs has no gradient on any backend',
    inputs: [{ shape: [1, 6, 6, 2] }, { shape: [3, 3, 2, 2] }],
    run: (x, w) => tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, 1, 'same', 'NHWC', 2),
    wrt: [],
    contracts: true,
  },
  ...CONVOLUTIONS.filter(([, , , pad]) => typeof pad === 'string').map(([shape, filter, stride, pad]) => {
    const height = shape[1] * (typeof stride === 'number' ? stride : stride[0]) + (pad === 'valid' ? filter[0] - 1 : 0);
    const width = shape[2] * (typeof stride === 'number' ? stride : stride[1]) + (pad === 'valid' ? filter[1] - 1 : 0);
    return {
      kernel: tf.Conv2DBackpropInput,
      label: `transposed [${shape.join()}] by [${filter.join()}], stride ${String(stride)}, ${pad}`,
      inputs: [{ shape }, { shape: [filter[0], filter[1], filter[3], filter[2]] }],
      run: (x: tf.Tensor, w: tf.Tensor) =>
        tf.conv2dTranspose(
          x as tf.Tensor4D,
          w as tf.Tensor4D,
          [shape[0], height, width, filter[3]],
          stride,
          pad as 'same' | 'valid',
        ),
      contracts: true,
    };
  }),
  ...(
    [
      [[1, 5, 5, 3], [3, 3, 3, 1], 1, 'same'],
      [[2, 6, 5, 2], [3, 3, 2, 2], 2, 'same'],
      [[1, 5, 5, 2], [2, 2, 2, 1], 1, 'valid'],
    ] as const
  ).map(([shape, filter, stride, pad]) => ({
    kernel: tf.DepthwiseConv2dNative,
    label: `[${shape.join()}] by [${filter.join()}], stride ${stride}, ${pad}`,
    inputs: [{ shape: [...shape] }, { shape: [...filter] }],
    run: (x: tf.Tensor, w: tf.Tensor) => tf.depthwiseConv2d(x as tf.Tensor4D, w as tf.Tensor4D, stride, pad),
    contracts: true,
  })),
  ...(
    [
      [[1, 4, 4, 4, 2], [2, 2, 2, 2, 3], 1, 'valid'],
      [[1, 3, 4, 5, 1], [3, 3, 3, 1, 2], 2, 'same'],
      [[2, 3, 3, 3, 2], [1, 1, 1, 2, 2], 1, 'same'],
    ] as const
  ).map(([shape, filter, stride, pad]) => ({
    kernel: tf.Conv3D,
    label: `[${shape.join()}] by [${filter.join()}], stride ${stride}, ${pad}`,
    inputs: [{ shape: [...shape] }, { shape: [...filter] }],
    run: (x: tf.Tensor, w: tf.Tensor) => tf.conv3d(x as tf.Tensor5D, w as tf.Tensor5D, stride, pad),
    contracts: true,
  })),
  {
    kernel: tf.Conv3DBackpropInputV2,
    label: 'transposed',
    inputs: [{ shape: [1, 2, 3, 2, 2] }, { shape: [2, 2, 2, 3, 2] }],
    run: (x, w) => tf.conv3dTranspose(x as tf.Tensor5D, w as tf.Tensor5D, [1, 4, 6, 4, 3], 2, 'same'),
    contracts: true,
  },
  ...ACTIVATIONS.flatMap((activation) => [
    {
      kernel: 'FusedConv2D',
      label: activation,
      inputs: [{ shape: [1, 5, 5, 2] }, { shape: [3, 3, 2, 3] }, { shape: [3] }],
      run: (x: tf.Tensor, filter: tf.Tensor, bias: tf.Tensor) =>
        tf.fused.conv2d({ x, filter, bias, strides: 1, pad: 'same', activation } as never),
      contracts: true,
      finiteDifference: !activation.startsWith('relu'), // of 75 outputs, some lie within a step of the kink
    },
    {
      kernel: 'FusedDepthwiseConv2D',
      label: activation,
      inputs: [{ shape: [1, 5, 5, 2] }, { shape: [3, 3, 2, 2] }, { shape: [4] }],
      run: (x: tf.Tensor, filter: tf.Tensor, bias: tf.Tensor) =>
        tf.fused.depthwiseConv2d({ x, filter, bias, strides: 1, pad: 'same', activation } as never),
      contracts: true,
      finiteDifference: !activation.startsWith('relu'),
    },
  ]),
];

const dilations: SweepCase[] = (
  [
    [[1, 4, 4, 2], [2, 2, 2], 1, 'valid', 1],
    [[2, 5, 6, 1], [3, 2, 1], 2, 'same', 1],
    [[1, 6, 6, 2], [2, 2, 2], 1, 'same', 2],
  ] as const
).map(([shape, filter, stride, pad, dilation]) => ({
  kernel: tf.Dilation2D,
  label: `[${shape.join()}] by [${filter.join()}], stride ${stride}, ${pad}, dilation ${dilation}`,
  inputs: [{ shape: [...shape] }, { shape: [...filter] }],
  run: (x: tf.Tensor, w: tf.Tensor) =>
    tf.dilation2d(x as tf.Tensor4D, w as tf.Tensor3D, [stride, stride], pad, [dilation, dilation]),
  // Two windows that compete may swap winners within the step.
  finiteDifference: false,
}));

const RESIZES: readonly (readonly [number[], [number, number]])[] = [
  [
    [2, 3, 4, 2],
    [6, 8],
  ],
  [
    [1, 5, 7, 3],
    [3, 4],
  ],
  [
    [1, 4, 3, 1],
    [4, 3],
  ],
  [
    [1, 3, 5, 2],
    [7, 2],
  ],
  [
    [1, 1, 1, 2],
    [3, 3],
  ],
  [
    [1, 4, 5, 2],
    [1, 1],
  ],
];

const resizes: SweepCase[] = RESIZES.flatMap(([shape, size]) =>
  (
    [
      [false, false],
      [true, false],
      [false, true],
    ] as const
  ).flatMap(([alignCorners, halfPixelCenters]) => {
    const label = `[${shape.join()}] to ${size.join()}${alignCorners ? ', corners aligned' : ''}${halfPixelCenters ? ', half pixel centers' : ''}`;
    return (['float32', 'int32'] as const).flatMap((dtype) => [
      {
        kernel: tf.ResizeBilinear,
        label: `${label}, ${dtype}`,
        inputs: [{ shape, dtype }],
        run: (x: tf.Tensor) => tf.image.resizeBilinear(x as tf.Tensor4D, size, alignCorners, halfPixelCenters),
        contracts: true,
        cpuGradientFault: 'cpu swaps height and width, and ignores halfPixelCenters',
      },
      {
        kernel: tf.ResizeNearestNeighbor,
        label: `${label}, ${dtype}`,
        inputs: [{ shape, dtype }],
        run: (x: tf.Tensor) => tf.image.resizeNearestNeighbor(x as tf.Tensor4D, size, alignCorners, halfPixelCenters),
        contracts: true,
        cpuGradientFault:
          'cpu rounds otherwise than its forward pass, and never ends on one pixel with aligned corners',
      },
    ]);
  }),
);

const NORM_SHAPES = [
  [4, 3],
  [2, 3, 2],
  [2, 3, 4, 2],
];

const normalisations: SweepCase[] = [
  ...NORM_SHAPES.map((shape) => {
    const channels = [shape[shape.length - 1]];
    return {
      kernel: tf.FusedBatchNorm,
      label: `[${shape.join()}]`,
      inputs: [
        { shape },
        { shape: channels },
        { shape: channels, range: [0.5, 2] as const },
        { shape: channels },
        { shape: channels },
      ],
      run: (x: tf.Tensor, mean: tf.Tensor, variance: tf.Tensor, offset: tf.Tensor, scale: tf.Tensor) =>
        tf.batchNorm(
          x as tf.Tensor4D,
          mean as tf.Tensor1D,
          variance as tf.Tensor1D,
          offset as tf.Tensor1D,
          scale as tf.Tensor1D,
          1e-3,
        ),
      contracts: true,
    };
  }),
  ...(
    [
      [5, 1, 1, 0.5],
      [2, 0.5, 2, 0.75],
      [0, 1, 0.5, 1],
    ] as const
  ).map(([radius, bias, alpha, beta]) => ({
    kernel: tf.LRN,
    label: `radius ${radius}, beta ${beta}`,
    inputs: [{ shape: [1, 2, 3, 7] }],
    run: (x: tf.Tensor) => tf.localResponseNormalization(x as tf.Tensor4D, radius, bias, alpha, beta),
    contracts: true,
  })),
];

export const spatialCases: readonly SweepCase[] = [
  ...pools,
  ...convolutions,
  ...dilations,
  ...resizes,
  ...normalisations,
];
