import { credit, type JudgedPair } from './pairs.js';

/** One bin of a calibration curve. */
export interface CalibrationBin {
  /** Confidence max(p, 1 - p) from `low` (included) to `high` (excluded, but for 1). */
  readonly low: number;
  readonly high: number;
  readonly count: number;
  /** Mean confidence of the pairs in the bin; NaN when empty. */
  readonly confidence: number;
  /** Share of them that the model gets right; NaN when empty. */
  readonly accuracy: number;
}

export interface Calibration {
  readonly bins: readonly CalibrationBin[];
  /** Expected calibration error: sum over bins of count / n * |accuracy - confidence| (Guo et al. 2017, equation 3). */
  readonly expectedError: number;
}

/** Confidence against accuracy, in `bins` equal bins of [0.5, 1]. */
export function calibration(pairs: readonly JudgedPair[], bins = 5): Calibration {
  const counts = new Array<number>(bins).fill(0);
  const confidences = new Array<number>(bins).fill(0);
  const right = new Array<number>(bins).fill(0);
  for (const { probability } of pairs) {
    const confidence = Math.max(probability, 1 - probability);
    const bin = Math.min(bins - 1, Math.floor((confidence - 0.5) * 2 * bins));
    counts[bin] = counts[bin]! + 1;
    confidences[bin] = confidences[bin]! + confidence;
    right[bin] = right[bin]! + credit(probability);
  }
  let expectedError = 0;
  const curve = counts.map((count, bin) => {
    if (count > 0) expectedError += Math.abs(right[bin]! - confidences[bin]!) / pairs.length;
    return {
      low: 0.5 + bin / (2 * bins),
      high: 0.5 + (bin + 1) / (2 * bins),
      count,
      confidence: confidences[bin]! / count,
      accuracy: right[bin]! / count,
    };
  });
  return { bins: curve, expectedError };
}
