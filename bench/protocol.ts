/**
 * What the benchmark and the processes that it measures say to each other: one JSON object a line. bench/engine.ts and
 * bench/peers/pytorch/peer.py answer the same operations.
 */
import type { NetworkName } from './models';

/** Seconds of the wall clock and of the processor. */
export interface Seconds {
  readonly wall: number;
  readonly cpu: number;
}

/** Images taken in the time. */
export interface Timed extends Seconds {
  readonly images: number;
  /** Memory layout, where the peer chose the faster of several. */
  readonly layout?: string;
}

/** How AMUN, or its search alone, went. */
export interface AmunRun extends Seconds {
  readonly search: Seconds;
  readonly gradientSteps: number;
  /** Neighbours found. */
  readonly found: number;
  /** Distances of the found. */
  readonly distances: readonly number[];
  /** How neighbours were searched. */
  readonly strategy?: string;
  readonly layout?: string;
  /** AMUN on the adversarial set alone, without its search. */
  readonly adversarialOnly?: Seconds;
}

/** Timed epochs of a retraining. */
export interface RetrainRun {
  /** Wall seconds of each epoch. */
  readonly epochs: readonly number[];
  /** Wall seconds of the whole call. */
  readonly wall: number;
}

/** Requests and their answers, by operation. */
export interface Operations {
  hello: [
    request: { data: string },
    answer: { engine: string; version: string; threads: number | string; details?: string },
  ];
  /** With `create` (the library's side only) the model's initial weights are written to the file instead of read from it. */
  load: [request: { model: NetworkName; weights: string; create?: boolean }, answer: object];
  logits: [request: { model: NetworkName; count: number }, answer: { logits: number[] }];
  /** Floating-point operations of one forward pass of one image. */
  flops: [request: { model: NetworkName }, answer: { flops: number }];
  gemm: [request: { size: number; seconds: number }, answer: Timed];
  inference: [request: { model: NetworkName; batch: number; seconds: number; count: number }, answer: Timed];
  pgd: [request: { model: NetworkName; batch: number; seconds: number; steps: number }, answer: Timed];
  train: [request: { model: NetworkName; batch: number; seconds: number; count: number }, answer: Timed];
  amun: [request: AmunRequest, answer: AmunRun];
  judge: [request: { model: NetworkName; path: string }, answer: Judgement];
  retrain: [request: { model: NetworkName; skip: number; count: number; epochs: number }, answer: RetrainRun];
  evaluate: [request: { model: NetworkName; forget: number; retain: number; test: number }, answer: Seconds];
  growth: [request: GrowthRequest, answer: Timed];
  workers: [request: WorkersRequest, answer: Seconds];
}

/** AMUN for the first images; with 0 epochs the search alone. */
export interface AmunRequest {
  readonly model: NetworkName;
  readonly forget: number;
  readonly retain: number;
  readonly epochs: number;
  /** Where the library's side leaves its neighbours, as a file of bench/weights.ts. */
  readonly save?: string;
}

/** What PyTorch makes of neighbours in a file. */
export interface Judgement {
  /** Neighbours that it misclassifies too. */
  readonly misclassified: number;
  /** Their distances, computed anew. */
  readonly distances: readonly number[];
}

/** One point of a curve: a step's cost with other classes or image sizes. */
export interface GrowthRequest {
  readonly operation: 'train' | 'pgd';
  readonly classes: number;
  readonly imageSize: number;
  readonly seconds: number;
}

/** The search for the first images by a number of workers. */
export interface WorkersRequest {
  readonly model: NetworkName;
  readonly count: number;
  /** Images per gradient step: a worker takes as many at a time, or a multiple. */
  readonly batch: number;
  readonly workers: number;
}

/** Name of an operation. */
export type Operation = keyof Operations;

/** What comes with every answer. */
export interface Common {
  /** Largest resident size of the process so far, in MB. */
  readonly peakRssMb: number;
  /** What the library's engine could not run so far, and why: it ran op by op instead. */
  readonly fallbacks?: readonly string[];
}
