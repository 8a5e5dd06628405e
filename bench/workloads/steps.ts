/**
 * Inference, a gradient step of PGD, and an epoch of training, for each model and batch size, on every process.
 */
import type { NetworkName } from '../models';
import type { Subject } from '../peers/subject';
import type { Timed } from '../protocol';
import type { RatioName } from '../ratios';
import { type Context, torchOf } from './context';
import { interleaved, type Rate, rateOf, rates } from './measure';

const OPERATIONS = ['inference', 'pgd', 'train'] as const;
type StepOperation = (typeof OPERATIONS)[number];

/** The comparison that a ratio is made of: this model at this batch size. */
const COMPARED = { model: 'resnet8', batch: 128 } as const;

const RATIO_OF: Record<StepOperation, RatioName> = {
  inference: 'inferenceVsTorch',
  pgd: 'pgdVsTorch',
  train: 'trainVsTorch',
};

/** One workload with its rates by process. */
export interface StepResult {
  readonly operation: StepOperation;
  readonly model: NetworkName;
  readonly batch: number;
  readonly rates: Readonly<Record<string, Rate>>;
}

function ask(
  subject: Subject,
  operation: StepOperation,
  model: NetworkName,
  batch: number,
  { plan }: Context,
): Promise<Timed> {
  const common = { model, batch, seconds: plan.seconds };
  const count = Math.min(10_000, plan.epochBatches * batch);
  switch (operation) {
    case 'inference':
      return subject.ask('inference', { ...common, count });
    case 'pgd':
      return subject.ask('pgd', { ...common, steps: Math.max(2, Math.round(plan.gradients / batch)) });
    case 'train':
      return subject.ask('train', { ...common, count });
  }
}

/** Measures all of them. */
export async function measureSteps(context: Context): Promise<StepResult[]> {
  const { plan, cast, ratios, log } = context;
  const torch = torchOf(cast);
  const subjects = [cast.ours, ...(torch === undefined ? [] : [torch]), ...cast.others];
  if (torch === undefined) ratios.missing(Object.values(RATIO_OF), cast.torch as string);
  const results: StepResult[] = [];
  for (const model of plan.models) {
    for (const batch of plan.batches) {
      for (const operation of OPERATIONS) {
        log(`${operation}, ${model}, batch ${batch}`);
        const rounds = await interleaved(subjects, plan.rounds, (subject) =>
          ask(subject, operation, model, batch, context),
        );
        const entries = [...rounds].map(([subject, timed]) => [subject.name, rateOf(timed)] as const);
        results.push({ operation, model, batch, rates: Object.fromEntries(entries) });
        if (torch === undefined || model !== COMPARED.model || batch !== COMPARED.batch) continue;
        ratios.compared(RATIO_OF[operation], rates(rounds.get(cast.ours)!), rates(rounds.get(torch)!));
      }
    }
  }
  return results;
}
