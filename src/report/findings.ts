/**
 * The findings in words, from the numbers alone: what a reader should take away, and what to be careful about. Where the
 * data can't tell two values apart the sentence says so.
 */
import { focusOf, methodsOf, originalOf, referenceOf, thingsOf } from './cast';
import { fixed, listed, significant, thousands } from './format';
import { readingOf, seedCount } from './readings';
import { bestOfRun, bestOverSeeds } from './told-apart';
import type { Report, ReportRow } from './types';

const points = (fraction: number) => fixed(fraction * 100, 2);
const percent = (fraction: number) => `${fixed(fraction * 100, 1)} %`;

/** Where the focus stands among the methods. */
function rankSentence(report: Report): string | undefined {
  const focus = focusOf(report);
  const gap = readingOf(report, focus, 'averageGap');
  if (focus === undefined || gap === undefined) return undefined;
  const rivals = methodsOf(report).flatMap((row) => {
    const value = row === focus ? undefined : readingOf(report, row, 'averageGap');
    return value === undefined ? [] : [{ name: row.name, gap: value }];
  });
  const several = seedCount(report) > 1;
  const seeds = several ? `, in the mean over ${seedCount(report)} seeds` : '';
  const own = `${focus.name} ended ${points(gap)} points from the retrained model on average${seeds}`;
  if (rivals.length === 0) return `${own}.`;
  const nearest = rivals.reduce((low, rival) => (rival.gap < low.gap ? rival : low));
  const winner = several ? bestOverSeeds('averageGap', report.seeds!) : bestOfRun('averageGap', report.rows);
  if (winner === focus.name) return `${own}: told apart as the nearest of ${rivals.length + 1} methods.`;
  const doubt = winner === undefined ? '; the data do not tell the nearest method apart from all others' : '';
  if (nearest.gap < gap) return `${own}. ${nearest.name} came nearer, with ${points(nearest.gap)}${doubt}.`;
  return `${own}: the smallest gap of ${rivals.length + 1} methods, next ${nearest.name} with ${points(nearest.gap)}${doubt}.`;
}

/** What was there to forget: how much better the model before knew the forget set than unseen examples. */
function memorisedSentence(report: Report): string | undefined {
  const original = originalOf(report);
  const forget = readingOf(report, original, 'forgetAccuracy');
  const test = readingOf(report, original, 'testAccuracy');
  if (original === undefined || forget === undefined || test === undefined) return undefined;
  const known =
    `Before, the model got ${percent(forget)} of the ${thousands(original.evaluation.sizes.forget)} ${thingsOf(report)} to ` +
    `forget right, and ${percent(test)} of those it had never seen`;
  return forget - test < 0.05 ? `${known}: so close that there was little to forget.` : `${known}.`;
}

function attackSentence(report: Report): string | undefined {
  const focus = focusOf(report);
  const parts = [
    { when: 'before', row: originalOf(report) },
    { when: `after ${focus?.name}`, row: focus },
    { when: 'after retraining', row: referenceOf(report) },
  ].flatMap(({ when, row }) => {
    const auc = readingOf(report, row, 'rmiaAuc');
    return auc === undefined ? [] : [`${fixed(auc * 100, 1)} ${when}`];
  });
  if (parts.length === 0) return undefined;
  return `An attacker (RMIA) tells forgotten from unseen ${thingsOf(report)} with an AUC of ${listed(parts)}; 50 is guessing.`;
}

function standing(difference: number): string {
  const size = fixed(Math.abs(difference) * 100, 1);
  if (Number(size) === 0) return 'level with';
  return `${size} points ${difference > 0 ? 'above' : 'below'}`;
}

function costSentence(report: Report): string | undefined {
  const focus = focusOf(report);
  const yardstick = referenceOf(report) ?? originalOf(report);
  const own = readingOf(report, focus, 'testAccuracy');
  const ideal = readingOf(report, yardstick, 'testAccuracy');
  if (own === undefined || ideal === undefined) return undefined;
  return (
    `On unseen ${thingsOf(report)} ${focus!.name}’s model is right ${percent(own)} of the time, ` +
    `${standing(own - ideal)} ${yardstick!.name}’s.`
  );
}

function timeSentence(report: Report): string | undefined {
  const own = readingOf(report, focusOf(report), 'seconds');
  const ideal = readingOf(report, referenceOf(report), 'seconds');
  if (!own || !ideal) return undefined;
  const share = significant(Number(((100 * own) / ideal).toPrecision(2)));
  return `${focusOf(report)!.name} took ${share} % of the time of retraining, search included.`;
}

function searchSentence(report: Report): string | undefined {
  if (report.search === undefined) return undefined;
  const { found, total } = report.search;
  const left = total - found;
  const things = thingsOf(report);
  if (left === 0) return `Every one of the ${thousands(total)} ${things} got an adversarial neighbour.`;
  return `${thousands(found)} of ${thousands(total)} ${things} got an adversarial neighbour; ${thousands(left)} got none.`;
}

/** The findings, one sentence each; those whose figures the report lacks are left out. */
export function findingsOf(report: Report): string[] {
  return [rankSentence, memorisedSentence, attackSentence, costSentence, timeSentence, searchSentence]
    .map((sentence) => sentence(report))
    .filter((sentence) => sentence !== undefined);
}

/** What to be careful about: runs that did not complete, and the warnings of runs and evaluations. */
export function cautionsOf(report: Report): string[] {
  return [...new Set(report.rows.flatMap(rowCautions))];
}

function rowCautions({ name, state, warnings = [], evaluation }: ReportRow): string[] {
  const all = [...warnings, ...evaluation.warnings].map((warning) => `${name}: ${warning}`);
  if (state === 'diverged') return [`${name} diverged; its figures are those of the last good epoch.`, ...all];
  if (state === 'aborted') return [`${name} was stopped before its end.`, ...all];
  return all;
}
