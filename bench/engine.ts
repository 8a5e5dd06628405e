/**
 * The library as a process that is measured: `engine.ts <native | tfjs-node | wasm | cpu>` answers the operations of
 * bench/protocol.ts, one JSON object a line.
 */
import { createInterface } from 'node:readline';
import { type EngineName, fallbacks, startEngine } from './engines';
import { forwardFlops } from './flops';
import { amun, evaluateModel, retrain } from './operations/unlearning';
import { growth } from './operations/growth';
import { gemm, inference, pgd, train } from './operations/steps';
import { Pools } from './operations/workers';
import { Workbench } from './operations/workbench';
import type { Operation, Operations } from './protocol';

type Handlers = {
  readonly [O in Exclude<Operation, 'judge'>]: (request: Operations[O][0]) => Promise<Operations[O][1]>;
};

function handlers(engine: EngineName, pools: Pools): Handlers {
  const bench = new Workbench();
  return {
    hello: async ({ data }) => {
      bench.open(data);
      return { ...(await startEngine(engine)), threads: 1 };
    },
    load: ({ model, weights, create }) => bench.load(model, weights, create),
    logits: ({ model, count }) => bench.logits(model, count),
    flops: ({ model }) => Promise.resolve({ flops: forwardFlops(bench.view(model).model) }),
    gemm,
    inference: (request) => inference(bench, request),
    pgd: (request) => pgd(bench, request),
    train: (request) => train(bench, request),
    amun: (request) => amun(bench, request),
    retrain: (request) => retrain(bench, request),
    evaluate: (request) => evaluateModel(bench, request),
    growth,
    workers: (request) => pools.search(bench, request),
  };
}

async function answer(all: Handlers, line: string): Promise<object> {
  const { operation, ...request } = JSON.parse(line) as { operation: keyof Handlers };
  try {
    const result = await (all[operation] as (request: object) => Promise<object>)(request);
    return { ...result, peakRssMb: process.resourceUsage().maxRSS / 1e3, fallbacks };
  } catch (error) {
    return { error: (error as Error).message };
  }
}

// Standard output is for answers: what a package prints goes to standard error.
console.log = console.info = console.warn = console.error;

const engine = process.argv[2] as EngineName;
const pools = new Pools(engine);
const all = handlers(engine, pools);
for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await answer(all, line))}\n`);
}
await pools.close();
