import type { ParameterValues } from '@rapport/nn';
import { type Standardization, writeStandardized } from '../training/standardization.js';
import type { FeatureVideo } from '../videos.js';
import { applyHead, type HeadShape } from './head.js';

/** Embedded frames of a video: unit vectors. */
export interface EmbeddedVideo {
  readonly frames: number;
  /** Shape [frames, embedding size]; every row has length 1. */
  readonly data: Float32Array;
}

/** A trained head with the standardisation of its inputs. */
export interface Head {
  readonly shape: HeadShape;
  readonly standardization: Standardization;
  readonly parameters: ParameterValues;
}

/** Standardises, applies the head and scales to unit length: z = h(x) / |h(x)|. */
export function embedVideo(head: Head, video: FeatureVideo, frames: Int32Array): EmbeddedVideo {
  const input = new Float32Array(frames.length * video.width);
  writeStandardized(video, frames, head.standardization, input, 0);
  const data = applyHead(head.shape, head.parameters, input);
  const size = head.shape.embeddingSize;
  for (let start = 0; start < data.length; start += size) {
    let squared = 1e-12;
    for (let unit = start; unit < start + size; unit++) squared += data[unit]! ** 2;
    const scale = 1 / Math.sqrt(squared);
    for (let unit = start; unit < start + size; unit++) data[unit] = data[unit]! * scale;
  }
  return { frames: frames.length, data };
}

/** Cosine costs 1 - <z_i, z'_j>, written to `out`, shape [a.frames, b.frames]. */
export function cosineCosts(a: EmbeddedVideo, b: EmbeddedVideo, size: number, out: Float32Array): void {
  for (let i = 0; i < a.frames; i++) {
    for (let j = 0; j < b.frames; j++) {
      let dot = 0;
      for (let unit = 0; unit < size; unit++) dot += a.data[i * size + unit]! * b.data[j * size + unit]!;
      out[i * b.frames + j] = 1 - dot;
    }
  }
}
