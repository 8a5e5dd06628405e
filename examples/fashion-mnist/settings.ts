/**
 * The demonstration's command line.
 */
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { EMBEDDED } from './dataset';
import { FULL_PLAN, METHODS, type Plan, QUICK, SMALL_GRID, STANDARD } from './plan';

export const HELP = `Usage: npm run demo -- [options]

  (none)         3,000 images, a small network: about a minute on two cores
  --quick        1,000 images: about twenty seconds
  --full         10,000 images, resnet8, a grid of settings for every method: up to two hours; goes on where it stopped
  --tune         a grid of settings for every method, as --full has it
  --seeds N      how many seeds are reported (default 1); with a grid one more is used for tuning, and not reported
  --data DIR     folder with Fashion-MNIST's idx files, to use instead of the embedded images
  --train N      how many training images, with --data or below 10,000
  --out DIR      where the report goes (default out/demo)
  --threads N    worker threads (default: one per core, at most 4)
  --fresh        forget the results of an earlier run with the same options
  --help

Ctrl-C ends the run, reports what there is, and exits with code 130; wrong options exit with code 2.`;

/** A command line that can't be followed; its message is all that its user has to read. */
export class UsageError extends Error {}

export interface Settings {
  readonly plan: Plan;
  readonly seeds: readonly number[];
  readonly tuningSeed: number | undefined;
  readonly data: string;
  readonly out: string;
  readonly threads: number;
  readonly fresh: boolean;
}

/** The seed that settings are chosen on, here or beforehand; the reported ones follow it. */
const TUNING_SEED = 1;
const FIRST_SEED = TUNING_SEED + 1;

const OPTIONS = {
  quick: { type: 'boolean', default: false },
  full: { type: 'boolean', default: false },
  tune: { type: 'boolean', default: false },
  fresh: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
  seeds: { type: 'string', default: '1' },
  data: { type: 'string', default: EMBEDDED },
  train: { type: 'string' },
  out: { type: 'string', default: 'out/demo' },
  threads: { type: 'string', default: String(Math.min(4, availableParallelism())) },
} as const;

function wholeNumber(name: string, text: string, min: number, max = Infinity): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < min || value > max) {
    const range = max === Infinity ? `of at least ${min}` : `from ${min} to ${max}`;
    throw new UsageError(`--${name}: expected a whole number ${range}, got '${text}'.`);
  }
  return value;
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS }).values;
  } catch (error) {
    // Node's own message goes on about positional arguments, which there are none of.
    throw new UsageError(`${(error as Error).message.split('. ')[0]}; --help lists the options.`);
  }
}

/**
 * Reads the command line; undefined where help was asked for.
 *
 * @throws UsageError
 */
export function readSettings(args: readonly string[]): Settings | undefined {
  const values = parse(args);
  if (values.help) return undefined;
  if (values.full && values.quick) throw new UsageError('--full and --quick exclude each other.');
  const base = values.full ? FULL_PLAN : values.quick ? QUICK : STANDARD;
  const sized = values.train === undefined ? base : { ...base, train: wholeNumber('train', values.train, 100) };
  const plan = values.tune && !values.full ? { ...sized, grid: SMALL_GRID } : sized;
  const tunes = METHODS.some((method) => plan.grid[method].length > 1);
  return {
    plan,
    seeds: Array.from({ length: wholeNumber('seeds', values.seeds, 1, 100) }, (_, i) => FIRST_SEED + i),
    tuningSeed: tunes ? TUNING_SEED : undefined,
    data: resolve(values.data),
    out: resolve(values.out),
    threads: wholeNumber('threads', values.threads, 1, 64),
    fresh: values.fresh || !values.full,
  };
}
