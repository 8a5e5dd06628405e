/**
 * Your own method: say what each epoch passes over. Checks, the working copy, seeds, abort, checkpoints, the divergence guard and
 * the record of the run come from `Unlearner`.
 *
 * This one ascends on the forget set in every other epoch, and repairs on the retain set in between.
 *
 *   npx tsx examples/04-your-own-unlearner.ts
 */
import {
  type EpochPlan,
  evaluate,
  resolveTraining,
  type RunContext,
  splitByFraction,
  type TrainingOptions,
  Unlearner,
} from 'amun-ts';
import { useWasm } from 'amun-ts/wasm';
import { loadImages, percent, trainedModel } from './support';

class AscendThenRepair extends Unlearner {
  readonly name = 'AscendThenRepair';

  constructor(options: TrainingOptions = {}) {
    super(resolveTraining('AscendThenRepair', options, { learningRate: 0.02, schedule: 'constant', epochs: 6 }, []));
  }

  override needsRetain(): boolean {
    return true;
  }

  plan(context: RunContext): EpochPlan {
    const ascend = [{ name: 'ascend', data: context.augmented(context.forget), direction: -1 as const }];
    const repair = [{ name: 'repair', data: context.augmented(context.retain!) }];
    return (epoch) => (epoch % 2 === 0 ? ascend : repair);
  }
}

await useWasm();
const { train, test } = loadImages(600, 300);
const model = await trainedModel(train);
const split = splitByFraction(train, 0.1, { seed: 1, test });

const result = await new AscendThenRepair({ batchSize: 16 }).unlearn(model, split, {
  seed: 1,
  onEpochEnd: async (working, epoch) => {
    const { forgetAccuracy } = await evaluate(working, split, { attacks: [] });
    console.log(`epoch ${epoch}: forget ${percent(forgetAccuracy)}`);
  },
});
const { forgetAccuracy, testAccuracy } = await evaluate(result.model, split, { attacks: [] });
console.log(`${result.state}: forget ${percent(forgetAccuracy)}, test ${percent(testAccuracy)}`);
for (const { epoch, losses } of result.history) {
  for (const [pass, loss] of Object.entries(losses)) console.log(`epoch ${epoch}: ${pass} loss ${loss.toFixed(3)}`);
}
result.model.dispose();
