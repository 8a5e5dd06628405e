/** The few figures that stand large at the top of the page. */
import { focusOf, originalOf, referenceOf } from '../cast';
import { escapeText, fixed, seconds } from '../format';
import { metricOf } from '../metrics';
import type { MetricKey, Report } from '../types';

interface Key {
  readonly label: string;
  readonly value: string;
  readonly beside: readonly string[];
}

function keyOf(report: Report, key: MetricKey, label: string): Key | undefined {
  const metric = metricOf(key);
  const focus = focusOf(report);
  const read = (row: typeof focus) => (row === undefined ? undefined : metric.read(row));
  const show = (value: number) =>
    key === 'seconds' ? `${seconds(value)} s` : fixed(value * metric.scale, metric.digits);
  const value = read(focus);
  if (value === undefined) return undefined;
  const [before, ideal] = [read(originalOf(report)), read(referenceOf(report))];
  const beside = [
    ...(before === undefined || !metric.hasGap ? [] : [`${show(before)} before`]),
    ...(ideal === undefined || key === 'averageGap' ? [] : [`${show(ideal)} retrained`]),
    ...(key === 'averageGap' ? ['ideal 0; lower is better'] : []),
  ];
  return { label, value: `${show(value)}${metric.unit === '%' ? ' %' : ''}`, beside };
}

/** The strip of key figures of the focus method; empty without one. */
export function keysHtml(report: Report): string {
  const keys = [
    keyOf(report, 'averageGap', 'Average gap to retraining'),
    keyOf(report, 'rmiaAuc', 'Attacker’s AUC, forgotten against unseen'),
    keyOf(report, 'forgetAccuracy', 'Right on what it forgot'),
    keyOf(report, 'testAccuracy', 'Right on unseen examples'),
    keyOf(report, 'seconds', 'Time'),
  ].filter((key) => key !== undefined);
  if (keys.length === 0) return '';
  const items = keys.map(
    ({ label, value, beside }) =>
      `<div><dt>${label}</dt><dd><span class="big">${value}</span><small>${beside.map(escapeText).join(' · ')}</small></dd></div>`,
  );
  return `<dl class="keys" aria-label="Key figures of ${escapeText(focusOf(report)!.name)}">${items.join('')}</dl>`;
}
