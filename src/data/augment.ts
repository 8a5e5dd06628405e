/**
 * Augmentation: random changes that leave the class as it is, drawn anew for each batch.
 *
 * Random crop and flip as in He, Zhang, Ren, Sun, "Deep Residual Learning for Image Recognition" (2016), section 4.2;
 * the AMUN code uses torchvision's `RandomCrop(32, padding=4)`, then `RandomHorizontalFlip()`, on training images.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { AmunError, isAmunError } from '../core/errors';
import { checkBoolean, checkInteger, checkKeys, show } from '../core/options';
import type { RandomStream } from '../core/random';
import { isTensor, showShape } from './check';

/**
 * Changes a batch of inputs [B, …input] at random and returns a tensor of the same shape. Runs inside `tf.tidy`: use
 * ops only, dispose nothing, return no promise. Draw from `random` alone, so that a seed repeats a run.
 */
export type Augment = (xs: Tensor, random: RandomStream) => Tensor;

/** Options of {@link randomCropFlip}. */
export interface RandomCropFlipOptions {
  /** How far an image may shift in each direction, in pixels; what moves in is zero. @default 4 */
  readonly padding?: number;
  /** Whether every other image, at random, is mirrored left to right. @default true */
  readonly flip?: boolean;
}

/** Indices up to here are exact in float32, in which WebGL keeps them. */
const MAX_PIXELS = 2 ** 24;

/** Which pixel of the batch each output pixel [B * H * W] shows; B * H * W stands for the zero outside the images. */
function sourcePixels(
  [batch, height, width]: readonly number[],
  padding: number,
  flip: boolean,
  random: RandomStream,
): Int32Array {
  const outside = batch * height * width;
  const sources = new Int32Array(outside).fill(outside);
  for (let b = 0; b < batch; b += 1) {
    const dy = random.int(2 * padding + 1) - padding;
    const dx = random.int(2 * padding + 1) - padding;
    const mirrored = flip && random.int(2) === 1;
    for (let y = Math.max(0, -dy); y < Math.min(height, height - dy); y += 1) {
      for (let x = Math.max(0, -dx); x < Math.min(width, width - dx); x += 1) {
        const column = mirrored ? width - 1 - x : x;
        sources[(b * height + y) * width + column] = (b * height + y + dy) * width + (x + dx);
      }
    }
  }
  return sources;
}

function checkImages({ shape }: Tensor): void {
  if (shape.length !== 4) {
    throw new AmunError(
      'invalid-inputs',
      `randomCropFlip: expected images [N, H, W, C], got inputs of shape ${showShape(shape)}; leave the augmentation out.`,
    );
  }
  const pixels = shape[0] * shape[1] * shape[2];
  if (pixels >= MAX_PIXELS) {
    throw new AmunError(
      'invalid-inputs',
      `randomCropFlip: a batch ${showShape(shape)} has ${pixels} pixels, more than ${MAX_PIXELS - 1}; lower batchSize.`,
    );
  }
}

/**
 * Pads each image with zeros, crops it back to its size at a random place, and mirrors it left to right half of the
 * time: per example, exact to the bit on every backend (pixels move, nothing is computed). For images [B, H, W, C].
 *
 * @throws AmunError `invalid-option`; when applied, `invalid-inputs` for anything but images.
 */
export function randomCropFlip(options: RandomCropFlipOptions = {}): Augment {
  checkKeys('randomCropFlip', options, ['padding', 'flip']);
  const padding = checkInteger('randomCropFlip: padding', options.padding ?? 4, { min: 0 });
  const flip = checkBoolean('randomCropFlip: flip', options.flip ?? true);
  return (xs, random) => {
    checkImages(xs);
    const [batch, height, width, channels] = xs.shape;
    return tf.tidy(() => {
      const pixels = tf.reshape(xs, [batch * height * width, channels]);
      const withZero = tf.pad(pixels, [
        [0, 1],
        [0, 0],
      ]);
      // One flat gather: with batchDims, tfjs 4.22's wasm backend reads every example but the first from wrong places.
      const sources = tf.tensor1d(sourcePixels(xs.shape, padding, flip, random), 'int32');
      return tf.reshape(tf.gather(withZero, sources), xs.shape);
    });
  };
}

/**
 * Applies a caller's augmentation to a batch and disposes it.
 *
 * @throws AmunError `callback-failed` when the augmentation throws or returns anything but a tensor of the same shape.
 */
export function applyAugment(augment: Augment, xs: Tensor, random: RandomStream): Tensor {
  let result: Tensor | undefined;
  try {
    result = tf.tidy(() => checkedResult(augment(xs, random), xs.shape));
    return result;
  } catch (cause) {
    if (isAmunError(cause)) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new AmunError('callback-failed', `augment threw, which ends the run: ${reason}`, { cause });
  } finally {
    if (result !== xs) tf.dispose(xs);
  }
}

function checkedResult(result: unknown, shape: readonly number[]): Tensor {
  if (isTensor(result) && !result.isDisposed && result.shape.join() === shape.join()) return result;
  const came = isTensor(result) ? `a tensor ${showShape(result.shape)}` : show(result);
  throw new AmunError('callback-failed', `augment: expected a tensor of shape ${showShape(shape)} back, got ${came}.`);
}
