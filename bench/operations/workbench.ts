/**
 * What the operations of one process share: images, and models with their weights.
 */
import * as tf from '@tensorflow/tfjs-core';
import { type Classifier, classifier, type Examples, fromArrays, type Predictions } from 'amun-ts';
import { type ImageSet, loadFashionMnist } from '../../examples/fashion-mnist/dataset';
import { RunControl } from '../../src/core/run';
import { openData } from '../../src/data/open';
import type { ClassifierView } from '../../src/model/classifier';
import { predict } from '../../src/model/predict';
import { buildNetwork, type NetworkName } from '../models';
import { readWeights, writeWeights } from '../weights';

const PIXELS = 28 * 28;
const TEST_IMAGES = 2000;
const TRAIN_IMAGES = 10_000;

/** Images and models. Views stay the same between operations, so that what an engine compiled for them is kept. */
export class Workbench {
  private readonly models = new Map<NetworkName, Classifier>();
  private sets: { readonly train: ImageSet; readonly test: ImageSet } | undefined;

  /** Reads the images. */
  open(folder: string): void {
    this.sets = loadFashionMnist(folder, TRAIN_IMAGES, TEST_IMAGES);
  }

  /** A model with the weights of a file; where there is no file yet, the model's initial weights are written to it. */
  async load(name: NetworkName, weights: string, create = false): Promise<object> {
    const model = buildNetwork(name);
    if (create) await writeWeights(weights, model);
    else readWeights(weights, model);
    this.models.set(name, classifier(model));
    return {};
  }

  /** A loaded model. */
  view(name: NetworkName): Classifier {
    const view = this.models.get(name);
    if (view === undefined) throw new Error(`there is no model ${name}: ask for 'load' first`);
    return view;
  }

  /** Training or test images from one position on. The caller disposes them. */
  images(start: number, count: number, part: 'train' | 'test' = 'train'): Examples {
    const { pixels, labels, size } = this.sets![part];
    if (start + count > size) throw new Error(`there are ${size} ${part} images, ${start + count} were asked for`);
    const xs = pixels.subarray(start * PIXELS, (start + count) * PIXELS);
    return fromArrays({ xs, shape: [28, 28, 1], ys: labels.subarray(start, start + count) });
  }

  /** Logits of the first training images. */
  async logits(name: NetworkName, count: number): Promise<{ logits: number[] }> {
    const images = this.images(0, count);
    try {
      return { logits: [...(await predictAll(this.view(name), images, count)).logits] };
    } finally {
      disposeExamples(images);
    }
  }
}

/** Disposes images and labels. */
export function disposeExamples({ xs, ys }: Examples): void {
  tf.dispose([xs, ys]);
}

/** Predictions as `evaluate` makes them. */
export async function predictAll(view: Classifier, examples: Examples, batch: number): Promise<Predictions> {
  const { expectedData } = view as ClassifierView;
  const data = await openData('bench', examples, expectedData);
  const control = new RunControl(undefined, 'predict', 'examples', data.size);
  return predict(view as ClassifierView, data, control, undefined, batch);
}
