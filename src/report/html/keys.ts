/** The few figures that stand large at the top of the page. */
import { focusOf, originalOf, referenceOf, thingsOf } from '../cast';
import { escapeText, fixed, seconds } from '../format';
import { metricOf } from '../metrics';
import { readingOf, seedCount } from '../readings';
import type { MetricKey, Report } from '../types';

interface Key {
  readonly label: string;
  readonly value: string;
  readonly beside: readonly string[];
}

function keyOf(report: Report, key: MetricKey, label: string): Key | undefined {
  const { scale, digits, unit, hasGap } = metricOf(key);
  const show = (value: number) => (key === 'seconds' ? `${seconds(value)} s` : fixed(value * scale, digits));
  const value = readingOf(report, focusOf(report), key);
  if (value === undefined) return undefined;
  const before = hasGap ? readingOf(report, originalOf(report), key) : undefined;
  const ideal = key === 'averageGap' ? undefined : readingOf(report, referenceOf(report), key);
  const beside = [
    ...(before === undefined ? [] : [`${show(before)} before`]),
    ...(ideal === undefined ? [] : [`${show(ideal)} retrained`]),
    ...(key === 'averageGap' ? ['points; ideal 0'] : []),
  ];
  return { label, value: `${show(value)}${unit === '%' ? ' %' : ''}`, beside };
}

/** The strip of key figures of the focus method; empty without one. */
export function keysHtml(report: Report): string {
  const focus = focusOf(report);
  if (focus === undefined) return '';
  const things = thingsOf(report);
  const keys = [
    keyOf(report, 'averageGap', 'Gap to retraining'),
    keyOf(report, 'rmiaAuc', 'Attacker’s AUC'),
    keyOf(report, 'forgetAccuracy', `Forgotten ${things} right`),
    keyOf(report, 'testAccuracy', `Unseen ${things} right`),
    keyOf(report, 'seconds', 'Time'),
  ].filter((key) => key !== undefined);
  const items = keys.map(({ label, value, beside }) => {
    const others = beside.map((part) => `<span>${escapeText(part)}</span>`).join(' ');
    return `<div><dt>${escapeText(label)}</dt><dd><span class="big">${value}</span><small>${others}</small></dd></div>`;
  });
  const count = seedCount(report);
  const whose = count > 1 ? `${focus.name}, mean over ${count} seeds` : focus.name;
  return `<section class="keys"><h2>${escapeText(whose)}</h2><dl>${items.join('')}</dl></section>`;
}
