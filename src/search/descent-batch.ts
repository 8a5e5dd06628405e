/**
 * The examples under way in one batch, on the backend: where they are, and the nearest neighbour of each so far. Those that are
 * done leave, and new ones take their places, so that a batch stays full until the last examples.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { ClassifierView } from '../model/classifier';
import { oneHotLabels } from '../model/losses';
import type { Descender } from './descender';
import { type DescentOutputs, runDescentStep } from './minimum-norm-step';
import type { Norm } from './norms';
import { perExample } from './per-example';
import { allRows } from './positions';
import { pickRows } from './row-collector';

/** Points [B, …input] of a batch. */
interface Points {
  /** Clean examples. */
  readonly x0: Tensor;
  /** Where they are. */
  readonly x: Tensor;
  /** Their nearest neighbours so far; anything where there is none. */
  readonly nearest: Tensor;
}

/** A batch that examples join and leave. It owns its tensors: dispose it. */
export class DescentBatch {
  descenders: readonly Descender[] = [];
  private points: Points | undefined;

  constructor(
    private readonly view: ClassifierView,
    private readonly norm: Norm,
  ) {}

  get size(): number {
    return this.descenders.length;
  }

  /** Labels of the examples [B]. */
  get labels(): Int32Array {
    return Int32Array.from(this.descenders, ({ label }) => label);
  }

  /** Numbers of the examples [B]. */
  get rows(): Int32Array {
    return Int32Array.from(this.descenders, ({ row }) => row);
  }

  get x0(): Tensor {
    return this.points!.x0;
  }

  get x(): Tensor {
    return this.points!.x;
  }

  get nearest(): Tensor {
    return this.points!.nearest;
  }

  /** Takes over `x0`, clean examples, which begin where they are. */
  join(descenders: readonly Descender[], x0: Tensor): void {
    this.replace((points) =>
      points === undefined
        ? { x0: tf.clone(x0), x: tf.clone(x0), nearest: tf.clone(x0) }
        : mapPoints(points, (tensor) => tf.concat([tensor, x0])),
    );
    x0.dispose();
    this.descenders = [...this.descenders, ...descenders];
  }

  /** Computes a step. The caller disposes it. */
  async step(): Promise<DescentOutputs> {
    const limits = this.descenders.map((descender) => descender.limits());
    const { x, x0 } = this.points!;
    const column = (i: 0 | 1 | 2): Tensor =>
      perExample(
        Float32Array.from(limits, (limit) => limit[i]),
        x.shape.length,
      );
    const [stepSize, least, most] = [column(0), column(1), column(2)];
    const oneHot = oneHotLabels(this.labels, this.view.classCount);
    try {
      return await runDescentStep(this.view, { x, x0, oneHot, stepSize, least, most }, this.norm);
    } finally {
      tf.dispose([oneHot, stepSize, least, most]);
    }
  }

  /** Makes the present points at these positions the nearest neighbours. */
  remember(positions: readonly number[]): void {
    if (positions.length === 0) return;
    const from = allRows(this.size);
    for (const position of positions) from[position] += this.size;
    this.replace((points) => ({
      ...cloned(points!),
      nearest: tf.tidy(() => pickRows(tf.concat([points!.nearest, points!.x]), from)),
    }));
  }

  /** Moves all examples. The caller keeps `next`. */
  moveTo(next: Tensor): void {
    this.replace((points) => ({ ...cloned(points!), x: tf.clone(next) }));
  }

  /** Lets all go but the examples at these positions. */
  keep(positions: readonly number[]): void {
    if (positions.length === this.size) return;
    this.descenders = positions.map((position) => this.descenders[position]);
    this.replace((points) =>
      positions.length === 0 ? undefined : mapPoints(points!, (tensor) => pickRows(tensor, positions)),
    );
  }

  dispose(): void {
    this.replace(() => undefined);
  }

  /** Puts new tensors in the place of the old. What is made and not returned is freed, as are the old. */
  private replace(make: (points: Points | undefined) => Points | undefined): void {
    const old = this.points;
    const made: { points?: Points | undefined } = {};
    tf.tidy(() => {
      made.points = make(old);
      if (made.points !== undefined) mapPoints(made.points, (tensor) => tf.keep(tensor));
    });
    this.points = made.points;
    if (old !== undefined) mapPoints(old, (tensor) => (tensor.dispose(), tensor));
  }
}

function mapPoints({ x0, x, nearest }: Points, map: (tensor: Tensor) => Tensor): Points {
  return { x0: map(x0), x: map(x), nearest: map(nearest) };
}

function cloned(points: Points): Points {
  return mapPoints(points, (tensor) => tf.clone(tensor));
}
