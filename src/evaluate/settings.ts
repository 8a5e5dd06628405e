/**
 * Options of an evaluation, checked and filled in.
 */
import { AmunError } from '../core/errors';
import { checkInteger, checkStrategy, show } from '../core/options';
import { svcMia } from './svc-mia';
import type { Evaluation, MembershipAttack } from './types';

/** What an evaluation computes. */
export interface Settings {
  readonly attacks: readonly MembershipAttack[];
  readonly bins: number;
  readonly resamples: number;
  readonly seed: number;
}

/** Keys of {@link Settings} beside those of every run. */
export const SETTING_KEYS = ['attacks', 'bins', 'resamples'] as const;

/** Checks the options that every kind of evaluation has. */
export function resolveSettings(where: string, options: Partial<Settings>): Settings {
  const { attacks = [svcMia()] } = options;
  return {
    attacks: checkAttacks(where, attacks),
    bins: checkInteger(`${where}: bins`, options.bins ?? 20, { min: 2, max: 1000 }),
    resamples: checkInteger(`${where}: resamples`, options.resamples ?? 1000, { min: 10 }),
    seed: options.seed ?? 0,
  };
}

function checkAttacks(where: string, attacks: unknown): readonly MembershipAttack[] {
  if (!Array.isArray(attacks)) {
    throw new AmunError(
      'invalid-option',
      `${where}: attacks: expected an array such as [svcMia()], or [] for none, got ${show(attacks)}.`,
    );
  }
  const names = new Set<string>();
  for (const [i, attack] of (attacks as MembershipAttack[]).entries()) {
    checkStrategy(`${where}: attacks[${i}]`, attack, 'run', 'svcMia()');
    if (typeof attack.name !== 'string' || attack.name === '') {
      throw new AmunError('invalid-option', `${where}: attacks[${i}]: expected an attack with a name, got none.`);
    }
    if (names.has(attack.name)) {
      throw new AmunError(
        'invalid-option',
        `${where}: attacks: two are named '${attack.name}', which is where their results would go; wrap one as { ...attack, name: 'another' }.`,
      );
    }
    names.add(attack.name);
  }
  return attacks as MembershipAttack[];
}

/** True for what `evaluate` returned, also after a round trip through JSON. */
export function isEvaluation(value: unknown): value is Evaluation {
  if (typeof value !== 'object' || value === null) return false;
  const { forgetAccuracy, membership } = value as Partial<Evaluation>;
  return typeof forgetAccuracy === 'number' && typeof membership === 'object';
}
