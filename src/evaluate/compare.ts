/**
 * How far a model is from the retrained one. The average gap is that of the AMUN paper: the mean of the absolute differences in
 * forget, retain and test accuracy and in the membership attack's figure.
 */
import { AmunError } from '../core/errors';
import { averageGap } from '../metrics/gaps';
import type { Figures, Sizes } from './assess';
import { SETS } from './open-pool';
import type { Evaluation, Gaps, MembershipResult } from './types';

/** What a reference adds to an evaluation. */
export interface Comparison extends Pick<Evaluation, 'averageGap' | 'averageGapSvc'> {
  readonly gaps: Gaps;
  readonly warnings: readonly string[];
}

/**
 * Refuses an evaluation of other sets as a reference.
 *
 * @throws AmunError `size-mismatch`.
 */
export function checkReferenceSizes(where: string, reference: Pick<Evaluation, 'sizes'>, sizes: Sizes): void {
  for (const set of SETS) {
    if (reference.sizes[set] === sizes[set]) continue;
    throw new AmunError(
      'size-mismatch',
      `${where}: reference: expected an evaluation of the same sets, but its ${set} set has ${reference.sizes[set]} examples and this one ${sizes[set]}; evaluate the reference on this split.`,
    );
  }
}

/** A figure beside the reference's. */
interface Pair {
  readonly own: number;
  readonly theirs: number;
}

/** Compares figures with the reference's; attacks that were not run on both in the same way are left out, with a warning. */
export function compare(figures: Figures, reference: Figures): Comparison {
  const warnings: string[] = [];
  const rmia = attackPair('rmia', figures, reference, warnings, ({ forgetVsTest }) => forgetVsTest?.auc);
  const svc = attackPair('svc', figures, reference, warnings, ({ efficacy }) => efficacy?.['confidence']);
  if (figures.seed !== reference.seed) {
    warnings.push(
      `The reference was evaluated with seed ${reference.seed} and this model with ${figures.seed}: attacks drew other examples, which adds noise to the gaps.`,
    );
  }
  return {
    gaps: {
      forgetAccuracy: figures.forgetAccuracy - reference.forgetAccuracy,
      retainAccuracy: figures.retainAccuracy - reference.retainAccuracy,
      testAccuracy: figures.testAccuracy - reference.testAccuracy,
      ksForgetTest: figures.confidence.ksForgetTest - reference.confidence.ksForgetTest,
      ...(rmia && { rmiaAuc: rmia.own - rmia.theirs }),
      ...(svc && { svcEfficacy: svc.own - svc.theirs }),
    },
    ...(rmia && { averageGap: averageWith(rmia, figures, reference) }),
    ...(svc && { averageGapSvc: averageWith(svc, figures, reference) }),
    warnings,
  };
}

function averageWith(membership: Pair, figures: Figures, reference: Figures): number {
  const accuracies = ({ forgetAccuracy, retainAccuracy, testAccuracy }: Figures) => ({
    forgetAccuracy,
    retainAccuracy,
    testAccuracy,
  });
  return averageGap(
    { ...accuracies(figures), membership: membership.own },
    { ...accuracies(reference), membership: membership.theirs },
  );
}

function attackPair(
  name: string,
  figures: Figures,
  reference: Figures,
  warnings: string[],
  read: (result: MembershipResult) => number | undefined,
): Pair | undefined {
  const [mine, other] = [figures.membership[name], reference.membership[name]];
  const own = mine && read(mine);
  if (own === undefined) return undefined;
  const theirs = other && read(other);
  if (theirs === undefined) {
    warnings.push(`The reference was not attacked by ${name}, so there is no gap in it; run the same attacks on both.`);
    return undefined;
  }
  if (JSON.stringify(mine.details.options) !== JSON.stringify(other.details.options)) {
    warnings.push(
      `The reference was attacked by ${name} with other options, so there is no gap in it; run the same attacks on both.`,
    );
    return undefined;
  }
  return { own, theirs };
}
