import { join } from 'node:path';
import { type EnvSpec, episodeScore, type WorkOptions } from '@rapport/core';
import { openPrivilegedDataset } from '@rapport/data';
import type { Encoder, FeatureVideo } from '@rapport/reward';
import { z } from 'zod';
import { simulatedGround } from '../../alignment/ground.js';
import { encodeRollouts, type RewardView, readFeatures, writeFeatures } from '../../alignment/rollout-features.js';
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

/** Rolls a policy out several times from each start, into a dataset with pictures, and encodes what the reward sees. */
export async function recordRollouts(
  directory: string,
  { spec, ...options }: MatchedRollouts & { readonly spec: EnvSpec },
  { encoder, ...view }: RewardView & { readonly encoder: Encoder },
  work: WorkOptions,
): Promise<RolloutSummaries> {
  await recordMatchedRollouts(directory, simulatedGround(spec), options, async () => {}, work);
  const { dataset, readPrivileged } = await openPrivilegedDataset(directory);
  const videos = await encodeRollouts(dataset, view, encoder, work);
  await writeFeatures(join(directory, FEATURES_FILE), videos);
  const rollouts: RolloutSummaries['rollouts'] = [];
  for (const { index, seed, length } of dataset.episodes) {
    const track = await readPrivileged(index);
    rollouts.push({
      seed,
      length,
      success: track.success,
      way: track.way?.name ?? 'none',
      preferred: track.way?.preferred ?? false,
      score: episodeScore(track),
      frames: videos[index]!.frames,
    });
  }
  return { rollouts, featureSize: view.rewardCameras.length * encoder.featureSize };
}

/** Features of the rollouts' pictures, in the order of the dataset. */
export function readRolloutFeatures(
  directory: string,
  { rollouts, featureSize }: RolloutSummaries,
): Promise<FeatureVideo[]> {
  const frames = rollouts.map((rollout) => rollout.frames);
  const fix = 'remove the rollouts and their stage file from the run folder, and resume';
  return readFeatures(join(directory, FEATURES_FILE), frames, featureSize, fix);
}
