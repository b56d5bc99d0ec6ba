import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type EnvSpec,
  episodeScore,
  type FrameStack,
  InputError,
  throwIfAborted,
  type WorkOptions,
} from '@rapport/core';
import { openPrivilegedDataset, writeDurably } from '@rapport/data';
import type { Encoder, FeatureVideo } from '@rapport/reward';
import { z } from 'zod';
import { simulatedGround } from '../../alignment/ground.js';
import { type MatchedRollouts, recordMatchedRollouts } from '../../alignment/rollouts.js';

/** The rollouts of an experiment, as their stage leaves them. */
export const rolloutsSchema = z.object({
  rollouts: z.array(
    z.object({
      seed: z.int(),
      length: z.int(),
      success: z.boolean(),
      way: z.string(),
      preferred: z.boolean(),
      score: z.number(),
      /** Pictures of it that were encoded. */
      frames: z.int(),
    }),
  ),
  featureSize: z.int(),
});
export type RolloutSummaries = z.infer<typeof rolloutsSchema>;

const FEATURES_FILE = 'features.f32';

/**
 * Rolls a policy out several times from each start, into a dataset with pictures, and encodes every n-th picture of each
 * rollout, those of the reward's cameras side by side.
 */
export async function recordRollouts(
  directory: string,
  { spec, ...options }: MatchedRollouts & { readonly spec: EnvSpec },
  {
    encoder,
    rewardCameras,
    frameStride,
  }: { readonly encoder: Encoder; readonly rewardCameras: readonly string[]; readonly frameStride: number },
  work: WorkOptions,
): Promise<RolloutSummaries> {
  await recordMatchedRollouts(directory, simulatedGround(spec), options, async () => {}, work);
  const { dataset, readPrivileged } = await openPrivilegedDataset(directory);
  const rollouts: RolloutSummaries['rollouts'] = [];
  const features: Float32Array[] = [];
  for (const { index, seed, length } of dataset.episodes) {
    throwIfAborted(work.signal);
    const stacks: FrameStack[] = [];
    for (const camera of rewardCameras) stacks.push(await dataset.readFrames(index, camera));
    const { frames, data } = await encodeFrames(stacks, frameStride, encoder);
    const track = await readPrivileged(index);
    features.push(data);
    rollouts.push({
      seed,
      length,
      success: track.success,
      way: track.way?.name ?? 'none',
      preferred: track.way?.preferred ?? false,
      score: episodeScore(track),
      frames,
    });
    work.onProgress?.({ label: 'encoding rollouts', done: index + 1, total: dataset.episodes.length });
  }
  const bytes = features.map(({ buffer, byteOffset, byteLength }) => Buffer.from(buffer, byteOffset, byteLength));
  await writeDurably(join(directory, FEATURES_FILE), Buffer.concat(bytes));
  return { rollouts, featureSize: rewardCameras.length * encoder.featureSize };
}

/** Features of the rollouts' pictures, in the order of the dataset. */
export async function readFeatures(
  directory: string,
  { rollouts, featureSize }: RolloutSummaries,
): Promise<FeatureVideo[]> {
  const path = join(directory, FEATURES_FILE);
  const bytes = await readFile(path);
  const expected = rollouts.reduce((sum, { frames }) => sum + frames * featureSize, 0);
  if (bytes.length !== 4 * expected) {
    throw new InputError(`${path} has ${bytes.length} bytes; expected ${4 * expected}`, {
      fix: 'remove the rollouts and their stage file from the run folder, and resume',
    });
  }
  const values = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  let start = 0;
  return rollouts.map(({ frames }) => {
    const data = values.subarray(start, start + frames * featureSize);
    start += frames * featureSize;
    return { frames, width: featureSize, data };
  });
}

/** Features of every n-th picture, counted back from the last one, which shows how the rollout ended. */
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
