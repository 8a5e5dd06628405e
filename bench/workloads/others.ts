/**
 * Workloads without a peer: evaluation, parallel workers, and how cost grows.
 */
import type { Seconds } from '../protocol';
import { pairedRatio, spread, type Spread } from '../statistics';
import type { Context } from './context';
import { cores, times } from './measure';

const MODEL = 'resnet8';

/** Seconds of `evaluate()`, with its default membership attack, whose share does not depend on the engine. */
export async function measureEvaluate({
  plan,
  cast,
  log,
}: Context): Promise<{ seconds: Spread } & typeof plan.evaluate> {
  log('evaluate()');
  const seconds: number[] = [];
  for (let round = 0; round < plan.rounds; round += 1) {
    seconds.push((await cast.ours.ask('evaluate', { model: MODEL, ...plan.evaluate })).wall);
  }
  return { ...plan.evaluate, seconds: spread(seconds) };
}

/** Seconds of a search by one worker and by two. */
export interface WorkersResult {
  readonly count: number;
  readonly one: Spread;
  readonly two: Spread;
  /** How many cores two workers kept busy: where the machine has none to spare, no ratio can be had. */
  readonly coresOfTwo: number;
}

/** Measures one worker against two, on the engine in use. */
export async function measureWorkers({ plan, cast, ratios, log }: Context): Promise<WorkersResult | undefined> {
  log('one worker and two');
  const [one, two]: [Seconds[], Seconds[]] = [[], []];
  try {
    for (let round = 0; round < plan.rounds; round += 1) {
      one.push(await cast.ours.ask('workers', { model: MODEL, ...plan.workers, workers: 1 }));
      two.push(await cast.ours.ask('workers', { model: MODEL, ...plan.workers, workers: 2 }));
    }
  } catch (error) {
    ratios.missing(['twoWorkers'], (error as Error).message);
    return undefined;
  }
  const { count } = plan.workers;
  const [alone, together] = [times(one).wall, times(two).wall];
  const coresOfTwo = cores(two);
  const note = `${count} images searched by ${cast.ours.name}; two kept ${coresOfTwo.toFixed(2)} cores busy`;
  ratios.measured('twoWorkers', pairedRatio(alone, together), { note });
  return { count, one: spread(alone), two: spread(together), coresOfTwo };
}

/** One point of a curve, measured once. */
export interface GrowthPoint {
  readonly what: 'search' | 'training epoch' | 'training' | 'PGD';
  /** What grows, and how far. */
  readonly by: 'forget set' | 'retain set' | 'classes' | 'image size';
  readonly at: number;
  readonly seconds?: number;
  readonly imagesPerSecond?: number;
}

/** Measures the curves of the plan. */
export async function measureGrowth({ plan, cast, log }: Context): Promise<GrowthPoint[]> {
  const { growth, seconds } = plan;
  const { ours } = cast;
  const points: GrowthPoint[] = [];
  const add = (point: GrowthPoint): void => {
    points.push(point);
    log(`growth: ${point.what} by ${point.by}, ${point.at}`);
  };
  for (const at of growth.forget) {
    const { search } = await ours.ask('amun', { model: MODEL, forget: at, retain: 0, epochs: 0 });
    add({ what: 'search', by: 'forget set', at, seconds: search.wall });
  }
  for (const at of growth.retain) {
    const { epochs } = await ours.ask('retrain', { model: MODEL, skip: 1, count: at, epochs: 2 });
    add({ what: 'training epoch', by: 'retain set', at, seconds: epochs[1] });
  }
  const shapes = [
    ...growth.classes.map((classes) => ({ by: 'classes', at: classes, classes, imageSize: 28 }) as const),
    ...growth.imageSizes.map((imageSize) => ({ by: 'image size', at: imageSize, classes: 10, imageSize }) as const),
  ];
  for (const { by, at, classes, imageSize } of shapes) {
    for (const [operation, what] of [
      ['train', 'training'],
      ['pgd', 'PGD'],
    ] as const) {
      const { images, wall } = await ours.ask('growth', { operation, classes, imageSize, seconds });
      add({ what, by, at, imagesPerSecond: images / wall });
    }
  }
  return points;
}
