/**
 * An evaluation in words: what was found, and what not to conclude from it.
 */
import type { Comparison } from './compare';
import type { Figures } from './assess';
import type { Interval, Separation } from './types';

/** How far below the ideal a figure must be, beyond its interval, to be called over-forgetting: five points. */
const FAR = 0.05;

/** A share as per cent. */
function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** A difference of shares in percentage points, signed. */
function points(difference: number): string {
  return `${difference < 0 ? '−' : '+'}${Math.abs(100 * difference).toFixed(1)}`;
}

const range = ({ low, high }: Interval): string => `${low.toFixed(3)}–${high.toFixed(3)}`;

/** What a perfectly forgetting model would show, each with how to name it. */
interface Ideals {
  readonly forgetAccuracy: number;
  readonly forgetAccuracyName: string;
  readonly auc: (attack: string) => number | undefined;
  readonly aucName: string;
}

/**
 * The reference's figures. Without one: the forget set treated like the test set. Whole classes have no such stand-in, since a
 * model that never saw them gets them wrong.
 */
function idealsOf(figures: Figures, reference: Figures | undefined, wholeClasses: boolean): Ideals | undefined {
  if (reference !== undefined) {
    const { forgetAccuracy, membership } = reference;
    return {
      forgetAccuracy,
      forgetAccuracyName: "the reference's",
      auc: (attack) => membership[attack]?.forgetVsTest?.auc,
      aucName: "the reference's ",
    };
  }
  if (wholeClasses) return undefined;
  return { forgetAccuracy: figures.testAccuracy, forgetAccuracyName: 'the test accuracy', auc: () => 0.5, aucName: '' };
}

/** The findings, and warnings about what they may be taken for. */
export function inWords(
  figures: Figures,
  reference: Figures | undefined,
  comparison: Comparison | undefined,
  wholeClasses: boolean,
): { summary: string[]; warnings: string[] } {
  const ideals = idealsOf(figures, reference, wholeClasses);
  const { forgetAccuracy, retainAccuracy, testAccuracy, confidence, membership } = figures;
  const summary = [
    `Accuracy: ${percent(forgetAccuracy)} on the forget set, ${percent(retainAccuracy)} on the retain set, ${percent(testAccuracy)} on the test set.`,
    ...(comparison === undefined ? standIn(figures, wholeClasses) : gapsInWords(comparison)),
    `Confidence in the true class: Kolmogorov-Smirnov distance ${confidence.ksForgetTest.toFixed(3)} between forget and test set.`,
  ];
  for (const [name, { forgetVsTest, efficacy }] of Object.entries(membership)) {
    if (forgetVsTest !== undefined) summary.push(aucInWords(name, forgetVsTest, ideals));
    if (efficacy !== undefined) summary.push(efficacyInWords(name, efficacy, reference));
  }
  return { summary, warnings: [...overForgetting(figures, ideals), ...unresolvedRates(figures)] };
}

function standIn(figures: Figures, wholeClasses: boolean): string[] {
  if (wholeClasses) {
    return [
      'The retain set has none of the forgotten classes: a retrained model would get nearly all of the forget set wrong, so low figures are the aim here; only a retrained model as reference tells how low.',
    ];
  }
  const { forgetAccuracy, forgetAccuracyInterval, testAccuracy } = figures;
  const difference = `${(100 * Math.abs(forgetAccuracy - testAccuracy)).toFixed(1)} points`;
  const { low, high } = forgetAccuracyInterval;
  let finding = 'this one is not told apart from that';
  if (low > testAccuracy) finding = `this one is ${difference} above: it still remembers`;
  if (high < testAccuracy) finding = `this one is ${difference} below`;
  return [
    `Without a reference: a retrained model treats randomly chosen examples like test data, so its forget accuracy would be near ${percent(testAccuracy)}; ${finding}.`,
  ];
}

function gapsInWords({ gaps, averageGap, averageGapSvc }: Comparison): string[] {
  const { forgetAccuracy, retainAccuracy, testAccuracy } = gaps;
  const averages = [
    ...(averageGap === undefined ? [] : [`average gap ${(100 * averageGap).toFixed(2)} points with RMIA`]),
    ...(averageGapSvc === undefined ? [] : [`${(100 * averageGapSvc).toFixed(2)} points with SVC MIA`]),
  ];
  const end = averages.length === 0 ? '' : `; ${averages.join(', ')}`;
  return [
    `Against the reference: ${points(forgetAccuracy)} points on the forget set, ${points(retainAccuracy)} on the retain set, ${points(testAccuracy)} on the test set${end}.`,
  ];
}

function aucInWords(name: string, { auc, aucInterval }: Separation, ideals: Ideals | undefined): string {
  const figure = `${name}: AUC ${auc.toFixed(3)} (${range(aucInterval)}) for forgotten against unseen examples`;
  const ideal = ideals?.auc(name);
  if (ideal === undefined) return `${figure}.`;
  const beside = `${ideals?.aucName}${ideal.toFixed(3)}`;
  if (aucInterval.low > ideal) return `${figure}, above ${beside}: they are still recognised as members.`;
  if (aucInterval.high < ideal) return `${figure}, below ${beside}: they look less familiar than they should.`;
  return `${figure}, not told apart from ${beside}.`;
}

function efficacyInWords(
  name: string,
  efficacy: Readonly<Record<string, number>>,
  reference: Figures | undefined,
): string {
  const theirs = reference?.membership[name]?.efficacy;
  const figures = Object.entries(efficacy).map(([feature, share]) => {
    const other = theirs?.[feature];
    return `${percent(share)} by ${feature}${other === undefined ? '' : ` (reference ${percent(other)})`}`;
  });
  const note = reference === undefined ? "; the retrained model's share is the aim, not 0 or 100 %" : '';
  return `${name}: share of the forget set called non-member ${figures.join(', ')}${note}.`;
}

/** Forgetting too much gives an example away as surely as forgetting too little. */
function overForgetting(figures: Figures, ideals: Ideals | undefined): string[] {
  if (ideals === undefined) return [];
  const warnings: string[] = [];
  const { forgetAccuracy, forgetAccuracyInterval } = figures;
  const missing = ideals.forgetAccuracy - forgetAccuracy;
  if (missing > FAR && forgetAccuracyInterval.high < ideals.forgetAccuracy) {
    warnings.push(
      `Over-forgetting: the forget accuracy, ${percent(forgetAccuracy)}, is ${(100 * missing).toFixed(1)} points below ${ideals.forgetAccuracyName}; such errors give the forgotten examples away.`,
    );
  }
  for (const [name, { forgetVsTest }] of Object.entries(figures.membership)) {
    const ideal = ideals.auc(name);
    if (forgetVsTest === undefined || ideal === undefined) continue;
    const { auc, aucInterval } = forgetVsTest;
    if (ideal - auc <= FAR || aucInterval.high >= ideal) continue;
    warnings.push(
      `Over-forgetting: the AUC of ${name} is ${auc.toFixed(3)}, far below ${ideals.aucName}${ideal.toFixed(3)}; an attacker who turns the score around recognises the forgotten examples.`,
    );
  }
  return warnings;
}

/** Names the false-positive rates that the sets are too small for. */
function unresolvedRates(figures: Figures): string[] {
  return Object.entries(figures.membership).flatMap(([name, { forgetVsTest }]) => {
    const unresolved = forgetVsTest?.tprAtFpr.filter(({ resolved }) => !resolved) ?? [];
    if (unresolved.length === 0) return [];
    const rates = unresolved.map(({ fpr }) => `${100 * fpr} % (takes ${Math.ceil(1 / fpr)})`).join(', ');
    return [
      `${name}: ${forgetVsTest!.negatives} unseen examples can't resolve the true-positive rate at a false-positive rate of ${rates}.`,
    ];
  });
}
