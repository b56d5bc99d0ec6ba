import type { Standardization } from '../training/standardization.js';
import { writeStandardized } from '../training/standardization.js';
import type { FeatureVideo } from '../videos.js';

/** Embedded frames of a video: unit vectors. */
export interface EmbeddedVideo {
  readonly frames: number;
  /** Shape [frames, embedding size]; every row has length 1. */
  readonly data: Float32Array;
}

/** The linear head of RAPL with the standardisation of its inputs. */
export interface LinearHead {
  readonly standardization: Standardization;
  /** Shape [features, embeddingSize]. */
  readonly weight: Float32Array;
  readonly embeddingSize: number;
}

/** Standardises, multiplies by the head's matrix and scales to unit length: z = x W / |x W|. */
export function embedVideo(head: LinearHead, video: FeatureVideo, frames: Int32Array): EmbeddedVideo {
  const { weight, embeddingSize } = head;
  const { width } = video;
  const input = new Float32Array(frames.length * width);
  writeStandardized(video, frames, head.standardization, input, 0);
  const data = new Float32Array(frames.length * embeddingSize);
  const row = new Float64Array(embeddingSize);
  for (let frame = 0; frame < frames.length; frame++) {
    row.fill(0);
    for (let feature = 0; feature < width; feature++) {
      const value = input[frame * width + feature]!;
      const base = feature * embeddingSize;
      for (let unit = 0; unit < embeddingSize; unit++) row[unit] = row[unit]! + value * weight[base + unit]!;
    }
    let squared = 1e-12;
    for (const value of row) squared += value * value;
    const scale = 1 / Math.sqrt(squared);
    for (let unit = 0; unit < embeddingSize; unit++) data[frame * embeddingSize + unit] = row[unit]! * scale;
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
