/**
 * The loop that gradient attacks share: step until the prediction flips, batch by batch.
 *
 * Each gradient also yields the logits where it is taken, so that a flip is noticed one evaluation later for free; after the
 * last step one forward pass decides.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { randomStream } from '../../core/random';
import { RunControl } from '../../core/run';
import type { Examples } from '../../data/examples';
import type { Classifier } from '../../model/classifier';
import type { AttackResult, AttackRun } from '../attack';
import { judgeRows, type Verdict } from '../flips';
import type { Norm } from '../norms';
import { type OpenedSearch, openSearch } from '../open';
import { perExample, readAndDispose } from '../per-example';
import { pickRows } from '../row-collector';
import { ActiveBatch } from './active-batch';
import { type Ending, Outcome } from './outcome';
import { checkRadii, checkStart } from './run-options';
import { intoBall } from './step';

/** What tells gradient attacks apart. */
export interface GradientRule {
  readonly norm: Norm;
  /** Steps until an example is given up. */
  readonly steps: number;
  /** Length of a step, as a fraction of the radius. */
  readonly stepSize: number;
  /** Whether to begin somewhere in the ball. */
  readonly randomStart: boolean;
}

/** One call: what is attacked, how, and how far it has come. */
interface AttackCall extends OpenedSearch {
  readonly rule: GradientRule;
  readonly radii: Float32Array;
  readonly run: AttackRun;
  readonly control: RunControl;
  readonly outcome: Outcome;
}

/** Runs a gradient attack on all examples. Nothing is leaked, whether it returns or rejects. */
export async function gradientAttack(
  where: string,
  rule: GradientRule,
  model: LayersModel | Classifier,
  examples: Examples,
  run: AttackRun,
): Promise<AttackResult> {
  let radii: Float32Array = new Float32Array();
  const opened = await openSearch(where, model, examples, run, {
    extraKeys: ['epsilon', 'start'],
    check: ({ size, inputShape }) => {
      radii = checkRadii(where, run?.epsilon, size);
      checkStart(where, run?.start, [size, ...inputShape]);
    },
  });
  const { data, batchSize, release } = opened;
  const outcome = new Outcome(data.size);
  try {
    const control = new RunControl(run, 'search', 'examples', data.size);
    const call: AttackCall = { ...opened, rule, radii, run, control, outcome };
    for (let start = 0; start < data.size; start += batchSize) {
      const rows = Int32Array.from({ length: Math.min(batchSize, data.size - start) }, (_, i) => start + i);
      await attackBatch(call, rows);
    }
    return outcome.finish();
  } finally {
    outcome.dispose();
    release();
  }
}

async function attackBatch(call: AttackCall, rows: Int32Array): Promise<void> {
  const { rule, control } = call;
  const { classCount } = call.view;
  const batch = await openBatch(call, rows);
  try {
    for (let step = 0; step < rule.steps && batch.size > 0; step += 1) {
      await control.checkpoint();
      await takeStep(call, batch);
    }
    if (batch.size === 0) return;
    await control.checkpoint();
    const verdicts = judgeRows(await readAndDispose(await batch.logits()), classCount, batch.labels);
    const endings = verdicts.map((verdict) => endingOf(verdict, verdict.finite));
    finishExamples(call, batch, verdicts, endings);
  } finally {
    batch.dispose();
  }
}

async function openBatch({ view, data, rule, radii, run, seed }: AttackCall, rows: Int32Array): Promise<ActiveBatch> {
  const { xs: x0, labels } = await data.gather(rows, run.signal);
  try {
    const epsilons = Float32Array.from(rows, (row) => radii[row]);
    let x: Tensor;
    if (run.start !== undefined) x = pickRows(run.start, rows);
    else if (rule.randomStart) x = randomPoints(view.bounds, rule.norm, x0, epsilons, rows, seed);
    else x = tf.clone(x0);
    return new ActiveBatch(view, x0, x, { rows, labels, epsilons });
  } catch (error) {
    x0.dispose();
    throw error;
  }
}

/** Points drawn evenly from each ball, moved into the box. A row's draw does not depend on the batch that it is in. */
function randomPoints(
  bounds: Classifier['bounds'],
  norm: Norm,
  x0: Tensor,
  epsilons: Float32Array,
  rows: Int32Array,
  seed: number,
): Tensor {
  return tf.tidy(() => {
    const size = x0.size / rows.length;
    const draws = new Float32Array(x0.size);
    rows.forEach((row, i) => draws.set(norm.sample(randomStream(seed, 'random start', row), size), i * size));
    const epsilon = perExample(epsilons, x0.shape.length);
    const delta = tf.mul(tf.tensor(draws, x0.shape), epsilon);
    return intoBall(tf.add(x0, delta), x0, epsilon, norm, bounds);
  });
}

/** Takes one step with the batch; what had flipped before it, or has nowhere to go, leaves where it is. */
async function takeStep(call: AttackCall, batch: ActiveBatch): Promise<void> {
  const { rule, outcome } = call;
  const { classCount } = call.view;
  const { next, report } = await batch.step(rule.norm, rule.stepSize);
  outcome.gradientSteps += batch.size;
  try {
    const width = classCount + 1;
    const values = await readAndDispose(report);
    const verdicts = judgeRows(values, classCount, batch.labels, { width });
    const endings = verdicts.map((verdict, position) => {
      const strength = values[position * width + classCount];
      return endingOf(verdict, verdict.finite && Number.isFinite(strength) && strength > 0);
    });
    const staying = finishExamples(call, batch, verdicts, endings, 'out of steps');
    batch.advance(next, staying);
  } finally {
    next.dispose();
  }
}

function endingOf({ flipped }: Verdict, canMove: boolean): Ending {
  if (flipped) return 'found';
  return canMove ? 'out of steps' : 'stuck';
}

/** Records examples where they are, save those whose ending does not hold yet: it returns the positions of these. */
function finishExamples(
  { control, outcome }: AttackCall,
  batch: ActiveBatch,
  verdicts: readonly Verdict[],
  endings: readonly Ending[],
  unless?: Ending,
): readonly number[] {
  const positions = endings.map((_, position) => position);
  const ended = positions.filter((position) => endings[position] !== unless);
  if (ended.length === 0) return positions;
  const { rows, xs } = batch.pick(ended);
  outcome.points.add(rows, xs);
  ended.forEach((position, i) => {
    const label = endings[position] === 'found' ? verdicts[position].rival : batch.labels[position];
    outcome.note(rows[i], label, endings[position]);
  });
  control.advance(ended.length);
  return positions.filter((position) => endings[position] === unless);
}
