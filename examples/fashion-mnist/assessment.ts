/**
 * What the records on disk say: each model evaluated against the retrained one of its seed.
 */
import { type Evaluation, evaluateLogits, type ReferenceSet, rmia, selectReferences, svcMia } from 'amun-ts';
import type { ReportRow } from 'amun-ts/report';
import type { FashionMnist } from './dataset';
import { METHODS, type MethodName, type Plan, type Setting } from './plan';
import type { Store } from './store';
import { type ModelRecord, POOL_SEED, type SearchRecord, splitIndices, type Task, taskName } from './tasks';

/** Names of the two models beside the methods. */
export const ORIGINAL = 'Original';
export const RETRAIN = 'Retrain';

/** Evaluates records; keeps evaluations, which take seconds each. */
export class Assessment {
  private references: ReferenceSet | undefined;
  private readonly evaluations = new Map<string, Evaluation>();

  constructor(
    private readonly plan: Plan,
    private readonly data: FashionMnist,
    private readonly store: Store,
  ) {}

  /** Rows of a seed's table, of what is there. */
  async rows(seed: number, settings: Readonly<Record<MethodName, Setting>>): Promise<ReportRow[]> {
    const rows: ReportRow[] = [];
    const add = async (name: string, role: ReportRow['role'], task: Task): Promise<void> => {
      const evaluation = await this.evaluation(seed, task);
      if (evaluation === undefined) return;
      const { seconds, history, options, state, warnings } = this.store.read<ModelRecord>(taskName(task));
      const searchSeconds = name === 'Amun' ? this.searchSeconds(seed) : undefined;
      const search = searchSeconds === undefined ? {} : { searchSeconds };
      rows.push({
        name,
        role,
        evaluation,
        seconds: seconds + (searchSeconds ?? 0),
        ...search,
        history,
        options,
        state,
        warnings,
      });
    };
    await add(ORIGINAL, 'original', { kind: 'original', seed });
    await add(RETRAIN, 'reference', { kind: 'retrain', seed });
    for (const method of METHODS) {
      await add(method, 'method', { kind: 'unlearn', seed, method, setting: settings[method] });
    }
    return rows;
  }

  /** The setting with the smallest average gap on the tuning seed, and what each one of the grid got. */
  async tune(seed: number, method: MethodName): Promise<{ best: Setting; grid: { setting: Setting; gap: number }[] }> {
    const grid: { setting: Setting; gap: number }[] = [];
    for (const setting of this.plan.grid[method]) {
      const evaluation = await this.evaluation(seed, { kind: 'unlearn', seed, method, setting });
      grid.push({ setting, gap: evaluation?.averageGap ?? Infinity });
    }
    const best = grid.reduce((a, b) => (b.gap < a.gap ? b : a));
    return { best: best.setting, grid };
  }

  private searchSeconds(seed: number): number {
    return this.store.read<SearchRecord>(taskName({ kind: 'search', seed })).seconds;
  }

  private async evaluation(seed: number, task: Task): Promise<Evaluation | undefined> {
    const name = taskName(task);
    const known = this.evaluations.get(name);
    if (known !== undefined) return known;
    if (!this.store.has(name)) return undefined;
    const { predictions } = this.store.read<ModelRecord>(name);
    const reference = task.kind === 'retrain' ? undefined : await this.evaluation(seed, { kind: 'retrain', seed });
    const evaluation = await evaluateLogits(predictions, { attacks: this.attacks(seed), reference, seed });
    this.evaluations.set(name, evaluation);
    return evaluation;
  }

  private attacks(seed: number) {
    const references = this.poolReferences();
    if (references === undefined) return [svcMia()];
    const { forget, retain, test } = this.poolIndices(seed);
    const own = selectReferences(references, { forget, retain, test });
    return [svcMia(), rmia({ references: own, mode: 'offline', samples: 'all' })];
  }

  /** All reference models, or undefined while some are missing. */
  private poolReferences(): ReferenceSet | undefined {
    if (this.references !== undefined) return this.references;
    const names = Array.from({ length: this.plan.references.parts }, (_, part) =>
      taskName({ kind: 'references', part }),
    );
    if (!names.every((name) => this.store.has(name))) return undefined;
    const parts = names.map((name) => this.store.read<ReferenceSet>(name));
    this.references = joinReferences(parts);
    return this.references;
  }

  /** Where a seed's sets lie in the pool, whose order is the split of {@link POOL_SEED}. */
  private poolIndices(seed: number): Record<'forget' | 'retain' | 'test', Int32Array> {
    const pool = splitIndices(this.plan, this.data, POOL_SEED);
    const position = new Int32Array(this.plan.train);
    [...pool.forget, ...pool.retain].forEach((image, at) => {
      position[image] = at;
    });
    const split = splitIndices(this.plan, this.data, seed);
    return {
      forget: split.forget.map((image) => position[image]),
      retain: split.retain.map((image) => position[image]),
      test: Int32Array.from({ length: this.data.test.size }, (_, i) => this.plan.train + i),
    };
  }
}

/** Reference models that were trained apart, on halves of one pool. */
function joinReferences(parts: readonly ReferenceSet[]): ReferenceSet {
  const concat = <T extends Float32Array | Uint8Array>(
    make: (size: number) => T,
    pick: (part: ReferenceSet) => T,
  ): T => {
    const all = make(parts.reduce((sum, part) => sum + pick(part).length, 0));
    let offset = 0;
    for (const part of parts) {
      all.set(pick(part), offset);
      offset += pick(part).length;
    }
    return all;
  };
  return {
    ...parts[0],
    count: parts.reduce((sum, part) => sum + part.count, 0),
    inclusion: concat(
      (size) => new Uint8Array(size),
      (part) => part.inclusion,
    ),
    logits: concat(
      (size) => new Float32Array(size),
      (part) => part.logits,
    ),
  };
}
