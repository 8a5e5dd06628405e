/**
 * The two gradients that everything is made of: of the inputs, for attacks, and of the weights, for training. Each is one
 * step from tensors to tensors without host reads, so that an engine may run it as a whole.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor, Tensor2D, Variable } from '@tensorflow/tfjs-core';
import type { ClassifierView } from './classifier';
import type { ForwardMode } from './forward';
import type { Loss } from './losses';

/** Logits [B, K] and the gradient [B, …] of the summed loss by the inputs. The caller disposes both. */
export interface InputGradient {
  readonly logits: Tensor2D;
  readonly gradient: Tensor;
}

/**
 * Gradient of the loss by the inputs, in inference mode. The loss is summed over the batch, so that each example's gradient is
 * independent of the others.
 */
export function inputGradient(view: ClassifierView, xs: Tensor, oneHot: Tensor2D, loss: Loss): InputGradient {
  return tf.tidy(() => {
    let kept: Tensor2D | undefined;
    const { value, grad } = tf.valueAndGrad((input: Tensor) => {
      const logits = view.forward(input, { kind: 'inference', unfused: true });
      kept = tf.keep(tf.clone(logits));
      return tf.sum(loss(logits, oneHot));
    })(xs);
    value.dispose();
    const logits = tf.clone(kept!);
    kept!.dispose();
    return { logits, gradient: grad };
  });
}

/** Loss and its gradients by the trainable variables, by variable name. The caller disposes all. */
export type WeightGradients = {
  readonly loss: Scalar;
  readonly gradients: tf.NamedTensorMap;
};

/** Gradient of `scale` times the mean loss of the batch by the trainable variables. */
export function weightGradients(
  view: ClassifierView,
  xs: Tensor,
  oneHot: Tensor2D,
  options: { readonly loss: Loss; readonly mode: ForwardMode; readonly scale?: number },
): WeightGradients {
  const trainable: Variable[] = view.variables.filter((entry) => entry.trainable).map((entry) => entry.variable);
  const { value, grads } = tf.variableGrads(() => {
    const logits = view.forward(xs, options.mode);
    const mean = tf.mean(options.loss(logits, oneHot));
    return (options.scale === undefined ? mean : tf.mul(mean, options.scale)) as Scalar;
  }, trainable);
  return { loss: value, gradients: grads };
}
