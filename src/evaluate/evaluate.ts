/**
 * Whether a model has forgotten: accuracies, confidences, membership attacks, and the gaps to a retrained model.
 */
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { claimModel } from '../core/locks';
import { checkRun, RunControl } from '../core/run';
import type { LabelledData } from '../data/labelled';
import { contentKeys, countShared } from '../data/overlap';
import type { ForgetSplit } from '../data/splits';
import type { Classifier, ClassifierView } from '../model/classifier';
import { predict } from '../model/predict';
import { prepareModel } from '../model/prepare';
import { type ModelWorkers, modelWorkers } from '../model/workers';
import { assess, checkAttacks, checkLogits, type Sizes } from './assess';
import { checkReferenceSizes } from './compare';
import { conclude } from './conclude';
import { type BySet, checkWholeSplit, openPool, SETS, type WholeSplit } from './open-pool';
import { isEvaluation, resolveSettings, SETTING_KEYS } from './settings';
import type { EvaluatedSets, EvaluateOptions, Evaluation } from './types';

const WHERE = 'evaluate';

/**
 * Measures how well a model has forgotten. Compare with a retrained model wherever one can be had: no figure here is ideally 0 or 1,
 * but what the retrained model shows. The model is not changed, and no tensor is left behind.
 *
 * @param model - The unlearned model, or any other: the original, a retrained one.
 * @param split - Forget, retain and test set, all needed.
 * @throws AmunError `missing-retain`, `missing-test`, `invalid-option`; what `classifier` and the attacks throw; `invalid-inputs`,
 *   `invalid-labels`, `out-of-bounds`, `size-mismatch`, `class-count-mismatch`, `empty-set` for the data; `invalid-weights`,
 *   `disposed`, `model-busy`, `no-backend`, `kernel-missing`; with `workers`, `worker-failed` and `not-transferable`. Rejects with the signal's reason when aborted.
 *
 * @example
 * ```ts
 * const evaluation = await evaluate(unlearned, split, { reference: retrained, attacks: [svcMia(), rmia({ references })] });
 * console.log(evaluation.summary.join('\n'), evaluation.averageGap);
 * ```
 */
export async function evaluate(
  model: LayersModel | Classifier,
  split: ForgetSplit,
  options: EvaluateOptions = {},
): Promise<Evaluation> {
  const startedAt = performance.now();
  checkRun(WHERE, options, [...SETTING_KEYS, 'reference', 'workers']);
  const settings = resolveSettings(WHERE, options);
  const whole = checkWholeSplit(WHERE, split);
  const { reference, signal } = options;
  const predictor = options.workers === undefined ? HERE : modelWorkers(WHERE, options.workers);
  const releases: (() => void)[] = [];
  try {
    const own = await open(WHERE, model, whole, releases);
    const other =
      reference === undefined || isEvaluation(reference)
        ? undefined
        : await open(`${WHERE}: reference`, reference, whole, releases);
    if (isEvaluation(reference)) checkReferenceSizes(WHERE, reference, own.sizes);
    checkAttacks(settings, own.sizes);
    const warnings = await overlaps(own.data, signal);
    const { forget, retain, test } = own.sizes;
    const total = (forget + retain + test) * (other === undefined ? 1 : 2);
    const control = new RunControl(options, 'evaluate', 'examples', total);
    const run = { predictor, control, signal };
    const sets = await predictSets(WHERE, own, run);
    const theirs = other && (await predictSets(`${WHERE}: reference`, other, run));
    const figures = await assess(sets, settings, signal);
    const compared =
      theirs === undefined ? (reference as Evaluation | undefined) : await assess(theirs, settings, signal);
    return conclude({ sets, figures, reference: compared, warnings, startedAt });
  } finally {
    for (const release of releases) release();
  }
}

/** A model with the data that it is going to predict. */
interface Opened {
  readonly view: ClassifierView;
  readonly data: BySet<LabelledData>;
  readonly sizes: Sizes;
}

async function open(
  where: string,
  model: LayersModel | Classifier,
  split: WholeSplit,
  releases: (() => void)[],
): Promise<Opened> {
  const view = await prepareModel(where, model, 'inference');
  releases.push(claimModel(view.model, 'read', where));
  const data = await openPool(where, split, view, 'inference');
  const { forget, retain, test } = data;
  return {
    view,
    data,
    sizes: { forget: forget.size, retain: retain.size, test: test.size, classCount: view.classCount },
  };
}

/** Who predicts. */
type Predictor = Pick<ModelWorkers, 'predict'>;

/** This thread. */
const HERE: Predictor = { predict: (_, view, data, { control, signal }) => predict(view, data, control, signal) };

async function predictSets(
  where: string,
  { view, data }: Opened,
  { predictor, ...run }: { predictor: Predictor; control: RunControl; signal: AbortSignal | undefined },
): Promise<EvaluatedSets> {
  const sets = {
    forget: await predictor.predict(where, view, data.forget, run),
    retain: await predictor.predict(where, view, data.retain, run),
    test: await predictor.predict(where, view, data.test, run),
  };
  checkLogits(where, sets);
  return sets;
}

/** Warns of examples that lie in two sets, of those in memory. */
async function overlaps(data: BySet<LabelledData>, signal: AbortSignal | undefined): Promise<string[]> {
  const control = new RunControl({ signal }, 'overlap', 'examples', 1);
  const keys: Partial<Record<keyof BySet<unknown>, readonly number[]>> = {};
  for (const set of SETS) {
    await control.checkpoint();
    keys[set] = await contentKeys(data[set]);
  }
  const pairs = [
    ['forget', 'retain', "a model that keeps the copy can't forget the original"],
    ['forget', 'test', 'members among the unseen examples hide what attacks find'],
    ['retain', 'test', 'the test accuracy is too high by what was learnt of the copies'],
  ] as const;
  return pairs.flatMap(([set, other, why]) => {
    const [own, theirs] = [keys[set], keys[other]];
    const shared = own === undefined || theirs === undefined ? 0 : countShared(own, theirs);
    return shared === 0 ? [] : [`${shared} of ${data[set].size} ${set} examples lie in the ${other} set too: ${why}.`];
  });
}
