/** The shape of `test/golden/rmia.json`, as far as tests read it. */
interface Stored {
  data: number[];
}

interface StoredSignals {
  reference: Stored;
  target: Stored;
}

type ByName<T> = Record<string, T>;

export interface RmiaGolden {
  labels: number[];
  population_labels: number[];
  inclusion: Stored;
  target_membership: number[];
  reference_logits: Stored;
  target_logits: Stored;
  population_reference_logits: Stored;
  population_target_logits: Stored;
  signals: ByName<StoredSignals>;
  rmia_amun_online: { scores: ByName<number[]>; roc: ByName<StoredRoc> };
  quartic_variant_not_official: { signals: ByName<StoredSignals>; scores: ByName<number[]>; roc: ByName<StoredRoc> };
  rmia_privacy_meter_head_offline: {
    runs: ByName<{
      scores: number[];
      roc: StoredRoc;
      scores_with_population_mean_over_all_reference_models: number[];
      roc_textbook: StoredRoc;
    }>;
    'one_pair_offline_a_0.3': { reference_models: number[]; scores: number[] };
  };
  rmia_2024_paper_code: {
    runs: ByName<{
      official_scores: number[];
      scores_without_the_nonmember_correction: number[];
      scores_self_excluded: number[];
      roc_self_excluded: StoredRoc;
    }>;
  };
  lira: { signal: string; scores_higher_is_member: ByName<number[]>; roc: ByName<StoredRoc> };
}

export interface StoredRoc {
  auc: number;
  tpr_at_1pct_fpr: number;
  'tpr_at_0.1pct_fpr': number;
}
