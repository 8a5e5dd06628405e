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
  let kept: Tensor2D | undefined;
  try {
    return tf.tidy(() => {
      const { grad } = freeingTape(() =>
        tf.valueAndGrad((input: Tensor) => {
          const logits = view.forward(input, { kind: 'inference' });
          kept = tf.keep(tf.clone(logits));
          return tf.sum(loss(logits, oneHot));
        })(xs),
      );
      return { logits: tf.clone(kept!), gradient: grad };
    });
  } finally {
    kept?.dispose();
  }
}

interface Tape {
  gradientDepth: number;
  activeTape: { saved?: Tensor[] }[] | null | undefined;
}

/** Runs a computation of gradients. What its forward pass saved for them is freed by tfjs only if all goes well. */
function freeingTape<T>(compute: () => T): T {
  try {
    return compute();
  } catch (error) {
    const state = tf.engine().state as unknown as Tape;
    // Within a gradient of the caller's own, the tape is theirs.
    if (state.gradientDepth === 0) {
      state.activeTape?.forEach(({ saved }) => tf.dispose(saved ?? []));
      state.activeTape = null;
    }
    throw error;
  }
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
  const forward = (): Scalar => {
    const logits = view.forward(xs, options.mode);
    const mean = tf.mean(options.loss(logits, oneHot));
    return (options.scale === undefined ? mean : tf.mul(mean, options.scale)) as Scalar;
  };
  const { value, grads } = freeingTape(() => tf.variableGrads(forward, trainable));
  return { loss: value, gradients: grads };
}
