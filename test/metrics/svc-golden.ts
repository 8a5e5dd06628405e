/** The shape of `test/golden/svc-mia.json`, as far as tests read it. */
import type { MembershipFeature } from '../../src/metrics/membership-features';
import type { SvcMiaInput } from '../../src/metrics/svc';

type SvcName = 'correctness' | 'confidence' | 'entropy' | 'm_entropy' | 'prob';

interface StoredPredictions {
  probabilities: { data: number[] };
  labels: number[];
  features: Record<'entropy' | 'm_entropy', { data: number[] }>;
  modified_entropy_song_mittal: number[];
  entropy_float64: number[];
}

export interface SvcGolden {
  shadow_train: StoredPredictions;
  shadow_test: StoredPredictions;
  target_forget: StoredPredictions;
  official_SVC_MIA: Record<SvcName, number>;
  svm: Record<
    SvcName,
    { target_member_decision: number[]; target_decision_function: number[]; n_support: [number, number] }
  >;
  m_entropy_if_song_mittal: { member_decision: number[]; value: number };
  song_mittal_threshold_attack: { by_feature: Record<Exclude<SvcName, 'prob'>, [number, number]> };
}

/** What the published code calls each feature. */
export const SVC_NAMES: Record<MembershipFeature, SvcName> = {
  correctness: 'correctness',
  confidence: 'confidence',
  entropy: 'entropy',
  modifiedEntropy: 'm_entropy',
  probabilities: 'prob',
};

/** The stored predictions as input of the attacks. */
export function svcInput(file: SvcGolden): SvcMiaInput {
  const of = ({ probabilities, labels }: StoredPredictions) => ({
    // The file has the shortest decimals that read back as the same float32.
    probabilities: Float32Array.from(probabilities.data),
    labels,
  });
  return {
    shadowMembers: of(file.shadow_train),
    shadowNonMembers: of(file.shadow_test),
    target: of(file.target_forget),
    classCount: 10,
  };
}
