import { type ClipReference, throwIfAborted, type WorkOptions } from '@rapport/core';
import type { Dataset, PrivilegedDataset } from '@rapport/data';
import { clipKey, type Encoder, type FeatureVideo } from '@rapport/reward';

/** Encoder features of every clip, by `clipKey`. */
export async function encodeClips(
  dataset: Dataset,
  clips: readonly ClipReference[],
  camera: string,
  encoder: Encoder,
  work: WorkOptions,
): Promise<Map<string, FeatureVideo>> {
  const videos = new Map<string, FeatureVideo>();
  for (const clip of clips) {
    throwIfAborted(work.signal);
    const stack = await dataset.readFrames(clip.episode, camera, clip);
    const data = await encoder.encode(stack);
    videos.set(clipKey(clip), { frames: clip.end - clip.start, width: encoder.featureSize, data });
    work.onProgress?.({ label: `encoding pictures with ${encoder.kind}`, done: videos.size, total: clips.length });
  }
  return videos;
}

/** Privileged step scores of every clip, by `clipKey`; for annotators and evaluation. */
export async function readScores(
  recordings: PrivilegedDataset,
  clips: readonly ClipReference[],
): Promise<Map<string, Float32Array>> {
  const scores = new Map<string, Float32Array>();
  for (const clip of clips) {
    const { stepScores } = await recordings.readPrivileged(clip.episode);
    scores.set(clipKey(clip), stepScores.slice(clip.start, clip.end));
  }
  return scores;
}
