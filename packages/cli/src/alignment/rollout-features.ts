import { readFile } from 'node:fs/promises';
import { type ClipReference, type FrameStack, InputError, throwIfAborted, type WorkOptions } from '@rapport/core';
import { type Dataset, writeDurably } from '@rapport/data';
import { cutClip, type Encoder, type FeatureVideo, type VideoLookup } from '@rapport/reward';

/** What a reward sees of rollouts. */
export interface RewardView {
  /** Cameras whose features lie side by side. */
  readonly rewardCameras: readonly string[];
  /** Every how many steps a picture is looked at, counted back from the last, which shows how the rollout ended. */
  readonly frameStride: number;
}

/** Features of the rollouts of a dataset, in its order. */
export async function encodeRollouts(
  dataset: Dataset,
  { rewardCameras, frameStride }: RewardView,
  encoder: Encoder,
  work: WorkOptions,
): Promise<FeatureVideo[]> {
  const videos: FeatureVideo[] = [];
  for (const { index } of dataset.episodes) {
    throwIfAborted(work.signal);
    const stacks: FrameStack[] = [];
    for (const camera of rewardCameras) stacks.push(await dataset.readFrames(index, camera));
    videos.push(await encodeFrames(stacks, frameStride, encoder));
    work.onProgress?.({ label: 'encoding rollouts', done: index + 1, total: dataset.episodes.length });
  }
  return videos;
}

/** Keeps features in a file, one video after the other. */
export async function writeFeatures(path: string, videos: readonly FeatureVideo[]): Promise<void> {
  const bytes = videos.map(({ data }) => Buffer.from(data.buffer, data.byteOffset, data.byteLength));
  await writeDurably(path, Buffer.concat(bytes));
}

/**
 * Reads features that were kept.
 * @param frames pictures of each video
 * @param fix what to do when the file is of another size
 * @throws InputError when it is
 */
export async function readFeatures(
  path: string,
  frames: readonly number[],
  featureSize: number,
  fix: string,
): Promise<FeatureVideo[]> {
  const bytes = await readFile(path);
  const expected = frames.reduce((sum, count) => sum + count * featureSize, 0);
  if (bytes.length !== 4 * expected) {
    throw new InputError(`${path} has ${bytes.length} bytes; expected ${4 * expected}`, { fix });
  }
  const values = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  let start = 0;
  return frames.map((count) => {
    const data = values.subarray(start, start + count * featureSize);
    start += count * featureSize;
    return { frames: count, width: featureSize, data };
  });
}

/**
 * What a reward sees of clips of rollouts.
 * @param lengths steps of each rollout
 */
export function clipVideos(videos: readonly FeatureVideo[], lengths: readonly number[]): VideoLookup {
  return (clip: ClipReference) => cutClip(videos[clip.episode]!, { start: 0, end: lengths[clip.episode]! }, clip);
}

/** Features of every n-th picture, counted back from the last one. */
async function encodeFrames(stacks: readonly FrameStack[], stride: number, encoder: Encoder): Promise<FeatureVideo> {
  const parts: Float32Array[] = [];
  let frames = 0;
  for (const stack of stacks) {
    const size = stack.width * stack.height * 3;
    const last = stack.data.length / size - 1;
    frames = Math.floor(last / stride) + 1;
    const data = new Uint8Array(frames * size);
    for (let place = 0; place < frames; place++) {
      const frame = last - (frames - 1 - place) * stride;
      data.set(stack.data.subarray(frame * size, (frame + 1) * size), place * size);
    }
    parts.push(await encoder.encode({ ...stack, data }));
  }
  const { featureSize } = encoder;
  const width = parts.length * featureSize;
  const joined = new Float32Array(frames * width);
  parts.forEach((part, camera) => {
    for (let frame = 0; frame < frames; frame++) {
      const row = part.subarray(frame * featureSize, (frame + 1) * featureSize);
      joined.set(row, frame * width + camera * featureSize);
    }
  });
  return { frames, width, data: joined };
}
