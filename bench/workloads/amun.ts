/**
 * AMUN from end to end, against PyTorch and against retraining, and the search within it against the official one.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Subject } from '../peers/subject';
import type { AmunRun, Judgement, RetrainRun } from '../protocol';
import type { Sides } from '../ratios';
import { median, pairedRatio, quantile, spread, type Spread } from '../statistics';
import { type Context, torchOf } from './context';
import { cores, times } from './measure';

const MODEL = 'resnet8';

/** Epochs of a retraining: in our own runs, and in the paper. */
const RETRAIN_EPOCHS = 20;
const PAPER_EPOCHS = 200;

const VS_TORCH = ['searchVsOfficial', 'searchDistanceVsOfficial', 'amunVsTorch'] as const;

/** What one process spent. */
export interface AmunResult {
  readonly totalSeconds: Spread;
  readonly searchSeconds: Spread;
  /** Gradients of single images. */
  readonly gradientSteps: number;
  readonly found: number;
  readonly medianDistance: number;
  readonly p90Distance: number;
  readonly cores: number;
  readonly strategy?: string;
  readonly layout?: string;
  /** Without retain data, search included. */
  readonly adversarialOnlySeconds?: Spread;
}

/** All processes, and the retraining. */
export interface AmunResults {
  readonly forget: number;
  readonly retain: number;
  readonly epochs: number;
  readonly runs: Readonly<Record<string, AmunResult>>;
  readonly retrain: { readonly secondsOf20Epochs: Spread; readonly epochsRun: number };
}

/** Measures PyTorch's AMUN, ours, and our retraining in turn. */
export async function measureAmun(context: Context): Promise<AmunResults> {
  const { plan, cast, log } = context;
  const { forget, retain, epochs, retrainEpochs } = plan.amun;
  const torch = torchOf(cast);
  const [ours, theirs, retrainings]: [AmunRun[], AmunRun[], RetrainRun[]] = [[], [], []];
  const request = { model: MODEL, forget, retain, epochs } as const;
  const folder = mkdtempSync(join(tmpdir(), 'amun-ts-bench-'));
  const save = join(folder, 'neighbours.bin');
  let judgement: Judgement | undefined;
  for (let round = 1; round <= plan.rounds; round += 1) {
    log(`AMUN from end to end, ${forget} images of ${forget + retain}, round ${round} of ${plan.rounds}`);
    if (torch !== undefined) theirs.push(await torch.ask('amun', request));
    ours.push(await cast.ours.ask('amun', { ...request, save }));
    judgement ??= await torch?.ask('judge', { model: MODEL, path: save });
    retrainings.push(
      await cast.ours.ask('retrain', { model: MODEL, skip: forget, count: retain, epochs: retrainEpochs }),
    );
  }
  rmSync(folder, { recursive: true });
  compareWithTorch(context, ours, theirs, judgement);
  const retrainSeconds = compareWithRetraining(context, ours, retrainings);
  const runs = new Map<Subject, AmunRun[]>([[cast.ours, ours]]);
  if (torch !== undefined) runs.set(torch, theirs);
  return {
    forget,
    retain,
    epochs,
    runs: Object.fromEntries([...runs].map(([subject, all]) => [subject.name, summary(all)])),
    retrain: { secondsOf20Epochs: spread(retrainSeconds), epochsRun: retrainEpochs },
  };
}

const searches = (runs: readonly AmunRun[]): Sides => times(runs.map(({ search }) => search));

/** Seconds of AMUN on the adversarial set alone, search included. */
const alone = (runs: readonly AmunRun[]): number[] =>
  runs.map(({ search, adversarialOnly }) => search.wall + adversarialOnly!.wall);

function compareWithTorch(
  { cast, plan, ratios }: Context,
  ours: readonly AmunRun[],
  theirs: readonly AmunRun[],
  judgement: Judgement | undefined,
): void {
  if (theirs.length === 0) {
    ratios.missing(VS_TORCH, cast.torch as string);
    return;
  }
  const note = `${plan.amun.forget} images to forget, ${plan.amun.retain} to retain, by ${ours[0].strategy}`;
  ratios.compared('searchVsOfficial', searches(ours), searches(theirs), note);
  // By PyTorch's own account of our neighbours: what it does not misclassify is no neighbour.
  const { distances, misclassified } = judgement!;
  const worst = theirs.map((run) => {
    const at = (q: number): number => quantile(distances, q) / quantile(run.distances, q);
    return Math.max(at(0.5), at(0.9));
  });
  const found = `of ${plan.amun.forget} images PyTorch found ${theirs[0].found} neighbours, and misclassifies ${misclassified} of our ${ours[0].found}`;
  ratios.measured('searchDistanceVsOfficial', spread(worst), { note: found });
  ratios.compared('amunVsTorch', times(theirs), times(ours), note);
}

/** Returns the seconds of 20 epochs of retraining in each round. */
function compareWithRetraining(
  { plan, ratios }: Context,
  ours: readonly AmunRun[],
  runs: readonly RetrainRun[],
): number[] {
  // The first epoch compiles; what is projected must not contain that many times.
  const epochs = runs.map((run) => median(run.epochs.slice(1)));
  const twenty = runs.map((run, round) => run.wall + epochs[round] * (RETRAIN_EPOCHS - run.epochs.length));
  const paper = runs.map((run, round) => run.wall + epochs[round] * (PAPER_EPOCHS - run.epochs.length));
  const { forget, retain, retrainEpochs } = plan.amun;
  const sizes = `${forget} images to forget, ${retain} to retain`;
  const note =
    retrainEpochs === RETRAIN_EPOCHS ? sizes : `${sizes}; ${RETRAIN_EPOCHS} epochs projected from ${retrainEpochs}`;
  const totals = times(ours).wall;
  const projected = `${sizes}; ${PAPER_EPOCHS} epochs projected from ${retrainEpochs}`;
  ratios.measured('amunVsRetrain', pairedRatio(totals, twenty), { note });
  ratios.measured('amunAdversarialOnlyVsRetrain', pairedRatio(alone(ours), twenty), { note });
  ratios.measured('amunVsPaperRetrain', pairedRatio(totals, paper), { note: projected });
  ratios.measured('amunAdversarialOnlyVsPaperRetrain', pairedRatio(alone(ours), paper), { note: projected });
  return twenty;
}

function summary(runs: readonly AmunRun[]): AmunResult {
  const { gradientSteps, found, distances, strategy, layout, adversarialOnly } = runs[0];
  return {
    totalSeconds: spread(times(runs).wall),
    searchSeconds: spread(searches(runs).wall),
    gradientSteps,
    found,
    medianDistance: median(distances),
    p90Distance: quantile(distances, 0.9),
    cores: cores(runs),
    ...(strategy === undefined ? {} : { strategy }),
    ...(layout === undefined ? {} : { layout }),
    ...(adversarialOnly === undefined ? {} : { adversarialOnlySeconds: spread(alone(runs)) }),
  };
}
