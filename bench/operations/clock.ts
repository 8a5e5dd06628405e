/**
 * Wall and processor seconds of a piece of work.
 */
import type { Seconds, Timed } from '../protocol';

/** Seconds since it was made. */
export class Clock {
  private readonly wall = performance.now();
  private readonly cpu = process.cpuUsage();

  read(): Seconds {
    const { user, system } = process.cpuUsage(this.cpu);
    return { wall: (performance.now() - this.wall) / 1e3, cpu: (user + system) / 1e6 };
  }
}

/** Runs `work`, which resolves to how many images it took, until the time is over. */
export async function repeated(work: () => Promise<number>, seconds: number): Promise<Timed> {
  const clock = new Clock();
  let images = 0;
  do images += await work();
  while (clock.read().wall < seconds);
  return { images, ...clock.read() };
}

/** The time from one reading to a later one. */
export function between(earlier: Seconds, later: Seconds): Seconds {
  return { wall: later.wall - earlier.wall, cpu: later.cpu - earlier.cpu };
}
