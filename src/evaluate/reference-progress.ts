/**
 * Which half of a pool each reference model is trained on, and the reference set as it grows.
 */
import { AmunError } from '../core/errors';
import { randomStream } from '../core/random';
import type { Predictions } from '../model/predict';
import { checkReferenceSet, poolSize, type ReferenceSet } from './reference-set';

/**
 * Draws for each example a random half of the models, and returns for each model the examples that it gets.
 *
 * @throws AmunError `empty-set` when a model would get fewer than two.
 */
export function drawHalves(
  where: string,
  size: number,
  { count, seed }: { readonly count: number; readonly seed: number },
): readonly Int32Array[] {
  const random = randomStream(seed, 'reference-halves');
  const halves = Array.from({ length: count }, (): number[] => []);
  for (let example = 0; example < size; example += 1) {
    for (const model of random.permutation(count).subarray(0, count / 2)) halves[model].push(example);
  }
  if (halves.some((half) => half.length < 2)) {
    throw new AmunError(
      'empty-set',
      `${where}: ${size} examples are too few to train each of ${count} models on half of them.`,
    );
  }
  return halves.map((half) => Int32Array.from(half));
}

/** A reference set of which the first models are there. */
export class ReferenceProgress {
  private readonly inclusion: Uint8Array;
  private readonly logits: Float32Array;
  private labels: Int32Array | undefined;
  private count = 0;

  constructor(
    private readonly facts: Pick<ReferenceSet, 'sizes' | 'classCount' | 'training'>,
    readonly halves: readonly Int32Array[],
  ) {
    const size = poolSize(facts.sizes);
    this.inclusion = new Uint8Array(halves.length * size);
    halves.forEach((half, model) => {
      for (const example of half) this.inclusion[model * size + example] = 1;
    });
    this.logits = new Float32Array(halves.length * size * facts.classCount);
  }

  /** The models so far; shares memory with later states. */
  get current(): ReferenceSet {
    const size = poolSize(this.facts.sizes);
    return {
      count: this.count,
      ...this.facts,
      labels: this.labels ?? new Int32Array(0),
      inclusion: this.inclusion.subarray(0, this.count * size),
      logits: this.logits.subarray(0, this.count * size * this.facts.classCount),
    };
  }

  /** Adds the next model's predictions of the whole pool. */
  add({ logits, labels }: Predictions): void {
    this.checkLabels(labels);
    this.labels = labels;
    this.logits.set(logits, this.count * logits.length);
    this.count += 1;
  }

  /**
   * Starts with the models of an interrupted call.
   *
   * @throws AmunError `checkpoint-mismatch` when that call had other data, options or another seed.
   */
  takeOver(completed: ReferenceSet, labels: Int32Array | undefined): void {
    checkReferenceSet('trainReferences: completed', completed);
    const { sizes, classCount, training } = this.facts;
    const expected = JSON.stringify([sizes, classCount, training]);
    const got = JSON.stringify([completed.sizes, completed.classCount, completed.training]);
    if (expected !== got || completed.count > this.halves.length) {
      throw new AmunError(
        'checkpoint-mismatch',
        `trainReferences: completed: expected references of a call with the same data and options ${expected}, got ${got}; leave it out to train anew.`,
      );
    }
    this.labels = completed.labels;
    if (labels !== undefined) this.checkLabels(labels);
    this.count = completed.count;
    this.logits.set(completed.logits);
  }

  private checkLabels(labels: Int32Array): void {
    const at = this.labels?.findIndex((label, i) => label !== labels[i]) ?? -1;
    if (at < 0) return;
    throw new AmunError(
      'checkpoint-mismatch',
      `trainReferences: completed: the label of example ${at} was ${this.labels![at]} and is ${labels[at]} now; the data has changed, so leave \`completed\` out.`,
    );
  }
}
