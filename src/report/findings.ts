/**
 * The findings in words, from the numbers alone: what a reader should take away, and what to be careful about. Where the
 * data can't tell two values apart the sentence says so.
 */
import { focusOf, methodsOf, originalOf, referenceOf, thingsOf } from './cast';
import { fixed, listed, significant, signed, thousands } from './format';
import { rmiaAuc } from './metrics';
import { bestOfRun, bestOverSeeds } from './told-apart';
import type { Report, ReportRow } from './types';

const points = (fraction: number) => fixed(fraction * 100, 2);
const percent = (fraction: number) => `${fixed(fraction * 100, 1)} %`;

/** What was there to forget: how much better the model before knew the forget set than unseen examples. */
function memorisedSentence(report: Report): string | undefined {
  const original = originalOf(report)?.evaluation;
  if (original === undefined) return undefined;
  const lead = original.forgetAccuracy - original.testAccuracy;
  const things = thingsOf(report);
  const known =
    `Before, the model got ${percent(original.forgetAccuracy)} of the ${thousands(original.sizes.forget)} ${things} to ` +
    `forget right, and ${percent(original.testAccuracy)} of those it had never seen`;
  return lead < 0.05 ? `${known}: so close that there was little to forget.` : `${known}.`;
}

function averageGapOf(report: Report, row: ReportRow): number | undefined {
  const overSeeds = report.seeds?.rows.find((candidate) => candidate.name === row.name)?.metrics.averageGap?.mean;
  return overSeeds ?? row.evaluation.averageGap;
}

/** Where the focus stands among the methods. */
function rankSentence(report: Report): string | undefined {
  const focus = focusOf(report);
  const gap = focus === undefined ? undefined : averageGapOf(report, focus);
  if (focus === undefined || gap === undefined) return undefined;
  const rivals = methodsOf(report).flatMap((row) => {
    const value = row === focus ? undefined : averageGapOf(report, row);
    return value === undefined ? [] : [{ name: row.name, gap: value }];
  });
  const count = report.seeds?.seeds.length ?? 1;
  const seeds = count > 1 ? ` over ${count} seeds` : '';
  const own = `${focus.name} ended ${points(gap)} points from the retrained model on average${seeds}`;
  if (rivals.length === 0) return `${own}.`;
  const nearest = rivals.reduce((low, rival) => (rival.gap < low.gap ? rival : low));
  const winner = count > 1 ? bestOverSeeds('averageGap', report.seeds!) : bestOfRun('averageGap', report.rows);
  if (winner === focus.name) return `${own}, told apart as the nearest of ${rivals.length + 1} methods.`;
  const doubt = winner === undefined ? '; the data do not tell the nearest method apart from all others' : '';
  if (nearest.gap < gap) return `${own}; ${nearest.name} came nearer, with ${points(nearest.gap)}${doubt}.`;
  return `${own}, the smallest of ${rivals.length + 1} methods (next: ${nearest.name}, ${points(nearest.gap)})${doubt}.`;
}

function attackSentence(report: Report): string | undefined {
  const parts = [
    { when: 'before', row: originalOf(report) },
    { when: `after ${focusOf(report)?.name}`, row: focusOf(report) },
    { when: 'after retraining', row: referenceOf(report) },
  ].flatMap(({ when, row }) => {
    const auc = row === undefined ? undefined : rmiaAuc(row.evaluation);
    return auc === undefined ? [] : [`${fixed(auc * 100, 1)} ${when}`];
  });
  if (parts.length === 0) return undefined;
  return `An attacker (RMIA) tells forgotten from unseen ${thingsOf(report)} with an AUC of ${listed(parts)}; 50 is guessing.`;
}

function costSentence(report: Report): string | undefined {
  const focus = focusOf(report);
  const yardstick = referenceOf(report) ?? originalOf(report);
  if (focus === undefined || yardstick === undefined) return undefined;
  const difference = focus.evaluation.testAccuracy - yardstick.evaluation.testAccuracy;
  return (
    `On unseen ${thingsOf(report)} ${focus.name}’s model is right ${percent(focus.evaluation.testAccuracy)} of the time, ` +
    `${signed(difference * 100, 1)} points to ${yardstick.name}.`
  );
}

function timeSentence(report: Report): string | undefined {
  const [focus, reference] = [focusOf(report), referenceOf(report)];
  if (!focus?.seconds || !reference?.seconds) return undefined;
  const ratio = reference.seconds / focus.seconds;
  const speed = ratio >= 1 ? `${significant(Number(ratio.toPrecision(2)))} times as fast as` : 'slower than';
  return `${focus.name} was ${speed} retraining, search included.`;
}

function searchSentence(report: Report): string | undefined {
  if (report.search === undefined) return undefined;
  const { found, total } = report.search;
  const left = total - found;
  const things = thingsOf(report);
  if (left === 0) return `Every one of the ${thousands(total)} ${things} got an adversarial neighbour.`;
  return `${thousands(found)} of ${thousands(total)} ${things} got an adversarial neighbour; the other ${thousands(left)} took no part in training with neighbours.`;
}

/** The findings, one sentence each; those whose figures the report lacks are left out. */
export function findingsOf(report: Report): string[] {
  return [rankSentence, memorisedSentence, attackSentence, costSentence, timeSentence, searchSentence]
    .map((sentence) => sentence(report))
    .filter((sentence) => sentence !== undefined);
}

/** What to be careful about: runs that did not complete, and the warnings of runs and evaluations. */
export function cautionsOf(report: Report): string[] {
  const ofRow = ({ name, state, warnings = [], evaluation }: ReportRow) => {
    const ended =
      state === 'diverged'
        ? [`${name} diverged; its figures are those of the last good epoch.`]
        : state === 'aborted'
          ? [`${name} was stopped before its end.`]
          : [];
    return [...ended, ...[...warnings, ...evaluation.warnings].map((warning) => `${name}: ${warning}`)];
  };
  return [...new Set(report.rows.flatMap(ofRow))];
}
