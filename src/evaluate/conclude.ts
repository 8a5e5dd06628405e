/**
 * From figures to an evaluation: gaps, words, warnings.
 */
import type { Figures } from './assess';
import { compare } from './compare';
import type { EvaluatedSets, Evaluation } from './types';
import { inWords } from './words';

/** What an evaluation is concluded from. */
export interface Conclusion {
  readonly sets: EvaluatedSets;
  readonly figures: Figures;
  readonly reference?: Figures;
  /** Warnings about the data. */
  readonly warnings: readonly string[];
  /** When the evaluation began, by `performance.now()`. */
  readonly startedAt: number;
}

/** Makes the evaluation: plain JSON. */
export function conclude({ sets, figures, reference, warnings, startedAt }: Conclusion): Evaluation {
  const comparison = reference && compare(figures, reference);
  const words = inWords(figures, reference, comparison, forgetsWholeClasses(sets));
  const { warnings: doubts = [], ...compared } = comparison ?? {};
  return {
    ...figures,
    ...compared,
    summary: words.summary,
    warnings: [...warnings, ...doubts, ...words.warnings],
    durationMs: performance.now() - startedAt,
  };
}

/** True when no class of the forget set is among the retained examples. */
function forgetsWholeClasses({ forget, retain }: EvaluatedSets): boolean {
  const retained = new Set(retain.labels);
  return forget.labels.every((label) => !retained.has(label));
}
