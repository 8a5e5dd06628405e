/**
 * The demonstration: trains a classifier on Fashion-MNIST until it memorises, makes it forget a random tenth by every method,
 * and compares each with retraining. See `--help`.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { overviewFigure, type Report, renderHtml, renderMarkdown, reportJson } from 'amun-ts/report';
import { useWasm } from 'amun-ts/wasm';
import { Assessment, ORIGINAL } from './assessment';
import { type FashionMnist, loadFashionMnist } from './dataset';
import { METHODS, type MethodName, type Plan, type Setting } from './plan';
import { buildReport, type Comparison } from './report';
import { duration, runTasks, type Workplace } from './scheduler';
import { HELP, readSettings, type Settings, UsageError } from './settings';
import { Store } from './store';
import { type SearchRecord, type Task, taskName } from './tasks';

/** The exit code of a process that Ctrl-C ended. */
const INTERRUPTED = 130;

/** Reads the images, as many as the plan asks for. */
function openData({ data: folder, plan }: Settings): FashionMnist {
  let data: FashionMnist;
  try {
    data = loadFashionMnist(folder, plan.train, plan.test);
  } catch (error) {
    throw new UsageError(`--data: ${(error as Error).message}`);
  }
  for (const [name, set, wanted] of [
    ['training', data.train, plan.train],
    ['test', data.test, plan.test],
  ] as const) {
    if (set.size < wanted) throw new UsageError(`${folder} has ${set.size} ${name} images, fewer than ${wanted}.`);
  }
  return data;
}

/** A folder that only the same plan on the same data shares; settings of methods stand in the names of their results. */
function openStore(settings: Settings, data: FashionMnist): Store {
  const key = createHash('sha256')
    .update(JSON.stringify({ ...settings.plan, grid: undefined }))
    .update(data.hash)
    .digest('hex')
    .slice(0, 12);
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
  const data = openData(settings);
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
    const again = settings.fresh ? '' : ' What was done is kept: the same command goes on from there.';
    console.log(`Nothing was finished that could be reported.${again}`);
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

async function main(args: readonly string[]): Promise<number> {
  const settings = readSettings(args);
  if (settings === undefined) {
    console.log(HELP);
    return 0;
  }
  const abort = new AbortController();
  process.once('SIGINT', () => {
    console.log('\nStopping; press Ctrl-C again to quit at once.');
    process.once('SIGINT', () => process.exit(INTERRUPTED));
    abort.abort();
  });
  await run(settings, abort.signal);
  return abort.signal.aborted ? INTERRUPTED : 0;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
