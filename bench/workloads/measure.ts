/**
 * Interleaved rounds: within a round the processes take turns, and every other round goes the other way round, so that what slows the
 * machine slows all of them.
 */
import type { Subject } from '../peers/subject';
import type { Sides } from '../ratios';
import type { Seconds, Timed } from '../protocol';
import { median, spread, type Spread } from '../statistics';

/** Answers by process, one per round. */
export type Rounds<T> = ReadonlyMap<Subject, readonly T[]>;

/** Asks every process in every round. */
export async function interleaved<T>(
  subjects: readonly Subject[],
  rounds: number,
  ask: (subject: Subject) => Promise<T>,
): Promise<Rounds<T>> {
  const answers = new Map<Subject, T[]>(subjects.map((subject) => [subject, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const subject of round % 2 === 0 ? subjects : [...subjects].reverse())
      answers.get(subject)!.push(await ask(subject));
  }
  return answers;
}

/** A step-level workload on one process. */
export interface Rate {
  readonly imagesPerSecond: Spread;
  /** Processor time over wall time: above 1 it used more than one core, below it waited. */
  readonly cores: number;
  readonly layout?: string;
}

/** Images per second of each round. */
export const rates = (timed: readonly Timed[]): Sides => ({
  wall: timed.map(({ images, wall }) => images / wall),
  cpu: timed.map(({ images, cpu }) => images / cpu),
});

/** Seconds of each round. */
export const times = (seconds: readonly Seconds[]): Sides => ({
  wall: seconds.map(({ wall }) => wall),
  cpu: seconds.map(({ cpu }) => cpu),
});

/** How many cores were busy, in the median round. */
export const cores = (seconds: readonly Seconds[]): number => median(seconds.map(({ wall, cpu }) => cpu / wall));

/** A workload's rounds as a table shows them. */
export function rateOf(timed: readonly Timed[]): Rate {
  const { layout } = timed[0];
  return {
    imagesPerSecond: spread(rates(timed).wall),
    cores: cores(timed),
    ...(layout === undefined ? {} : { layout }),
  };
}
