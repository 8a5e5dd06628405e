/**
 * The demonstration: trains a classifier on Fashion-MNIST until it memorises, makes it forget a random tenth by every method,
 * and compares each with retraining. See `--help`.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import { overviewFigure, type Report, renderHtml, renderMarkdown, reportJson } from 'amun-ts/report';
import { useWasm } from 'amun-ts/wasm';
import { Assessment, ORIGINAL } from './assessment';
import { EMBEDDED, type FashionMnist, loadFashionMnist } from './dataset';
import { FULL_PLAN, METHODS, type MethodName, type Plan, QUICK, type Setting, STANDARD } from './plan';
import { buildReport, type Comparison } from './report';
import { duration, runTasks, type Workplace } from './scheduler';
import { Store } from './store';
import { type SearchRecord, type Task, taskName } from './tasks';

const HELP = `Usage: npm run demo -- [options]

  (none)         3,000 images, a small network: about four minutes on two cores
  --quick        1,000 images: under a minute
  --full         10,000 images, resnet8, a grid of settings for every method: up to two hours; goes on where it stopped
  --seeds N      how many seeds are reported (default 1). With --full one more is used for tuning, and not reported
  --data DIR     folder with Fashion-MNIST's idx files, to use instead of the embedded images
  --train N      how many training images, with --data or below 10,000
  --out DIR      where the report goes (default out/demo)
  --threads N    worker threads (default: one per core, at most 4)
  --fresh        forget the results of an earlier run with the same options
  --help

Ctrl-C ends the run and reports what there is.`;

interface Settings {
  readonly plan: Plan;
  readonly seeds: readonly number[];
  readonly tuningSeed: number | undefined;
  readonly data: string;
  readonly out: string;
  readonly threads: number;
  readonly fresh: boolean;
}

function wholeNumber(name: string, text: string, min: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < min)
    throw new Error(`--${name}: expected a whole number of at least ${min}, got '${text}'.`);
  return value;
}

function readSettings(): Settings | undefined {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      full: { type: 'boolean', default: false },
      fresh: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
      seeds: { type: 'string', default: '1' },
      data: { type: 'string', default: EMBEDDED },
      train: { type: 'string' },
      out: { type: 'string', default: 'out/demo' },
      threads: { type: 'string', default: String(Math.min(4, availableParallelism())) },
    },
  });
  if (values.help) return undefined;
  const base = values.full ? FULL_PLAN : values.quick ? QUICK : STANDARD;
  const plan = values.train === undefined ? base : { ...base, train: wholeNumber('train', values.train, 100) };
  const tunes = METHODS.some((method) => plan.grid[method].length > 1);
  const first = tunes ? 2 : 1;
  return {
    plan,
    seeds: Array.from({ length: wholeNumber('seeds', values.seeds, 1) }, (_, i) => first + i),
    tuningSeed: tunes ? 1 : undefined,
    data: resolve(values.data),
    out: resolve(values.out),
    threads: wholeNumber('threads', values.threads, 1),
    fresh: values.fresh || !values.full,
  };
}

/** A folder that only the same plan on the same data shares. */
function openStore(settings: Settings, data: FashionMnist): Store {
  const key = createHash('sha256').update(JSON.stringify(settings.plan)).update(data.hash).digest('hex').slice(0, 12);
  const store = new Store(join(settings.out, `${settings.plan.name}-${key}`));
  if (settings.fresh) store.clear();
  return store;
}

function baseTasks(plan: Plan, seeds: readonly number[]): Task[] {
  const tasks = seeds.flatMap((seed): Task[] => [
    { kind: 'original', seed },
    { kind: 'search', seed },
    { kind: 'retrain', seed },
  ]);
  for (let part = 0; part < plan.references.parts; part += 1) tasks.push({ kind: 'references', part });
  return tasks;
}

const onlySettings = (plan: Plan): Record<MethodName, Setting> =>
  Object.fromEntries(METHODS.map((method) => [method, plan.grid[method][0]])) as Record<MethodName, Setting>;

/** Tries every setting of every method on the tuning seed, and takes the best of each. */
async function tuned(comparison: Pick<Comparison, 'assessment'>, place: Workplace, seed: number, signal: AbortSignal) {
  const { plan } = place;
  const grid = METHODS.flatMap((method) =>
    plan.grid[method].map((setting): Task => ({ kind: 'unlearn', seed, method, setting })),
  );
  console.log(`\nTuning on seed ${seed}: ${grid.length} settings`);
  await runTasks([...baseTasks(plan, [seed]), ...grid], place, signal);
  const entries = [];
  for (const method of METHODS) entries.push([method, await comparison.assessment.tune(seed, method)] as const);
  return new Map(entries);
}

async function run(settings: Settings, signal: AbortSignal): Promise<void> {
  const startedAt = performance.now();
  const { plan, seeds } = settings;
  const data = loadFashionMnist(settings.data, plan.train, plan.test);
  const store = openStore(settings, data);
  const place: Workplace = { plan, data: settings.data, store, threads: settings.threads };
  await useWasm();
  const assessment = new Assessment(plan, data, store);
  console.log(
    `Fashion-MNIST: ${data.train.size} training and ${data.test.size} test images; ${plan.model}; ${settings.threads} threads`,
  );

  const tuning =
    settings.tuningSeed === undefined ? undefined : await tuned({ assessment }, place, settings.tuningSeed, signal);
  const chosen = onlySettings(plan);
  for (const [method, { best }] of tuning ?? []) chosen[method] = best;

  if (!signal.aborted) {
    console.log(
      `\nForgetting ${Math.round(100 * plan.forgetFraction)} % with ${seeds.length === 1 ? 'seed' : 'seeds'} ${seeds.join(', ')}`,
    );
    const tasks = seeds.flatMap((seed) =>
      METHODS.map((method): Task => ({ kind: 'unlearn', seed, method, setting: chosen[method] })),
    );
    await runTasks([...baseTasks(plan, seeds), ...tasks], place, signal);
  }
  console.log('\nEvaluating');
  const runs = [];
  for (const seed of seeds) runs.push({ seed, rows: await assessment.rows(seed, chosen) });
  finish(
    settings,
    { plan, data, store, assessment, runs, tuning, chosen },
    performance.now() - startedAt,
    signal.aborted,
  );
}

function finish(settings: Settings, comparison: Comparison, durationMs: number, aborted: boolean): void {
  const done = comparison.runs.filter(({ rows }) => rows.length > 0);
  if (done.length === 0) {
    console.log('Nothing was finished, so there is nothing to report.');
    return;
  }
  const report = buildReport(comparison, { durationMs, aborted, backend: tf.getBackend() });
  writeReport(settings.out, report);
  console.log(`\n${renderMarkdown(report)}`);
  sayMemorised(comparison);
  saySearch(comparison);
  console.log(
    `\nReport: ${join(settings.out, 'report.html')} (${duration(durationMs)}${aborted ? ', cut short' : ''})`,
  );
}

function writeReport(out: string, report: Report): void {
  mkdirSync(out, { recursive: true });
  writeFileSync(join(out, 'report.html'), renderHtml(report));
  writeFileSync(join(out, 'report.md'), renderMarkdown(report));
  writeFileSync(join(out, 'report.json'), reportJson(report));
  writeFileSync(join(out, 'overview.svg'), overviewFigure(report));
}

/** Forgetting can only be shown of a model that remembers. */
function sayMemorised({ runs }: Comparison): void {
  for (const { seed, rows } of runs) {
    const original = rows.find(({ name }) => name === ORIGINAL)?.evaluation;
    if (original === undefined) continue;
    const points = 100 * (original.forgetAccuracy - original.testAccuracy);
    const verdict = points >= 5 ? 'it has memorised' : 'TOO LITTLE to show forgetting: train it for longer';
    console.log(
      `Seed ${seed}: the original model is ${points.toFixed(1)} points better on the forget set than on the test set: ${verdict}.`,
    );
  }
}

function saySearch({ runs, store }: Comparison): void {
  for (const { seed } of runs) {
    const name = taskName({ kind: 'search', seed });
    if (!store.has(name)) continue;
    const { found, verified, gradientSteps, seconds } = store.read<SearchRecord>(name);
    const count = found.reduce((sum, bit) => sum + bit, 0);
    console.log(
      `Seed ${seed}: ${count} of ${found.length} forgotten images have an adversarial neighbour (misclassified afresh: ${verified.batch1} one by one, ${verified.batch128} in batches of 128); ${gradientSteps} gradient steps, ${seconds.toFixed(1)} s.`,
    );
  }
}

const settings = readSettings();
if (settings === undefined) console.log(HELP);
else {
  const abort = new AbortController();
  process.once('SIGINT', () => {
    console.log('\nStopping; press Ctrl-C again to quit at once.');
    process.once('SIGINT', () => process.exit(130));
    abort.abort();
  });
  await run(settings, abort.signal);
}
