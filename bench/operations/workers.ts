/**
 * The search by parallel workers of `amun-ts/node`.
 */
import { IncreasingEpsilonSearch, Pgd } from 'amun-ts';
import { createWorkers, ParallelSearch, type WorkerBackend, type WorkerPool } from 'amun-ts/node';
import type { Seconds, WorkersRequest } from '../protocol';
import { Clock } from './clock';
import { disposeExamples, type Workbench } from './workbench';

/** A short search: what matters here is how it is shared out. */
const search = new IncreasingEpsilonSearch({ initialEpsilon: 0.3, attack: new Pgd({ steps: 20 }) });

/** Pools by number of workers, started once. */
export class Pools {
  private readonly pools = new Map<number, WorkerPool>();

  constructor(private readonly engine: string) {}

  /** Searches the first images; the pool is there, and warm. */
  async search(bench: Workbench, request: WorkersRequest): Promise<Seconds> {
    const { workers, batch } = request;
    if (!this.pools.has(workers)) {
      this.pools.set(workers, await createWorkers({ workers, backend: this.engine as WorkerBackend }));
      // Each worker takes over the model, and compiles what it runs.
      await this.find(bench, { ...request, count: workers * batch });
    }
    return this.find(bench, request);
  }

  /** Ends all workers. */
  async close(): Promise<void> {
    for (const pool of this.pools.values()) await pool.close();
    this.pools.clear();
  }

  private async find(bench: Workbench, { model, count, workers, batch }: WorkersRequest): Promise<Seconds> {
    const parallel = new ParallelSearch(search, { workers: this.pools.get(workers)! });
    const images = bench.images(0, count);
    try {
      const clock = new Clock();
      (await parallel.find(bench.view(model), images, { batchSize: batch })).dispose();
      return clock.read();
    } finally {
      disposeExamples(images);
    }
  }
}
