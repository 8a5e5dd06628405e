/**
 * A model seen as a classifier: inputs in known bounds, preprocessing folded in, logits out, whatever its last layer is.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { type Bounds, checkBounds } from '../core/bounds';
import { AmunError } from '../core/errors';
import { TINY } from '../core/float32';
import { checkKeys, checkOneOf, checkOptionalFunction, show } from '../core/options';
import type { ExpectedData } from '../data/open';
import { cloneModel } from './clone';
import { type ForwardMode, ForwardPass } from './forward';
import { findHead, type Head } from './head';
import { checkModelShape } from './model-shape';
import { modelVariables, type ModelVariable } from './variables';

/** What inputs are shifted and scaled by: (x − mean) / std. */
export interface Standardisation {
  /** Mean, one for all or one per channel. */
  readonly mean: number | readonly number[];
  /** Standard deviation, above 0, one for all or one per channel. */
  readonly std: number | readonly number[];
}

/** How to read a model as a classifier. */
export interface ClassifierOptions {
  /** Range of the inputs, before `preprocess`: `[low, high]`, or lists per channel. @default [0, 1] */
  readonly bounds?: Bounds;
  /**
   * What the model puts out. Known layers tell (softmax, sigmoid, linear); say it where the last one is a layer of your own.
   * @default read off the last layer
   */
  readonly outputs?: 'logits' | 'probabilities';
  /**
   * Standardisation that the model expects, folded in: the model sees (x − mean) / std, while examples, bounds and distances
   * stay in the units of x. Numbers, or lists per channel.
   */
  readonly preprocess?: Standardisation;
  /** Makes a copy of the model, where tfjs can't: custom layers that are not registered. */
  readonly clone?: () => LayersModel | Promise<LayersModel>;
}

/** A model with the facts that attacks and metrics need. Made by {@link classifier}; it owns nothing. */
export interface Classifier {
  /** The model itself. */
  readonly model: LayersModel;
  /** Classes K; one sigmoid unit makes 2. */
  readonly classCount: number;
  /** Shape of one input, without the batch axis; null where any size goes. */
  readonly inputShape: readonly (number | null)[];
  /** Range of the inputs. */
  readonly bounds: Bounds;
  /** Logits [N, K] of inputs [N, …], in inference mode. Differentiable. The caller disposes them. */
  logits(xs: Tensor): Tensor2D;
}

const BRAND = Symbol.for('amun-ts.classifier');

/** The library's own classifier: what {@link Classifier} shows, and what it keeps to itself. */
export class ClassifierView implements Classifier {
  /** @internal */
  readonly [BRAND] = true;
  readonly classCount: number;
  readonly inputShape: readonly (number | null)[];
  readonly bounds: Bounds;
  readonly variables: readonly ModelVariable[];
  private head: Head;
  private pass: ForwardPass;

  constructor(
    readonly model: LayersModel,
    readonly options: ClassifierOptions = {},
    /** True for the library's working copies: the caller can't reach them, so they need no lock. */
    readonly isPrivate = false,
  ) {
    this.head = declaredHead(model, options);
    this.pass = new ForwardPass(model, this.head);
    const units = model.outputs[0].shape.at(-1)!;
    this.classCount = units === 1 ? 2 : units;
    this.inputShape = model.inputs[0].shape.slice(1);
    this.bounds = options.bounds ?? [0, 1];
    this.variables = modelVariables(model);
  }

  /** What the model's outputs are; `unknown` until {@link settleHead} has seen values. */
  get headKind(): Head['kind'] {
    return this.head.kind;
  }

  /** Names of layers that draw random numbers beyond our seed. */
  get unseededLayers(): readonly string[] {
    return this.pass.unseededLayers;
  }

  /** What else than the model's weights decides what it computes, for the keys of steps. */
  get stepKey(): string {
    return JSON.stringify([this.head.kind, this.bounds, this.options.preprocess]);
  }

  /** What the model expects of its data. */
  get expectedData(): ExpectedData {
    const [low, high] = this.bounds;
    return { inputShape: this.inputShape, classCount: this.classCount, bounds: { low, high } };
  }

  /** Decides what an unknown head puts out. */
  settleHead(kind: 'logits' | 'probabilities'): void {
    this.head = { kind };
    this.pass = new ForwardPass(this.model, this.head);
  }

  logits(xs: Tensor): Tensor2D {
    return this.forward(xs, { kind: 'inference' });
  }

  /** Logits [N, K] in the given mode. */
  forward(xs: Tensor, mode: ForwardMode): Tensor2D {
    return tf.tidy((): Tensor2D => {
      const output = this.pass.run(this.preprocessed(xs), mode);
      const flat = tf.reshape(output, [xs.shape[0], output.shape.at(-1)!]) as Tensor2D; // [N, …1, U] -> [N, U]
      if (flat.shape[1] === 1) return this.binaryLogits(flat);
      return this.head.kind === 'probabilities' ? logarithm(flat) : flat;
    });
  }

  /** A private view of a copy of the model. */
  async clone(where: string): Promise<ClassifierView> {
    const copy = this.options.clone === undefined ? await cloneModel(where, this.model) : await this.options.clone();
    if ((copy as unknown) === this.model) {
      throw new AmunError('invalid-option', `${where}: classifier's clone() returned the model itself; return a copy.`);
    }
    return new ClassifierView(copy, this.options, true);
  }

  /** A private view of another model of the same kind, such as one with fresh weights. */
  withModel(model: LayersModel): ClassifierView {
    return new ClassifierView(model, this.options, true);
  }

  private preprocessed(xs: Tensor): Tensor {
    const { preprocess } = this.options;
    if (preprocess === undefined) return xs;
    return tf.div(tf.sub(xs, asTensor(preprocess.mean)), asTensor(preprocess.std));
  }

  /** One unit's logit z against 0, [N, 2]. */
  private binaryLogits(unit: Tensor2D): Tensor2D {
    const isLogit = this.head.kind !== 'probabilities';
    const z = isLogit ? unit : tf.sub<Tensor2D>(logarithm(unit), logarithm(tf.sub(1, unit)));
    return tf.concat([tf.zerosLike(z), z], 1);
  }
}

function logarithm(probabilities: Tensor2D): Tensor2D {
  return tf.log(tf.maximum(probabilities, TINY) as Tensor2D);
}

function asTensor(value: number | readonly number[]): number | Tensor {
  return typeof value === 'number' ? value : tf.tensor1d([...value]);
}

function declaredHead(model: LayersModel, { outputs }: ClassifierOptions): Head {
  const head = findHead(model);
  if (outputs === undefined) return head;
  // A known softmax or sigmoid is better left out than inverted by a logarithm that saturates.
  if (outputs === 'probabilities' && (head.kind === 'softmax' || head.kind === 'sigmoid')) return head;
  return { kind: outputs };
}

/**
 * Reads a model as a classifier. Whatever takes a model takes this, where the defaults do not fit.
 *
 * @param model - A tfjs-layers model with one input and one output of K classes: linear, softmax, or one sigmoid unit.
 * @throws AmunError `unsupported-model` for graph models, several inputs or outputs, per-timestep outputs, multi-label heads
 *   and stateful layers; `disposed`; `invalid-option`.
 *
 * @example
 * ```ts
 * const target = classifier(model, { preprocess: { mean: 0.286, std: 0.353 } });
 * const { model: forgotten } = await new Amun().unlearn(target, split);
 * ```
 */
export function classifier(model: LayersModel, options: ClassifierOptions = {}): Classifier {
  const where = 'classifier';
  checkModelShape(where, model);
  checkKeys(where, options, ['bounds', 'outputs', 'preprocess', 'clone']);
  const channels = model.inputs[0].shape.at(-1) ?? 1;
  if (options.bounds !== undefined) checkBounds(where, options.bounds, channels);
  if (options.outputs !== undefined) checkOneOf(`${where}: outputs`, options.outputs, ['logits', 'probabilities']);
  checkOptionalFunction(`${where}: clone`, options.clone);
  checkPreprocess(where, options.preprocess, channels);
  return viewOf(where, model, options);
}

function viewOf(where: string, model: LayersModel, options: ClassifierOptions): ClassifierView {
  const view = new ClassifierView(model, options);
  const units = model.outputs[0].shape.at(-1)!;
  if (units === 1 && options.outputs === undefined && view.headKind !== 'sigmoid') {
    throw new AmunError(
      'unsupported-model',
      `${where}: the model has one output unit without a sigmoid, as regression has; if it is the logit of class 1, say so with classifier(model, { outputs: 'logits' }).`,
    );
  }
  if (units > 1 && view.headKind === 'sigmoid') {
    throw new AmunError(
      'unsupported-model',
      `${where}: the model ends in ${units} sigmoid units, as multi-label models do; expected one label per example (softmax, linear, or one sigmoid unit).`,
    );
  }
  return view;
}

function checkPreprocess(where: string, preprocess: ClassifierOptions['preprocess'], channels: number): void {
  if (preprocess === undefined) return;
  checkKeys(`${where}: preprocess`, preprocess, ['mean', 'std']);
  const isList = (value: unknown): value is number[] => Array.isArray(value) && value.length === channels;
  for (const key of ['mean', 'std'] as const) {
    const value: unknown = preprocess[key];
    const numbers = isList(value) ? value : [value];
    const valid = (n: unknown): boolean => typeof n === 'number' && Number.isFinite(n) && (key === 'mean' || n > 0);
    if (!numbers.every(valid)) {
      throw new AmunError(
        'invalid-option',
        `${where}: preprocess: ${key}: expected ${key === 'std' ? 'a positive number' : 'a finite number'} or one per channel (${channels}), got ${show(value)}.`,
      );
    }
  }
}

/**
 * The library's view of what a caller passed as a model.
 *
 * @throws AmunError as {@link classifier} does.
 */
export function asClassifier(where: string, model: LayersModel | Classifier): ClassifierView {
  if (typeof model === 'object' && model !== null && BRAND in model) {
    const view = model as ClassifierView;
    checkModelShape(where, view.model);
    return view;
  }
  checkModelShape(where, model as LayersModel);
  return viewOf(where, model as LayersModel, {});
}
