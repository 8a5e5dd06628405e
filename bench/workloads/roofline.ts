/**
 * How much of its own matrix product's speed each engine of the library keeps in training and in PGD.
 */
import { PASSES } from '../flops';
import type { Subject } from '../peers/subject';
import type { Timed } from '../protocol';
import type { Sides } from '../ratios';
import { spread, type Spread } from '../statistics';
import type { Context } from './context';
import { rates } from './measure';

const MODEL = 'resnet8';
const GEMM_SIZE = 512;
const GIGA = 1e9;

/** One process against its own matrix product. */
export interface Roofline {
  readonly gemmGflops: Spread;
  /** Floating-point operations per second, round by round: of the matrix product, of training, of PGD. */
  readonly product: Sides;
  readonly train: Sides;
  readonly pgd: Sides;
}

/** Measures the library on wasm, and on the engine in use. */
export async function measureRooflines(context: Context): Promise<Record<string, Roofline>> {
  const { cast, ratios } = context;
  const results: Record<string, Roofline> = {};
  const { flops } = await cast.wasm.ask('flops', { model: MODEL });
  for (const subject of new Set([cast.wasm, cast.ours])) {
    results[subject.name] = await rooflineOf(subject, flops, context);
  }
  const wasm = results[cast.wasm.name];
  ratios.compared('wasmTrainRoofline', wasm.train, wasm.product);
  ratios.compared('wasmPgdRoofline', wasm.pgd, wasm.product);
  return results;
}

async function rooflineOf(subject: Subject, flops: number, { plan, log }: Context): Promise<Roofline> {
  log(`roofline of ${subject.name}`);
  const batch = plan.batches.includes(128) ? 128 : plan.batches[0];
  const common = { model: MODEL, batch, seconds: plan.seconds } as const;
  const steps = Math.max(2, Math.round(plan.gradients / batch));
  const [gemm, train, pgd]: [Timed[], Timed[], Timed[]] = [[], [], []];
  for (let round = 0; round < plan.rounds; round += 1) {
    gemm.push(await subject.ask('gemm', { size: GEMM_SIZE, seconds: plan.seconds }));
    train.push(await subject.ask('train', { ...common, count: plan.epochBatches * batch }));
    pgd.push(await subject.ask('pgd', { ...common, steps }));
  }
  const product = scaled(rates(gemm), 2 * GEMM_SIZE ** 3);
  return {
    gemmGflops: spread(product.wall.map((rate) => rate / GIGA)),
    product,
    train: scaled(rates(train), flops * PASSES.train),
    pgd: scaled(rates(pgd), flops * PASSES.pgd),
  };
}

/** Rates in floating-point operations. */
function scaled({ wall, cpu }: Sides, flops: number): Sides {
  return { wall: wall.map((rate) => rate * flops), cpu: cpu.map((rate) => rate * flops) };
}
