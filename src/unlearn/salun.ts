/**
 * SalUn: any method, restricted to the weights that matter most for the forget set.
 *
 * Source: Fan et al., "SalUn: Empowering Machine Unlearning via Gradient-based Weight Saliency", ICLR 2024. A masked-out weight is
 * bit-identical afterwards: gradient, decay and momentum respect the mask. (The original code, and AMUN's copy of it, mask the
 * gradient alone, so that weight decay still moves every weight.)
 */
import { AmunError } from '../core/errors';
import { checkKeys, checkNumber, show } from '../core/options';
import { RunControl } from '../core/run';
import { saliencyMask, weightSaliency } from '../model/saliency';
import type { ClassifierView } from '../model/classifier';
import type { EpochPlan, RunContext } from './context';
import { RandomLabels } from './random-labels';
import type { UnlearnRun } from './types';
import { Unlearner } from './unlearner';

/** Options of {@link SalUn}. */
export interface SalUnOptions {
  /** Share of the weights that may change, in (0, 1]. @default 0.5 */
  readonly ratio?: number;
  /** The method that trains them, with its training options. @default new RandomLabels() */
  readonly method?: Unlearner;
}

/** A saliency mask around another method. */
export class SalUn extends Unlearner {
  readonly name = 'SalUn';
  /** Share of the weights that may change. */
  readonly ratio: number;
  /** The method inside. */
  readonly method: Unlearner;

  constructor(options: SalUnOptions = {}) {
    if (typeof options !== 'object' || options === null) checkKeys('SalUn', options, ['ratio', 'method']);
    const { ratio = 0.5, method = new RandomLabels(), ...rest } = options;
    const stray = Object.keys(rest)[0];
    if (stray !== undefined) {
      throw new AmunError(
        'invalid-option',
        `SalUn: there is no option '${stray}'; known options are ratio and method. Training options belong to the method: new SalUn({ method: new RandomLabels({ ${stray}: … }) }).`,
      );
    }
    if (typeof (method as Partial<Unlearner> | null)?.plan !== 'function') {
      throw new AmunError(
        'invalid-option',
        `SalUn: method: expected an Unlearner, such as new RandomLabels(), got ${show(method)}.`,
      );
    }
    super(method.options);
    this.ratio = checkNumber('SalUn: ratio', ratio, { above: 0, max: 1 });
    this.method = method;
  }

  override needsRetain(): boolean {
    return this.method.needsRetain();
  }

  override workingView(where: string, view: ClassifierView, run: UnlearnRun): Promise<ClassifierView> {
    return this.method.workingView(where, view, run);
  }

  override contents(): Promise<readonly ArrayBufferView[]> {
    return this.method.contents();
  }

  override describe(): Record<string, unknown> {
    return { ratio: this.ratio, method: this.method.name, ...this.method.describe() };
  }

  async plan(context: RunContext): Promise<EpochPlan> {
    const { view, forget, options, run } = context;
    const bits = await context.memo('saliency-mask', async () => {
      const control = new RunControl(run, 'saliency', 'examples', forget.size);
      const saliency = await weightSaliency(view, forget, options.batchSize, control, run.signal);
      return Object.fromEntries(saliencyMask(saliency, this.ratio));
    });
    context.restrict(new Map(Object.entries(bits) as [string, Uint8Array][]));
    return this.method.plan(context);
  }
}
