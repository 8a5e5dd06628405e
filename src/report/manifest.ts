/** The manifest as lines of a list: known keys in reading order with their units, then whatever else is in it. */
import { finiteOnly } from './finite';
import { duration } from './format';
import type { ReportManifest } from './types';

const KNOWN: readonly { key: string; label: string; show?: (value: unknown) => string }[] = [
  { key: 'seed', label: 'Seed' },
  { key: 'seeds', label: 'Seeds' },
  { key: 'backend', label: 'Backend' },
  { key: 'versions', label: 'Versions' },
  { key: 'dataHash', label: 'Data' },
  { key: 'createdAt', label: 'Made' },
  { key: 'durationMs', label: 'Took', show: (value) => (typeof value === 'number' ? duration(value) : plain(value)) },
];

/** A value as a line of text. */
function plain(value: unknown): string {
  if (Array.isArray(value)) return value.map(plain).join(', ');
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value)
      .map(([key, entry]) => `${key} ${plain(entry)}`)
      .join(', ');
  }
  return String(value);
}

/** Label and value per line. Options are left out: they are long, and shown as JSON. */
export function manifestLines(manifest: ReportManifest): { label: string; value: string }[] {
  const known = KNOWN.filter(({ key }) => manifest[key] !== undefined).map(({ key, label, show = plain }) => ({
    label,
    value: show(manifest[key]),
  }));
  const taken = new Set(['options', ...KNOWN.map(({ key }) => key)]);
  const others = Object.entries(manifest).filter(([key, value]) => !taken.has(key) && value !== undefined);
  return [...known, ...others.map(([label, value]) => ({ label, value: plain(value) }))];
}

/** The options in force, the report's and each method's, as indented JSON; undefined where there are none. */
export function optionsJson(
  manifest: ReportManifest,
  rows: readonly { name: string; options?: unknown }[],
): string | undefined {
  const methods = Object.fromEntries(
    rows.filter((row) => row.options !== undefined).map((row) => [row.name, row.options]),
  );
  const all = {
    ...(manifest.options !== undefined && { run: manifest.options }),
    ...(Object.keys(methods).length > 0 && { methods }),
  };
  return Object.keys(all).length === 0 ? undefined : JSON.stringify(all, finiteOnly, 2);
}
