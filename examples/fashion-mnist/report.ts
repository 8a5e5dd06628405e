/**
 * The demonstration's results as a report.
 */
import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import {
  aggregateRuns,
  type NeighbourPair,
  type Report,
  REPORT_SCHEMA,
  type ReportImage,
  type ReportRow,
} from 'amun-ts/report';
import type { Assessment } from './assessment';
import { CLASS_NAMES, type FashionMnist } from './dataset';
import type { MethodName, Plan, Setting } from './plan';
import type { Store } from './store';
import { type SearchRecord, splitIndices, taskName } from './tasks';

/** Everything that was computed. */
export interface Comparison {
  readonly plan: Plan;
  readonly data: FashionMnist;
  readonly store: Store;
  readonly assessment: Assessment;
  readonly runs: readonly { readonly seed: number; readonly rows: readonly ReportRow[] }[];
  readonly tuning: ReadonlyMap<MethodName, { best: Setting; grid: { setting: Setting; gap: number }[] }> | undefined;
  readonly chosen: Readonly<Record<MethodName, Setting>>;
}

/** Image pairs in the report. */
const PAIRS = 8;

const PIXELS = 28 * 28;

function version(): string {
  const file = new URL('../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

function image(pixels: ArrayLike<number>): ReportImage {
  return { pixels: Array.from(pixels), height: 28, width: 28, channels: 1 };
}

/** The first forgotten image of each class, beside its neighbour. */
function pairs({ plan, data }: Comparison, seed: number, found: SearchRecord): NeighbourPair[] {
  const { forget } = splitIndices(plan, data, seed);
  const taken = new Set<number>();
  const chosen: NeighbourPair[] = [];
  for (const [row, index] of forget.entries()) {
    const label = data.train.labels[index];
    if (chosen.length === PAIRS || taken.has(label) || found.found[row] === 0 || found.distances[row] === 0) continue;
    taken.add(label);
    chosen.push({
      original: image(
        Array.from(data.train.pixels.subarray(index * PIXELS, (index + 1) * PIXELS), (level) => level / 255),
      ),
      neighbour: image(found.xs.subarray(row * PIXELS, (row + 1) * PIXELS)),
      label,
      adversarialLabel: found.ys[row],
      epsilon: found.epsilons[row],
      distance: found.distances[row],
    });
  }
  return chosen;
}

function searchParts(comparison: Comparison, seed: number): Pick<Report, 'search' | 'neighbours'> {
  const name = taskName({ kind: 'search', seed });
  if (!comparison.store.has(name)) return {};
  const record = comparison.store.read<SearchRecord>(name);
  const found = Array.from(record.found.keys()).filter((i) => record.found[i] === 1);
  return {
    search: {
      epsilons: found.map((i) => record.epsilons[i]),
      distances: found.map((i) => record.distances[i]),
      found: found.length,
      total: record.found.length,
      norm: 'l2',
    },
    neighbours: { pairs: pairs(comparison, seed, record), classNames: CLASS_NAMES },
  };
}

/** Builds the report. */
export function buildReport(
  comparison: Comparison,
  facts: { readonly durationMs: number; readonly aborted: boolean; readonly backend: string },
): Report {
  const { plan, data, runs, tuning, chosen } = comparison;
  const complete = runs.filter(({ rows }) => rows.length > 0);
  const first = complete[0];
  const forgotten = Math.round(plan.train * plan.forgetFraction);
  return {
    schema: REPORT_SCHEMA,
    title: `Forgetting ${forgotten.toLocaleString('en')} of ${plan.train.toLocaleString('en')} Fashion-MNIST images`,
    subtitle: `${plan.model}, ${complete.length === 1 ? `seed ${first.seed}` : `seeds ${complete.map(({ seed }) => seed).join(', ')}`}`,
    notes: notes(comparison, facts.aborted),
    rows: first.rows,
    ...(complete.length > 1 ? { seeds: aggregateRuns(complete) } : {}),
    ...searchParts(comparison, first.seed),
    manifest: {
      seed: first.seed,
      seeds: complete.map(({ seed }) => seed),
      versions: { 'amun-ts': version(), 'tfjs-core': tf.version_core, node: process.versions.node },
      backend: facts.backend,
      options: { plan, chosen },
      ...(tuning === undefined ? {} : { tuning: Object.fromEntries(tuning) }),
      dataHash: `sha256:${data.hash}`,
      createdAt: new Date().toISOString(),
      durationMs: Math.round(facts.durationMs),
    },
  };
}

function notes({ plan, tuning }: Comparison, aborted: boolean): string[] {
  const models = 2 * plan.references.parts;
  return [
    ...(aborted ? ['The run was cut short: this is what was finished.'] : []),
    `RMIA uses ${models} reference models, offline; figures that so few models and images can not resolve are marked.`,
    ...(tuning === undefined
      ? ['Each method ran with one setting, chosen beforehand on another seed.']
      : [
          'Each method had a grid of the same size; the setting with the smallest average gap on the tuning seed is reported on the others.',
        ]),
  ];
}
