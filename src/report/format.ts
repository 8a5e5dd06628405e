/**
 * Numbers and strings as a reader sees them.
 */

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

// XML 1.0 has no way to write these, escaped or not: one of them in a name would make a standalone SVG unreadable.
// eslint-disable-next-line no-control-regex
const FORBIDDEN_IN_XML = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])/g;

/** Text made safe for HTML and XML, in content and in quoted attributes. */
export function escapeText(text: string): string {
  return text.replace(FORBIDDEN_IN_XML, '\ufffd').replace(/[&<>"']/g, (character) => ENTITIES[character]);
}

/** A fixed number of decimals with a real minus sign, and no sign on a zero. */
export function fixed(value: number, digits: number): string {
  const text = value.toFixed(digits);
  return Number(text) === 0 ? text.replace('-', '') : text.replace('-', '−');
}

/** The same with a plus sign above zero. */
export function signed(value: number, digits: number): string {
  const text = fixed(value, digits);
  return Number(value.toFixed(digits)) > 0 ? `+${text}` : text;
}

/** Seconds, as exact as they are worth reading: 0.42, 8.3, 95, 1,204. */
export function seconds(value: number): string {
  const digits = secondsDigits(value);
  return digits === 0 ? thousands(Math.round(value)) : value.toFixed(digits);
}

/** How many decimals a number of seconds deserves. */
export function secondsDigits(value: number): number {
  if (value < 1) return 2;
  return value < 10 ? 1 : 0;
}

/** A duration in words: 42 s, 3 min 05 s, 1 h 12 min. */
export function duration(milliseconds: number): string {
  const total = Math.round(milliseconds / 1000);
  if (total < 60) return `${seconds(milliseconds / 1000)} s`;
  const minutes = Math.floor(total / 60);
  if (minutes < 60) return `${minutes} min ${String(total % 60).padStart(2, '0')} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** A whole number with commas between the thousands. */
export function thousands(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** Three significant digits, without exponents where they can be avoided. */
export function significant(value: number): string {
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size < 1e-4 || size >= 1e6) return value.toExponential(1).replace('-', '−');
  return String(Number(value.toPrecision(3))).replace('-', '−');
}

/** Names in a row: `a`, `a and b`, `a, b and c`. */
export function listed(names: readonly string[]): string {
  if (names.length < 2) return names.join('');
  return `${names.slice(0, -1).join(', ')} and ${names[names.length - 1]}`;
}
