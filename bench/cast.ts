/**
 * Starts the processes of a run, gives all of them the same weights, and sees that they compute the same.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EMBEDDED } from '../examples/fashion-mnist/dataset';
import type { EngineName } from './engines';
import type { NetworkName } from './models';
import { PEER, PYTHON } from './peers/pytorch/location';
import { Subject } from './peers/subject';
import { TRAINED } from './weights';
import type { Cast } from './workloads/context';

const ENGINE = fileURLToPath(new URL('engine.ts', import.meta.url));

/** Images whose logits are compared, and how far they may differ, relative to the largest. */
const COMPARED_IMAGES = 64;
const TOLERANCE = 1e-4;

/** What a process says of itself. */
export interface About {
  readonly name: string;
  readonly engine: string;
  readonly version: string;
  readonly threads: number | string;
  readonly details?: string;
  /** Largest difference of a logit from ours, relative to the largest logit, by model. */
  readonly logitDifference?: Record<string, number>;
}

/** Which processes a run starts. */
export interface Casting {
  /** The library's engine, or `auto` for the fastest that starts. */
  readonly engine: EngineName | 'auto';
  readonly peers: boolean;
  readonly models: readonly NetworkName[];
}

/** The processes of a run. Close it. */
export class Company {
  readonly about: About[] = [];
  /** Processes that did not start, and why. */
  readonly missing: Record<string, string> = {};
  private readonly subjects: Subject[] = [];
  private readonly folder = mkdtempSync(join(tmpdir(), 'amun-ts-bench-'));
  private readonly logits = new Map<NetworkName, readonly number[]>();

  /** Starts the processes and loads the models. */
  async assemble({ engine, peers, models }: Casting): Promise<Cast> {
    const ours = await this.startOurs(engine);
    await this.load(ours, models);
    const wasm = ours.name === 'amun-ts wasm' ? ours : await this.require('wasm', models);
    const others = peers && engine === 'auto' ? await this.optional(this.startEngine('tfjs-node'), models) : [];
    const [torch] = peers ? await this.optional(this.startTorch(), models) : [];
    const reason = peers ? this.missing['PyTorch'] : 'peers were left out (--no-peers)';
    return { ours, wasm, torch: torch ?? reason, others };
  }

  /** Starts the library on one engine, with its models; undefined where the engine is missing. */
  async engine(name: EngineName, models: Casting['models']): Promise<Subject | undefined> {
    return (await this.optional(this.startEngine(name), models))[0];
  }

  /** Peak resident size in MB by process. */
  peakMemory(): Record<string, number> {
    return Object.fromEntries(this.subjects.map(({ name, peakRssMb }) => [name, Math.round(peakRssMb)]));
  }

  /** What the library's engines ran op by op, and why, by process. */
  fallbacks(): Record<string, readonly string[]> {
    const entries = this.subjects.filter(({ fallbacks }) => fallbacks.length > 0);
    return Object.fromEntries(entries.map(({ name, fallbacks }) => [name, fallbacks]));
  }

  /** Ends all processes. */
  async close(): Promise<void> {
    for (const subject of this.subjects) await subject.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async startOurs(engine: Casting['engine']): Promise<Subject> {
    const candidates: readonly EngineName[] = engine === 'auto' ? ['native', 'wasm'] : [engine];
    for (const candidate of candidates) {
      const subject = await this.startEngine(candidate);
      if (subject !== undefined) return subject;
    }
    throw new Error(candidates.map((name) => `${name}: ${this.missing[`amun-ts ${name}`]}`).join('; '));
  }

  private async require(engine: EngineName, models: Casting['models']): Promise<Subject> {
    const subject = await this.startEngine(engine);
    if (subject === undefined) throw new Error(this.missing[`amun-ts ${engine}`]);
    await this.load(subject, models);
    return subject;
  }

  private async optional(starting: Promise<Subject | undefined>, models: Casting['models']): Promise<Subject[]> {
    const subject = await starting;
    if (subject === undefined) return [];
    await this.load(subject, models);
    return [subject];
  }

  private startEngine(engine: EngineName): Promise<Subject | undefined> {
    return this.start(`amun-ts ${engine}`, process.execPath, ['--import', 'tsx', ENGINE, engine]);
  }

  private async startTorch(): Promise<Subject | undefined> {
    if (existsSync(PYTHON)) return this.start('PyTorch', PYTHON, [PEER]);
    this.missing['PyTorch'] = 'PyTorch is not installed: run npm run bench:setup';
    return undefined;
  }

  private async start(name: string, command: string, args: readonly string[]): Promise<Subject | undefined> {
    const subject = new Subject(name, command, args);
    try {
      const { engine, version, threads, details } = await subject.ask('hello', { data: EMBEDDED });
      this.about.push({ name, engine, version, threads, ...(details === undefined ? {} : { details }) });
      this.subjects.push(subject);
      return subject;
    } catch (error) {
      this.missing[name] = (error as Error).message;
      await subject.close();
      return undefined;
    }
  }

  /** Gives a process the weights of all models. The first process writes those of untrained models. */
  private async load(subject: Subject, models: Casting['models']): Promise<void> {
    const differences: Record<string, number> = {};
    for (const model of models) {
      const weights = model === 'resnet8' ? TRAINED : join(this.folder, `${model}.bin`);
      const create = !existsSync(weights);
      await subject.ask('load', { model, weights, ...(create ? { create } : {}) });
      const { logits } = await subject.ask('logits', { model, count: COMPARED_IMAGES });
      const expected = this.logits.get(model);
      if (expected === undefined) this.logits.set(model, logits);
      else differences[model] = difference(logits, expected);
    }
    const index = this.about.findIndex(({ name }) => name === subject.name);
    if (Object.keys(differences).length > 0) this.about[index] = { ...this.about[index], logitDifference: differences };
    const wrong = Object.entries(differences).find(([, value]) => !(value <= TOLERANCE));
    if (wrong === undefined) return;
    throw new Error(
      `${subject.name} computes other logits of ${wrong[0]} than ${this.about[0].name}, by ${wrong[1]}: no figure would be fair.`,
    );
  }
}

/** Largest difference of two lists of logits, relative to the largest logit. */
function difference(logits: readonly number[], expected: readonly number[]): number {
  const scale = Math.max(1, ...expected.map(Math.abs));
  return Math.max(...logits.map((value, i) => Math.abs(value - expected[i]))) / scale;
}
