import type { FeatureVideo } from '../videos.js';

/** Per-feature shift and scale; travels with the model so that new videos are treated as the training ones were. */
export interface Standardization {
  /** Shape [features]. */
  readonly mean: Float32Array;
  /** Shape [features]: 1 / standard deviation, 0 for a feature that never varies. */
  readonly scale: Float32Array;
}

/** Deviations below this share of the largest one are rounding, not signal. */
const CONSTANT = 1e-6;

/** Mean and deviation of each feature over all frames of the videos. */
export function standardizationOf(videos: readonly FeatureVideo[]): Standardization {
  const width = videos[0]?.width ?? 0;
  const sums = new Float64Array(width);
  const squares = new Float64Array(width);
  let frames = 0;
  for (const video of videos) {
    frames += video.frames;
    for (let at = 0; at < video.data.length; at += width) {
      for (let feature = 0; feature < width; feature++) sums[feature] = sums[feature]! + video.data[at + feature]!;
    }
  }
  const mean = Float32Array.from(sums, (sum) => sum / frames);
  for (const video of videos) {
    for (let at = 0; at < video.data.length; at += width) {
      for (let feature = 0; feature < width; feature++) {
        squares[feature] = squares[feature]! + (video.data[at + feature]! - mean[feature]!) ** 2;
      }
    }
  }
  const deviation = squares.map((square) => Math.sqrt(square / frames));
  const floor = CONSTANT * deviation.reduce((largest, value) => Math.max(largest, value), 0);
  return { mean, scale: Float32Array.from(deviation, (value) => (value > floor ? 1 / value : 0)) };
}

/**
 * Writes standardised features of chosen frames to `out` from `offset` on.
 * @param frames frame numbers
 */
export function writeStandardized(
  video: FeatureVideo,
  frames: Int32Array,
  { mean, scale }: Standardization,
  out: Float32Array,
  offset: number,
): void {
  const { width, data } = video;
  for (let index = 0; index < frames.length; index++) {
    const from = frames[index]! * width;
    const to = offset + index * width;
    for (let feature = 0; feature < width; feature++) {
      out[to + feature] = (data[from + feature]! - mean[feature]!) * scale[feature]!;
    }
  }
}
