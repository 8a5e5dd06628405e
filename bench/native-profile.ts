/**
 * Where a step spends its time in onnxruntime-node, by operation.
 *
 *     npx tsx bench/native-profile.ts [--step train|pgd|logits] [--model resnet8|plain-cnn] [--batch 128] [--runs 12]
 *
 * The runtime's own profiler writes down every operation of every run; of each operation the lower third of its times is taken,
 * because other processes interrupt the long ones. Figures are milliseconds of one thread.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import { classifier } from 'amun-ts';
import { useNative } from 'amun-ts/native';
import * as ort from 'onnxruntime-node';
import { randomStream } from '../src/core/random';
import { asClassifier } from '../src/model/classifier';
import { logitsOf } from '../src/model/logits';
import { oneHotLabels } from '../src/model/losses';
import { Sgd } from '../src/model/sgd';
import { trainStep } from '../src/model/train-step';
import { runPgdStep } from '../src/search/attacks/step';
import { normOf } from '../src/search/norms';
import { buildNetwork, type NetworkName } from './models';

const MICROSECONDS = 1000;

const { values: args } = parseArgs({
  options: {
    step: { type: 'string', default: 'train' },
    model: { type: 'string', default: 'resnet8' },
    batch: { type: 'string', default: '128' },
    runs: { type: 'string', default: '12' },
  },
});

interface Event {
  readonly cat: string;
  readonly name: string;
  readonly dur: number;
  readonly args: { readonly op_name?: string };
}

const folder = mkdtempSync(join(tmpdir(), 'profile-'));
const sessions: ort.InferenceSession[] = [];
const create = ort.InferenceSession.create.bind(ort.InferenceSession) as (
  model: Uint8Array,
  options: ort.InferenceSession.SessionOptions,
) => Promise<ort.InferenceSession>;
Object.assign(ort.InferenceSession, {
  create: async (model: Uint8Array, options: ort.InferenceSession.SessionOptions) => {
    const profileFilePrefix = join(folder, String(sessions.length).padStart(3, '0'));
    const session = await create(model, { ...options, enableProfiling: true, profileFilePrefix });
    sessions.push(session);
    return session;
  },
});

/** Runs the chosen step once. */
function stepper(): () => Promise<void> {
  const size = Number(args.batch);
  const model = buildNetwork(args.model as NetworkName);
  const view = asClassifier('bench', classifier(model));
  const xs = tf.randomUniform([size, 28, 28, 1], 0, 1, 'float32', 1);
  const labels = Int32Array.from({ length: size }, (_, i) => i % 10);
  const optimizer = new Sgd(view.variables, { momentum: 0.9, weightDecay: 5e-4 });
  const mode = { kind: 'training', batchNorm: 'train', random: randomStream(1, 'bench') } as const;
  const x = tf.add(xs, 0);
  const oneHot = oneHotLabels(labels, view.classCount);
  const epsilon = tf.fill([size, 1, 1, 1], 0.1);
  switch (args.step) {
    case 'train':
      return async () => {
        await trainStep(view, { xs: tf.clone(xs), labels }, { optimizer, mode, learningRate: 0.001 });
      };
    case 'pgd':
      return async () => {
        const { next, report } = await runPgdStep(view, { x, x0: xs, oneHot, epsilon }, normOf('l2'), 0.1);
        tf.dispose([next, report]);
      };
    default:
      return async () => {
        (await logitsOf(view, xs)).dispose();
      };
  }
}

function lowerThird(times: readonly number[]): number {
  return [...times].sort((a, b) => a - b)[Math.floor(times.length / 3)];
}

await useNative();
const run = stepper();
for (let i = 0; i < Number(args.runs); i += 1) await run();
sessions.at(-1)!.endProfiling();
const [file] = readdirSync(folder).sort().reverse();
const events = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Event[];
rmSync(folder, { recursive: true });

const byNode = new Map<string, { op: string; times: number[] }>();
for (const { cat, name, dur, args: facts } of events) {
  if (cat !== 'Node' || !name.endsWith('_kernel_time')) continue;
  const node = byNode.get(name) ?? { op: facts.op_name ?? name, times: [] };
  node.times.push(dur);
  byNode.set(name, node);
}
const byOp = new Map<string, { ms: number; count: number }>();
for (const { op, times } of byNode.values()) {
  const known = byOp.get(op) ?? { ms: 0, count: 0 };
  byOp.set(op, { ms: known.ms + lowerThird(times) / MICROSECONDS, count: known.count + 1 });
}
const total = [...byOp.values()].reduce((sum, { ms }) => sum + ms, 0);
console.log(`${args.step} of ${args.model}, batch ${args.batch}: ${total.toFixed(1)} ms in the runtime`);
for (const [op, { ms, count }] of [...byOp].sort((a, b) => b[1].ms - a[1].ms).slice(0, 12)) {
  console.log(
    `${op.padEnd(20)} ${ms.toFixed(2).padStart(7)} ms  ${((100 * ms) / total).toFixed(0).padStart(3)} %  ${count} nodes`,
  );
}
