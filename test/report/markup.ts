/** A strict reader of the markup that the report writes: every tag closed in order, every attribute quoted, no stray `<`. */
const VOID = new Set(['meta', '!doctype']);
const TAG = /<(\/?)([a-zA-Z!][\w-]*)((?:\s+[\w:-]+(?:="[^"<]*")?)*)\s*(\/?)>/y;

export interface Element {
  name: string;
  attributes: Record<string, string>;
}

/** Elements in document order; throws where the markup is not well-formed. */
export function elementsOf(markup: string): Element[] {
  const open: string[] = [];
  const elements: Element[] = [];
  let at = 0;
  while ((at = markup.indexOf('<', at)) !== -1) {
    TAG.lastIndex = at;
    const match = TAG.exec(markup);
    if (match === null) throw new Error(`not a tag: ${markup.slice(at, at + 60)}`);
    const [whole, closing, name, rest, selfClosing] = match;
    if (closing === '/') {
      const last = open.pop();
      if (last !== name) throw new Error(`</${name}> closes <${last}>`);
    } else {
      const pairs = [...rest.matchAll(/([\w:-]+)(?:="([^"]*)")?/g)].map(([, key, value = '']) => [key, value]);
      elements.push({ name, attributes: Object.fromEntries(pairs) });
      if (selfClosing === '' && !VOID.has(name.toLowerCase())) open.push(name);
    }
    at += whole.length;
  }
  if (open.length > 0) throw new Error(`never closed: ${open.join(', ')}`);
  return elements;
}

/** Text without tags. */
export function textOf(markup: string): string {
  return markup
    .replace(/<style>.*?<\/style>/gs, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ');
}
