/**
 * Runs steps through ONNX Runtime: each is recorded and translated at its first run, checked against what tfjs computed, and from
 * then on one call of the runtime.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import { type Engine, runEagerly, type Step } from '../core/engine';
import { CompiledStep } from './compiled';
import { agree, TOLERANCE } from './agree';
import { type Drawn, replayed } from './drawn';
import { read } from './host';
import { anyBatch, NotCapturable, PROBE_ROWS, type Program, programOf, sameEachTime } from './program';
import type { Runtime } from './runtime';
import { SessionCache, type Slot } from './session-cache';
import { type Trace, traceStep } from './trace';
import { translate } from './translate';

/** What an engine is made with. */
export interface NativeEngineOptions {
  /** The tfjs backend that everything else runs on. On any other, steps run eagerly. */
  readonly backend: string;
  /** Compiled steps that are kept. */
  readonly maxCompiled: number;
  /** Told once for each computation that runs eagerly, and why. */
  readonly onFallback: (message: string) => void;
}

/** The engine that `useNative()` registers. */
export class NativeEngine implements Engine {
  readonly name = 'onnxruntime-node';
  private readonly cache: SessionCache;
  private readonly told = new Set<string>();

  constructor(
    private readonly runtime: Runtime,
    private readonly options: NativeEngineOptions,
  ) {
    this.cache = new SessionCache(options.maxCompiled);
  }

  /** How many compiled steps there are. */
  get compiledCount(): number {
    return this.cache.size;
  }

  async run(step: Step): Promise<Tensor[]> {
    if (tf.getBackend() !== this.options.backend) return runEagerly(step);
    const slot = this.cache.slot(step.owner, slotKey(step));
    if (slot.refused === true) return runEagerly(step);
    return step.weights === 'fixed' ? this.runFixed(step, slot) : this.runChanging(step, slot);
  }

  /** Frees all compiled steps. */
  async dispose(): Promise<void> {
    await this.cache.clear();
  }

  private async runFixed(step: Step, slot: Slot): Promise<Tensor[]> {
    const versions = step.variables.map(({ dataId }) => dataId);
    if (slot.compiled === undefined || !sameVersions(slot.versions, versions)) {
      if (!(await this.compileFixed(step, slot))) return runEagerly(step);
      slot.versions = versions;
    }
    const compiled = slot.compiled!;
    try {
      return compiled.outputs(await compiled.run(step));
    } catch (error) {
      await this.refuse(step, slot, error);
      return runEagerly(step);
    }
  }

  /** Records the step with two examples and with three, and builds in the weights. */
  private async compileFixed(step: Step, slot: Slot): Promise<boolean> {
    const records: { trace: Trace; inputs: Tensor[] }[] = [];
    try {
      for (const rows of PROBE_ROWS) {
        const inputs = step.inputs.map((tensor) => someRows(tensor, rows));
        try {
          records.push({ trace: traceStep({ ...step, inputs }), inputs });
        } catch (error) {
          tf.dispose(inputs);
          throw error;
        }
      }
      const [two, three] = records.map(({ trace }) => repeatable(trace));
      if (records[0].trace.draws.length > 0) throw new NotCapturable('it draws random numbers for each example');
      const constants = new Map(step.variables.map((variable, index) => [index, read(variable).slice()]));
      const compiled = await this.build(anyBatch(two, three), [], constants);
      this.cache.fill(slot, compiled);
      for (const { trace, inputs } of records) {
        const check = await compiled.run({ ...step, inputs });
        this.verify(step, 'output', check.outputs, trace.results);
      }
      return true;
    } catch (error) {
      await this.refuse(step, slot, error);
      return false;
    } finally {
      for (const { trace, inputs } of records) tf.dispose([...trace.results, ...inputs]);
    }
  }

  private async runChanging(step: Step, slot: Slot): Promise<Tensor[]> {
    const { compiled } = slot;
    if (compiled === undefined) return this.compileChanging(step, slot);
    const drawn = compiled.draw(step.random);
    try {
      const result = await compiled.run({ ...step, drawn });
      compiled.assign(step.variables, result);
      return compiled.outputs(result);
    } catch (error) {
      // Nothing was assigned yet, and the draws are there to be used.
      await this.refuse(step, slot, error);
      return tf.tidy(() => step.compute(step.inputs, replayed(drawn, step.random)));
    }
  }

  /**
   * Takes the step eagerly and records it, twice from the same values, so that what changes from call to call shows. Then checks the
   * compiled form on those values.
   */
  private async compileChanging(step: Step, slot: Slot): Promise<Tensor[]> {
    const before = step.variables.map((variable) => tf.tensor(read(variable).slice(), variable.shape, variable.dtype));
    const inputs = withoutAliases(step.inputs);
    const drawn: Drawn[] = [];
    let trace: Trace | undefined;
    try {
      const record = (): Trace => {
        // Values of their own: a record could not tell variables that share theirs apart.
        assignAll(step.variables, before);
        return traceStep({ ...step, inputs }, replayed(drawn, step.random));
      };
      const rehearsal = record();
      tf.dispose(rehearsal.results);
      trace = record();
      const program = sameEachTime(repeatable(rehearsal), repeatable(trace));
      const compiled = await this.build(program, trace.draws);
      this.cache.fill(slot, compiled);
      const variables = before as unknown as Step['variables'];
      const check = await compiled.run({ inputs, variables, drawn });
      this.verify(step, 'output', check.outputs, trace.results);
      const changed = [...check.assigned.keys()].map((index) => step.variables[index] as Tensor);
      this.verify(step, 'assigned', [...check.assigned.values()], changed);
    } catch (error) {
      if (trace === undefined) {
        assignAll(step.variables, before);
        throw error;
      }
      await this.refuse(step, slot, error);
    } finally {
      tf.dispose(before);
      for (const [index, tensor] of inputs.entries()) if (tensor !== step.inputs[index]) tensor.dispose();
    }
    return trace.results;
  }

  private async build(
    program: Program,
    draws: Trace['draws'],
    constants?: Parameters<typeof translate>[1]['constants'],
  ): Promise<CompiledStep> {
    const { block } = this.runtime;
    const { bytes, ...ports } = translate(program, { block, ...(constants !== undefined && { constants }) });
    return new CompiledStep(this.runtime, await this.runtime.session(bytes), ports, draws);
  }

  private verify(
    { key }: Step,
    kind: keyof typeof TOLERANCE,
    got: readonly { data: ArrayLike<number> }[],
    expected: readonly Tensor[],
  ): void {
    expected.forEach((tensor, index) => {
      if (!agree(got[index].data, read(tensor), TOLERANCE[kind])) {
        throw new NotCapturable(`the compiled form of '${key}' computes something else`);
      }
    });
  }

  /** Notes that a step runs eagerly from now on. What is no matter of translation is the caller's error. */
  private async refuse(step: Step, slot: Slot, error: unknown): Promise<void> {
    await this.cache.empty(slot);
    slot.refused = true;
    const reason = error instanceof Error ? error.message : String(error);
    if (this.told.has(reason)) return;
    this.told.add(reason);
    this.options.onFallback(
      `amun-ts/native: '${step.key.split(' ')[0]}' runs op by op on the backend '${this.options.backend}', because ${reason}.`,
    );
  }
}

/** What is needed of a record that holds for other values too. */
function repeatable(trace: Trace): Program {
  if (trace.readsHost) throw new NotCapturable('it reads what it computes on the host');
  return programOf(trace);
}

function assignAll(variables: readonly Variable[], values: readonly Tensor[]): void {
  variables.forEach((variable, index) => {
    variable.assign(values[index]);
  });
}

/** What tells compiled forms of one step apart: for fixed weights any number of rows, else the whole shapes. */
function slotKey({ key, inputs, weights }: Step): string {
  const shapes = inputs.map(({ shape }) => (weights === 'fixed' ? shape.slice(1) : shape).join());
  return `${key} | ${shapes.join(' ')}`;
}

function sameVersions(a: readonly object[] | undefined, b: readonly object[]): boolean {
  return a !== undefined && a.length === b.length && a.every((version, index) => version === b[index]);
}

/** The first rows of a tensor, over and over if it has too few, with data of their own. */
function someRows(tensor: Tensor, rows: number): Tensor {
  const [count, ...rest] = tensor.shape;
  const values = read(tensor);
  const size = (values.length / count) * rows;
  const picked = Array.from({ length: size }, (_, index) => values[index % values.length]);
  return tf.tensor(picked, [rows, ...rest], tensor.dtype);
}

/** Tensors of which none shares its data with another: a record could not tell them apart. */
function withoutAliases(tensors: readonly Tensor[]): Tensor[] {
  const seen = new Set<object>();
  return tensors.map((tensor) => {
    if (!seen.has(tensor.dataId)) {
      seen.add(tensor.dataId);
      return tensor;
    }
    return tf.tensor(read(tensor).slice(), tensor.shape, tensor.dtype);
  });
}
