/**
 * One run of the benchmarks: every workload of a plan, and the figures of all of them.
 */
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';
import { type About, type Casting, Company } from './cast';
import type { Plan } from './plan';
import { type RatioDetails, type RatioName, Ratios } from './ratios';
import { type AmunResults, measureAmun } from './workloads/amun';
import type { Context } from './workloads/context';
import {
  type GrowthPoint,
  measureEvaluate,
  measureGrowth,
  measureWorkers,
  type WorkersResult,
} from './workloads/others';
import { measureRooflines, type Roofline } from './workloads/roofline';
import { measureSteps, type StepResult } from './workloads/steps';

/** Names of the workloads, in the order in which they run. */
export const WORKLOADS = ['steps', 'roofline', 'workers', 'evaluate', 'amun', 'growth'] as const;

/** Name of a workload. */
export type Workload = (typeof WORKLOADS)[number];

/** The figures of a run, as plain JSON. */
export interface Report {
  readonly plan: string;
  readonly rounds: number;
  readonly machine: Readonly<Record<string, string | number | readonly number[]>>;
  /** The processes that were measured. */
  readonly processes: readonly About[];
  /** Processes that did not start, and why. */
  readonly missing: Readonly<Record<string, string>>;
  /** Medians over the rounds; null where one could not be measured, for the reason in `ratioDetails`. */
  readonly ratios: Readonly<Record<RatioName, number | null>>;
  readonly ratioDetails: Readonly<Record<RatioName, RatioDetails>>;
  readonly steps?: readonly StepResult[];
  readonly rooflines?: Readonly<Record<string, Roofline>>;
  readonly workers?: WorkersResult;
  readonly evaluate?: Awaited<ReturnType<typeof measureEvaluate>>;
  readonly amun?: AmunResults;
  readonly growth?: readonly GrowthPoint[];
  /** Peak resident size of each process over the whole run, in MB. */
  readonly peakRssMb: Readonly<Record<string, number>>;
  /** What the library's engine ran op by op, and why, by process. */
  readonly fallbacks: Readonly<Record<string, readonly string[]>>;
  readonly durationSeconds: number;
}

/** What a run is asked for. */
export interface RunRequest {
  readonly plan: Plan;
  readonly engine: Casting['engine'];
  readonly peers: boolean;
  readonly workloads: readonly Workload[];
  /** Told what is being done. */
  readonly log: (line: string) => void;
}

/** Runs the workloads one after the other. */
export async function runBenchmarks({ plan, engine, peers, workloads, log }: RunRequest): Promise<Report> {
  const startedAt = performance.now();
  const loadAtStart = loadavg();
  const company = new Company();
  const ratios = new Ratios();
  try {
    log('starting');
    const cast = await company.assemble({ engine, peers, models: plan.models });
    const results = await measureAll({ plan, cast, ratios, log }, workloads);
    const details = ratios.details();
    const values = Object.entries(details).map(([name, { value }]) => [name, value] as const);
    return {
      plan: plan.name,
      rounds: plan.rounds,
      machine: machine(loadAtStart),
      processes: company.about,
      missing: company.missing,
      ratios: Object.fromEntries(values) as Report['ratios'],
      ratioDetails: details,
      ...results,
      peakRssMb: company.peakMemory(),
      fallbacks: company.fallbacks(),
      durationSeconds: (performance.now() - startedAt) / 1e3,
    };
  } finally {
    await company.close();
  }
}

async function measureAll(context: Context, workloads: readonly Workload[]): Promise<Partial<Report>> {
  const measures: Record<Workload, () => Promise<unknown>> = {
    steps: () => measureSteps(context),
    roofline: async () => ({ ...(await measureRooflines(context)) }),
    workers: () => measureWorkers(context),
    evaluate: () => measureEvaluate(context),
    amun: () => measureAmun(context),
    growth: () => measureGrowth(context),
  };
  const results: Record<string, unknown> = {};
  for (const name of WORKLOADS) {
    if (workloads.includes(name)) results[name === 'roofline' ? 'rooflines' : name] = await measures[name]();
  }
  return results as Partial<Report>;
}

function machine(loadAtStart: readonly number[]): Report['machine'] {
  return {
    processor: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryGb: Math.round(totalmem() / 2 ** 30),
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
    loadAtStart,
    loadAtEnd: loadavg(),
  };
}
