/**
 * Where a training step and an input-gradient step spend their time on the wasm backend.
 *
 *     npx tsx bench/wasm-profile.ts [--batch 128] [--seconds 6] [--plain]
 *
 * Model: resnet8 of bench/models.ts. The training step is forward in training mode, cross-entropy on logits, gradients of all
 * variables, SGD with momentum and weight decay. The input-gradient step is one PGD iteration: forward in inference mode and the
 * gradient of the loss by the images.
 * Figures are medians over steps of the processor time that this process used: other processes on the machine lengthen the
 * wall clock, which is printed beside it. The rate of a plain matrix product is measured in the same run, because shared
 * machines differ from hour to hour. In the breakdown, filter gradients count where they are first used: in the optimizer's
 * `Add`. `--plain` leaves the breakdown out, whose clock costs about 1 %.
 */
import { parseArgs } from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { useWasm } from 'amun-ts/wasm';
import { randomStream } from '../src/core/random';
import { buildNetwork } from './models';
import { median } from './statistics';

const MILLISECONDS = 1000;
const MICROSECONDS = 1000;
const LEARNING_RATE = 0.1;
const MOMENTUM = 0.9;
const WEIGHT_DECAY = 5e-4;

const { values: args } = parseArgs({
  options: {
    batch: { type: 'string', default: '128' },
    seconds: { type: 'string', default: '6' },
    plain: { type: 'boolean', default: false },
  },
});
const batch = Number(args.batch);
const seconds = Number(args.seconds);

function crossEntropy(logits: tf.Tensor, labels: tf.Tensor): tf.Scalar {
  return tf.neg(tf.mean(tf.sum(tf.mul(tf.logSoftmax(logits), labels), -1))) as tf.Scalar;
}

function trainer(model: LayersModel, xs: tf.Tensor, labels: tf.Tensor): () => void {
  const weights = model.trainableWeights.map((weight) => weight.read() as tf.Variable);
  const velocities = new Map(weights.map((w) => [w.name, tf.variable(tf.zerosLike(w), false)]));
  return () =>
    tf.tidy(() => {
      const loss = () => crossEntropy(model.apply(xs, { training: true }) as tf.Tensor, labels);
      const { grads } = tf.variableGrads(loss, weights);
      for (const w of weights) {
        const velocity = velocities.get(w.name)!;
        velocity.assign(tf.add(tf.mul(velocity, MOMENTUM), tf.add(grads[w.name], tf.mul(w, WEIGHT_DECAY))));
        w.assign(tf.sub(w, tf.mul(velocity, LEARNING_RATE)));
      }
    });
}

function attacker(model: LayersModel, xs: tf.Tensor, labels: tf.Tensor): () => void {
  const gradient = tf.grad((x: tf.Tensor) => crossEntropy(model.apply(x, { training: false }) as tf.Tensor, labels));
  return () => gradient(xs).dispose();
}

/** Milliseconds by kernel name, measured by wrapping each registered kernel. */
const spent = new Map<string, { ms: number; calls: number }>();
let profiling = false;

function wrapKernels(): void {
  for (const config of tf.getKernelsForBackend('wasm')) {
    const { kernelFunc, kernelName } = config;
    config.kernelFunc = (params) => {
      if (!profiling) return kernelFunc(params);
      // Kernels run other kernels: only the outermost is counted.
      profiling = false;
      const start = performance.now();
      try {
        return kernelFunc(params);
      } finally {
        const entry = spent.get(kernelName) ?? { ms: 0, calls: 0 };
        spent.set(kernelName, { ms: entry.ms + performance.now() - start, calls: entry.calls + 1 });
        profiling = true;
      }
    };
  }
}

/** Milliseconds of processor time that this process has used. */
function cpuMilliseconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / MICROSECONDS;
}

/** Median wall and processor milliseconds of a step. */
function timings(step: () => void, budgetSeconds: number): { wall: number; cpu: number } {
  for (let i = 0; i < 3; i++) step();
  const times: { wall: number; cpu: number }[] = [];
  const end = performance.now() + budgetSeconds * MILLISECONDS;
  while (performance.now() < end || times.length < 5) {
    const [wall, cpu] = [performance.now(), cpuMilliseconds()];
    step();
    times.push({ wall: performance.now() - wall, cpu: cpuMilliseconds() - cpu });
  }
  return { wall: median(times.map(({ wall }) => wall)), cpu: median(times.map(({ cpu }) => cpu)) };
}

function breakdown(step: () => void, steps = 8): void {
  spent.clear();
  profiling = true;
  const start = performance.now();
  for (let i = 0; i < steps; i++) step();
  const total = (performance.now() - start) / steps;
  profiling = false;
  const rows = [...spent].sort(([, a], [, b]) => b.ms - a.ms);
  const counted = rows.reduce((sum, [, { ms }]) => sum + ms / steps, 0);
  for (const [name, { ms, calls }] of rows.slice(0, 16)) {
    console.log(
      `    ${name.padEnd(36)} ${(ms / steps).toFixed(2).padStart(8)} ms ${String(calls / steps).padStart(6)} calls`,
    );
  }
  console.log(`    ${'outside kernels'.padEnd(36)} ${(total - counted).toFixed(2).padStart(8)} ms`);
}

function report(name: string, step: () => void): void {
  const { wall, cpu } = timings(step, seconds);
  const rate = (ms: number) => ((batch * MILLISECONDS) / ms).toFixed(0);
  console.log(`${name}: ${cpu.toFixed(1)} ms a step, ${rate(cpu)} images/s (by the wall clock ${rate(wall)})`);
  if (!args.plain) breakdown(step);
}

function gemmGigaflops(size = 512): number {
  const [a, b] = [tf.ones([size, size]), tf.ones([size, size])];
  const repeat = 8;
  const { cpu } = timings(() => {
    for (let i = 0; i < repeat; i++) tf.matMul(a, b).dispose();
  }, 1);
  tf.dispose([a, b]);
  return (repeat * 2 * size ** 3) / cpu / 1e6;
}

await useWasm();
if (!args.plain) wrapKernels();
const random = randomStream(1, 'profile');
const xs = tf.tensor4d(Float32Array.from({ length: batch * 28 * 28 }, random.float), [batch, 28, 28, 1]);
const labels = tf.oneHot(
  Array.from({ length: batch }, () => random.int(10)),
  10,
);
const model = buildNetwork('resnet8');
console.log(`matrix product 512³: ${gemmGigaflops().toFixed(1)} GFLOP/s`);
report('training', trainer(model, xs, tf.cast(labels, 'float32')));
report('input gradient', attacker(model, xs, tf.cast(labels, 'float32')));
