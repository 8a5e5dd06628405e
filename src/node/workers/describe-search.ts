/**
 * Search strategies between threads: instances of classes of the library as name and options, those of the caller as a module.
 */
import { AmunError } from '../../core/errors';
import { show } from '../../core/options';
import type { AdversarialSearch } from '../../search/adversarial-search';
import { Fgsm } from '../../search/attacks/fgsm';
import { Pgd } from '../../search/attacks/pgd';
import { IncreasingEpsilonSearch } from '../../search/increasing-epsilon';
import { MinimumNormSearch } from '../../search/minimum-norm';
import { callModule, moduleUrl } from './module-function';

/** A strategy that workers make themselves. */
export interface SearchModule {
  /**
   * URL of a module, such as `new URL('./my-search.js', import.meta.url)`, which exports a function `(options) => AdversarialSearch`.
   */
  readonly module: URL | string;
  /** Name of the export. @default 'default' */
  readonly export?: string;
  /** What the function is called with: anything that can be cloned. */
  readonly options?: unknown;
}

interface ClassDescription {
  readonly class: string;
  readonly options: Readonly<Record<string, unknown>>;
}

/** A strategy as plain data. */
export type SearchDescription =
  ClassDescription | { readonly module: string; readonly exportName: string; readonly options: unknown };

type Strategy = new (options: never) => object;

/** Classes that are described by their fields, which are named as their options. */
const CLASSES: Readonly<Record<string, Strategy>> = { IncreasingEpsilonSearch, MinimumNormSearch, Pgd, Fgsm };

/**
 * Describes a strategy.
 *
 * @throws AmunError `not-transferable` for objects of other classes; `invalid-option`.
 */
export function describeSearch(where: string, search: AdversarialSearch | SearchModule): SearchDescription {
  if (typeof search === 'object' && search !== null && 'module' in search) {
    const exportName = search.export ?? 'default';
    return { module: moduleUrl(`${where}: search.module`, search.module), exportName, options: search.options };
  }
  if (typeof (search as AdversarialSearch | null)?.find !== 'function') {
    throw new AmunError(
      'invalid-option',
      `${where}: search: expected a search such as new IncreasingEpsilonSearch(), or { module: URL }, got ${show(search)}.`,
    );
  }
  return describeInstance(where, search);
}

/** By name, as an application may hold classes of another copy of the library; that its options make an equal one is checked. */
function describeInstance(where: string, strategy: object): ClassDescription {
  const name = strategy.constructor.name;
  const options: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(strategy)) {
    if (value !== undefined) options[key] = isStrategy(value) ? describeInstance(where, value) : value;
  }
  const description = { class: name, options };
  try {
    reviveInstance(description);
    return description;
  } catch (cause) {
    throw new AmunError(
      'not-transferable',
      `${where}: an object of the class ${name || '(no name)'} can't be sent to workers. Make it in a module that exports ` +
        "(options) => new MySearch(options), and pass { module: new URL('./my-search.js', import.meta.url), options }.",
      { cause },
    );
  }
}

function isStrategy(value: unknown): value is object {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) !== Object.prototype;
}

function isDescription(value: unknown): value is ClassDescription {
  return typeof value === 'object' && value !== null && 'class' in value;
}

function reviveInstance({ class: name, options }: ClassDescription): object {
  if (!Object.hasOwn(CLASSES, name)) throw new Error(`workers know no class ${name}`);
  const revived = Object.entries(options).map(([key, value]) => {
    if (typeof value === 'function') throw new Error(`the option ${key} is a function`);
    return [key, isDescription(value) ? reviveInstance(value) : value] as const;
  });
  return new CLASSES[name](Object.fromEntries(revived) as never);
}

/**
 * Makes the strategy in a worker.
 *
 * @throws AmunError `callback-failed` when the caller's module fails or makes something else.
 */
export async function reviveSearch(description: SearchDescription): Promise<AdversarialSearch> {
  if ('class' in description) return reviveInstance(description) as AdversarialSearch;
  const { module, exportName, options } = description;
  const search = (await callModule(module, exportName, [options])) as AdversarialSearch | undefined;
  if (typeof search?.find === 'function') return search;
  throw new AmunError(
    'callback-failed',
    `ParallelSearch: expected ${exportName}() of ${module} to return a search, got ${show(search)}.`,
  );
}

/** A description with other options, of a class of the library. */
export function withOptions(description: SearchDescription, options: Record<string, unknown>): SearchDescription {
  if (!('class' in description)) return description;
  return { class: description.class, options: { ...description.options, ...options } };
}
