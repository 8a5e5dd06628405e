/**
 * When a prediction counts as flipped.
 *
 * Rounding differs between batch sizes: an example that lies on the boundary to within it is misclassified in one batch and
 * not in the next. A flip therefore needs a margin: max_{j≠y} z_j − z_y > {@link FLIP_MARGIN} · max(1, max_j |z_j|), which is
 * some 80 units of float32 rounding of the largest logit. The original code asks for argmax z ≠ y alone.
 */

/** Margin of a flip, relative to the largest logit. */
export const FLIP_MARGIN = 1e-5;

/** What one row of logits says about an example. */
export interface Verdict {
  /** The highest class other than the example's own, the first of ties. */
  readonly rival: number;
  /** Whether the rival beats the example's own class by the margin. */
  readonly flipped: boolean;
  /** False when a logit is NaN or infinite: then nothing is flipped. */
  readonly finite: boolean;
}

/** Judges the `classCount` logits from `offset` on against the class `label`. */
export function judge(
  logits: ArrayLike<number>,
  offset: number,
  classCount: number,
  label: number,
  margin = FLIP_MARGIN,
): Verdict {
  let rival = -1;
  let largest = 1;
  let finite = true;
  for (let k = 0; k < classCount; k += 1) {
    const z = logits[offset + k];
    finite &&= Number.isFinite(z);
    largest = Math.max(largest, Math.abs(z));
    if (k !== label && (rival < 0 || z > logits[offset + rival])) rival = k;
  }
  const flipped = finite && rival >= 0 && logits[offset + rival] - logits[offset + label] > margin * largest;
  return { rival, flipped, finite };
}

/** Judges rows of logits [B, width], of which the first `classCount` columns count, against labels [B]. */
export function judgeRows(
  logits: ArrayLike<number>,
  classCount: number,
  labels: Int32Array,
  { width = classCount, margin = FLIP_MARGIN }: { readonly width?: number; readonly margin?: number } = {},
): readonly Verdict[] {
  return Array.from(labels, (label, row) => judge(logits, row * width, classCount, label, margin));
}
