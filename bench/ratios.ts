/**
 * The ratios that a run reports: what each one means, which way is better, and what is aimed at.
 */
import { pairedRatio, type Spread } from './statistics';

/** What a ratio divides, one of each per round: by the wall clock, and by the processor's time. */
export interface Sides {
  readonly wall: readonly number[];
  readonly cpu: readonly number[];
}

interface Definition {
  readonly meaning: string;
  readonly better: 'higher' | 'lower';
  readonly aim: number;
}

const higher = (aim: number, meaning: string): Definition => ({ meaning, better: 'higher', aim });
const lower = (aim: number, meaning: string): Definition => ({ meaning, better: 'lower', aim });

/** Every ratio, in the order of the table. */
export const RATIOS = {
  inferenceVsTorch: higher(1.1, 'images/s of inference over PyTorch’s: resnet8, batch 128, one thread'),
  pgdVsTorch: higher(1, 'PGD gradient steps/s over PyTorch’s: resnet8, batch 128, one thread'),
  trainVsTorch: higher(0.8, 'training images/s over PyTorch’s: resnet8, batch 128, one thread'),
  searchVsOfficial: lower(0.5, 'wall time of our search over that of the official algorithm in PyTorch, same weights'),
  searchDistanceVsOfficial: lower(
    1,
    'distance of our neighbours over the official ones: the larger of median and 90th percentile',
  ),
  amunVsTorch: higher(1, 'wall time of AMUN in PyTorch (official search, then 10 epochs) over ours'),
  amunVsRetrain: lower(
    0.6,
    'wall time of AMUN with retain data, search included, over 20 epochs of retraining on the same engine',
  ),
  amunAdversarialOnlyVsRetrain: lower(
    0.15,
    'wall time of AMUN on the adversarial set alone, search included, over 20 epochs of retraining',
  ),
  amunVsPaperRetrain: lower(1 / 12, 'amunVsRetrain against the paper’s 200 epochs, projected from measured epochs'),
  amunAdversarialOnlyVsPaperRetrain: lower(
    1 / 60,
    'amunAdversarialOnlyVsRetrain against the paper’s 200 epochs, projected from measured epochs',
  ),
  wasmTrainRoofline: higher(0.6, 'floating-point rate of training on wasm over that of its 512³ matrix product'),
  wasmPgdRoofline: higher(0.6, 'floating-point rate of PGD on wasm over that of its 512³ matrix product'),
  twoWorkers: higher(1.8, 'wall time of one worker over that of two, search included'),
} as const satisfies Record<string, Definition>;

/** Name of a ratio. */
export type RatioName = keyof typeof RATIOS;

/** What is known of one ratio. */
export interface RatioDetails extends Definition {
  /** Median over the rounds; null where it could not be measured. */
  readonly value: number | null;
  /** Smallest and largest round. */
  readonly range?: readonly [number, number];
  /** The same by the processor's time, which other processes on the machine lengthen less than the wall clock's. */
  readonly byProcessorTime?: number;
  /** Whether the aim is reached. */
  readonly reached?: boolean;
  /** Why it could not be measured. */
  readonly reason?: string;
  /** How it was measured, where that needs saying. */
  readonly note?: string;
}

/** Collects ratios as they are measured. What was not measured stays null, and says why. */
export class Ratios {
  private readonly known = new Map<RatioName, RatioDetails>();

  measured(
    name: RatioName,
    { median, min, max }: Spread,
    extras: { note?: string; byProcessorTime?: number } = {},
  ): void {
    const definition: Definition = RATIOS[name];
    const reached = definition.better === 'higher' ? median >= definition.aim : median <= definition.aim;
    this.known.set(name, { value: median, range: [min, max], reached, ...definition, ...extras });
  }

  /** A ratio of what two processes took or did, round by round. */
  compared(name: RatioName, above: Sides, below: Sides, note?: string): void {
    const byProcessorTime = pairedRatio(above.cpu, below.cpu).median;
    this.measured(name, pairedRatio(above.wall, below.wall), {
      byProcessorTime,
      ...(note === undefined ? {} : { note }),
    });
  }

  missing(names: readonly RatioName[], reason: string): void {
    for (const name of names) this.known.set(name, { value: null, reason, ...RATIOS[name] });
  }

  /** Everything, in the order of the table. */
  details(): Record<RatioName, RatioDetails> {
    const names = Object.keys(RATIOS) as RatioName[];
    const entries = names.map((name) => [
      name,
      this.known.get(name) ?? { value: null, reason: 'left out of this run', ...RATIOS[name] },
    ]);
    return Object.fromEntries(entries) as Record<RatioName, RatioDetails>;
  }
}
