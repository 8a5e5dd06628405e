/**
 * Speed of the library beside PyTorch, itself, and the machine.
 *
 *   npm run bench                  every workload: about an hour
 *   npm run bench -- --quick       the ratios alone, on less data: under three minutes
 *   npm run bench -- --json        one JSON object on standard output instead of tables
 *   npm run bench -- --only steps,roofline
 *   npm run bench -- --engine wasm
 *   npm run bench -- --only amun --rounds 1 --no-peers
 *
 * PyTorch takes part once `npm run bench:setup` has installed it. Every process computes on one thread, and rests while another is
 * measured; workloads are repeated in rounds in which the processes take turns, and medians count.
 */
import { parseArgs } from 'node:util';
import { ENGINES } from './engines';
import { PLANS } from './plan';
import { renderText } from './report';
import { runBenchmarks, WORKLOADS } from './run';

const { values: args } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    only: { type: 'string', default: WORKLOADS.join() },
    engine: { type: 'string', default: 'auto' },
    'no-peers': { type: 'boolean', default: false },
    rounds: { type: 'string' },
    /** For tests. */
    sizes: { type: 'string' },
  },
});

function oneOf<T extends string>(option: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((candidate) => candidate === value);
  if (found !== undefined) return found;
  console.error(`--${option}: expected one of ${allowed.join(', ')}, got '${value}'`);
  process.exit(2);
}

const sizes = args.sizes ?? (args.quick ? 'quick' : 'full');
const plan = PLANS[oneOf('sizes', sizes, ['full', 'quick', 'tiny'])];
const report = await runBenchmarks({
  plan: args.rounds === undefined ? plan : { ...plan, rounds: Number(args.rounds) },
  engine: oneOf('engine', args.engine, ['auto', ...ENGINES]),
  peers: !args['no-peers'],
  workloads: args.only.split(',').map((name) => oneOf('only', name, WORKLOADS)),
  log: (line) => {
    console.error(`${new Date().toISOString().slice(11, 19)} ${line}`);
  },
});
console.log(args.json ? JSON.stringify(report) : renderText(report));
