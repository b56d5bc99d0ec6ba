import type { RandomStream } from '@rapport/core';

/** Transport problems as RAPL poses them: cosine costs between two embedded videos. */
export interface Problems {
  readonly pairs: number;
  /** Frames of each video. */
  readonly frames: number;
  /** Shape [pairs, frames, frames]. */
  readonly costs: Float64Array;
}

const EMBEDDING = 32;

/**
 * Videos are smooth walks on the unit sphere in 32 dimensions: each frame moves a little from the one before, as embedded
 * frames of a rollout do. Both videos of a pair start near each other.
 */
export function walkProblems(pairs: number, frames: number, stream: RandomStream): Problems {
  const costs = new Float64Array(pairs * frames * frames);
  for (let pair = 0; pair < pairs; pair++) {
    const start = unit(stream.fillNormal(new Float32Array(EMBEDDING)));
    const [a, b] = [walk(start, frames, stream), walk(start, frames, stream)];
    for (let i = 0; i < frames; i++) {
      for (let j = 0; j < frames; j++) {
        let dot = 0;
        for (let axis = 0; axis < EMBEDDING; axis++) dot += a[i]![axis]! * b[j]![axis]!;
        costs[(pair * frames + i) * frames + j] = 1 - dot;
      }
    }
  }
  return { pairs, frames, costs };
}

function walk(start: Float32Array, frames: number, stream: RandomStream): Float32Array[] {
  const steps: Float32Array[] = [];
  let position = start;
  for (let frame = 0; frame < frames; frame++) {
    position = unit(position.map((value) => value + 0.08 * stream.normal()));
    steps.push(position);
  }
  return steps;
}

function unit(vector: Float32Array): Float32Array {
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}
