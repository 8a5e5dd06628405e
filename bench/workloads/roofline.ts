/**
 * How much of its own matrix product's speed each engine of the library keeps in training and in PGD.
 */
import { PASSES } from '../flops';
import type { Subject } from '../peers/subject';
import { type Spread, pairedRatio, spread } from '../statistics';
import type { Context } from './context';

const MODEL = 'resnet8';
const GEMM_SIZE = 512;
const GIGA = 1e9;

/** One process against its own matrix product. */
export interface Roofline {
  readonly gemmGflops: Spread;
  readonly train: Spread;
  readonly pgd: Spread;
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
  ratios.measured('wasmTrainRoofline', wasm.train);
  ratios.measured('wasmPgdRoofline', wasm.pgd);
  return results;
}

async function rooflineOf(subject: Subject, flops: number, { plan, log }: Context): Promise<Roofline> {
  log(`roofline of ${subject.name}`);
  const batch = plan.batches.includes(128) ? 128 : plan.batches[0];
  const common = { model: MODEL, batch, seconds: plan.seconds } as const;
  const [gemm, train, pgd]: number[][] = [[], [], []];
  for (let round = 0; round < plan.rounds; round += 1) {
    const product = await subject.ask('gemm', { size: GEMM_SIZE, seconds: plan.seconds });
    gemm.push(product.flops / product.wall);
    const trained = await subject.ask('train', { ...common, count: plan.epochBatches * batch });
    train.push((trained.images / trained.wall) * flops * PASSES.train);
    const attacked = await subject.ask('pgd', { ...common, steps: Math.max(2, Math.round(plan.gradients / batch)) });
    pgd.push((attacked.images / attacked.wall) * flops * PASSES.pgd);
  }
  return {
    gemmGflops: spread(gemm.map((rate) => rate / GIGA)),
    train: pairedRatio(train, gemm),
    pgd: pairedRatio(pgd, gemm),
  };
}
