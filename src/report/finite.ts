/** What JSON does with numbers that are not finite: it would make them null without a word. */

/** A replacer for `JSON.stringify`: losses that are not finite are left out, other such numbers become their names. */
export function finiteOnly(key: string, value: unknown): unknown {
  if (key === 'losses' && typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).filter(([, loss]) => Number.isFinite(loss)));
  }
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
}
