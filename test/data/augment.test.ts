import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, describe, expect, it } from 'vitest';
import type { RandomStream } from '../../src/core/random';
import { randomStream } from '../../src/core/random';
import { randomCropFlip } from '../../src/data/augment';
import { expectRefusal, expectTensors } from './support';

/** A stream whose integers are scripted. */
function scripted(...draws: number[]): RandomStream {
  return { ...randomStream(0), int: () => draws.shift()! };
}

/** The original's two steps, pixel by pixel: pad and crop, then mirror the crop. */
function naiveCropFlip(xs: number[], shape: number[], padding: number, flip: boolean, random: RandomStream): number[] {
  const [n, h, w, c] = shape;
  const out: number[] = [];
  for (let b = 0; b < n; b += 1) {
    const top = random.int(2 * padding + 1);
    const left = random.int(2 * padding + 1);
    const mirrored = flip && random.int(2) === 1;
    const padded = (y: number, x: number, channel: number): number => {
      const [row, column] = [y - padding, x - padding];
      if (row < 0 || row >= h || column < 0 || column >= w) return 0;
      return xs[((b * h + row) * w + column) * c + channel];
    };
    for (let y = 0; y < h; y += 1) {
      for (let x = 0; x < w; x += 1) {
        const cropX = mirrored ? w - 1 - x : x;
        for (let channel = 0; channel < c; channel += 1) out.push(padded(top + y, left + cropX, channel));
      }
    }
  }
  return out;
}

describe.each(['cpu', 'wasm'])('randomCropFlip on %s', (backend) => {
  const use = () => tf.setBackend(backend);
  afterAll(() => tf.setBackend('cpu'));

  // Padding 1: draws 2, 0 move the window one down and one left, so the image moves one up and one right.
  //   1 2 3      0 4 5      mirrored: 5 4 0
  //   4 5 6  →   0 0 0                0 0 0
  it.each([
    ['crops', 0, [0, 4, 5, 0, 0, 0]],
    ['crops and mirrors', 1, [5, 4, 0, 0, 0, 0]],
  ])('%s a 2 × 3 image', async (_, mirrored, expected) => {
    await use();
    const image = tf.tensor4d([1, 2, 3, 4, 5, 6], [1, 2, 3, 1]);
    const changed = randomCropFlip({ padding: 1 })(image, scripted(2, 0, mirrored));
    expect(changed.shape).toEqual([1, 2, 3, 1]);
    expect(Array.from(changed.dataSync())).toEqual(expected);
    tf.dispose([image, changed]);
  });

  it('agrees with the naive twin, to the bit', async () => {
    await use();
    const shapes = [
      [3, 6, 5, 3],
      [2, 3, 7, 1],
      [4, 2, 2, 2],
    ];
    for (const shape of shapes) {
      for (const [padding, flip] of [
        [0, true],
        [1, false],
        [2, true],
        [9, true],
      ] as const) {
        const random = randomStream(11, 'pixels', padding);
        const pixels = Float32Array.from({ length: tf.util.sizeFromShape(shape) }, () => random.normal());
        const xs = tf.tensor(pixels, shape);
        const augment = randomCropFlip({ padding, flip });
        const changed = await expectTensors(1, () => augment(xs, randomStream(4, 'augment')));
        const naive = naiveCropFlip(Array.from(pixels), shape, padding, flip, randomStream(4, 'augment'));
        expect(Array.from(changed.dataSync())).toEqual(naive);
        tf.dispose([xs, changed]);
      }
    }
  });
});

describe('randomCropFlip', () => {
  it('treats each image by itself, repeats for a seed, and differs for another', () => {
    const xs = tf.tile(tf.reshape(tf.range(1, 65), [1, 8, 8, 1]), [16, 1, 1, 1]);
    const run = (seed: number): string[] => {
      const changed = randomCropFlip()(xs, randomStream(seed));
      const rows = (tf.reshape(changed, [16, 64]) as tf.Tensor2D).arraySync().map((row) => row.join());
      changed.dispose();
      return rows;
    };
    expect(new Set(run(1)).size).toBeGreaterThan(12);
    expect(run(1)).toEqual(run(1));
    expect(run(1)).not.toEqual(run(2));
    xs.dispose();
  });

  it('mirrors about half of the images', () => {
    const xs = tf.tile(tf.reshape(tf.tensor1d([1, 2]), [1, 1, 2, 1]), [400, 1, 1, 1]);
    const changed = randomCropFlip({ padding: 0 })(xs, randomStream(3));
    const mirrored = Array.from(changed.dataSync()).filter((value, i) => i % 2 === 0 && value === 2).length;
    expect(Math.abs(mirrored - 200)).toBeLessThan(50); // five standard deviations
    tf.dispose([xs, changed]);
  });

  it('keeps int32 images int32', () => {
    const xs = tf.ones([1, 2, 2, 1], 'int32');
    const changed = randomCropFlip({ padding: 0 })(xs, randomStream(0));
    expect(changed.dtype).toBe('int32');
    tf.dispose([xs, changed]);
  });

  it('refuses bad options, and anything but images', async () => {
    await expectRefusal('invalid-option', /padding/, () => randomCropFlip({ padding: -1 }));
    await expectRefusal('invalid-option', /padding/, () => randomCropFlip({ padding: 1.5 }));
    await expectRefusal('invalid-option', /flip/, () => randomCropFlip({ flip: 1 as unknown as boolean }));
    await expectRefusal('invalid-option', /no option 'pad'/, () => randomCropFlip({ pad: 1 } as object));
    const xs = tf.zeros([2, 5]);
    await expectRefusal('invalid-inputs', /expected images/, () => randomCropFlip()(xs, randomStream(0)));
    xs.dispose();
  });

  it('refuses batches whose pixels WebGL cannot number', async () => {
    const huge = { shape: [64, 512, 512, 3] } as unknown as tf.Tensor;
    await expectRefusal('invalid-inputs', /16777216 pixels, .*lower batchSize/, () =>
      randomCropFlip()(huge, randomStream(0)),
    );
  });
});
