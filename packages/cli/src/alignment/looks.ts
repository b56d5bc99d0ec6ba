import { join } from 'node:path';
import type { WorkOptions } from '@rapport/core';
import { openDataset } from '@rapport/data';
import { type EncoderIdentity, type FeatureVideo, featureKinds } from '@rapport/reward';
import { z } from 'zod';
import { chooseEncoder } from '../learning/encoder.js';
import type { AlignOptions } from './options.js';
import { encodeRollouts, readFeatures, writeFeatures } from './rollout-features.js';
import { stage } from './stage.js';

/** What rollouts look like to a reward, and by which encoder. */
export interface RolloutLooks {
  /** By episode. */
  readonly videos: readonly FeatureVideo[];
  readonly encoder: EncoderIdentity;
}

const encodedSchema = z.object({
  encoder: z.object({
    kind: z.string(),
    hash: z.string(),
    features: z.enum([...featureKinds, 'own']),
    /** Of one picture of every camera, side by side. */
    featureSize: z.int(),
  }),
  cameras: z.array(z.string()),
  /** Encoded pictures of each rollout. */
  frames: z.array(z.int()),
});

const FEATURES_FILE = 'features.f32';

/**
 * Encodes the rollouts of a dataset through the cameras, or takes what an earlier try left in the folder.
 * @throws InputError when that is of another size
 */
export async function lookAtRollouts(
  dataset: string,
  folder: string,
  cameras: readonly string[],
  options: Pick<AlignOptions, 'encoder' | 'frameStride'>,
  { work, log }: { readonly work: WorkOptions; readonly log: (line: string) => void },
): Promise<RolloutLooks> {
  const path = join(folder, FEATURES_FILE);
  const { encoder, frames } = await stage(folder, 'encoded', encodedSchema, async () => {
    const chosen = await chooseEncoder(options.encoder, work, log);
    try {
      const view = { rewardCameras: cameras, frameStride: options.frameStride };
      const videos = await encodeRollouts(await openDataset(dataset), view, chosen, work);
      await writeFeatures(path, videos);
      const { kind, hash, features } = chosen;
      const identity = { kind, hash, features, featureSize: cameras.length * chosen.featureSize };
      return { encoder: identity, cameras: [...cameras], frames: videos.map((video) => video.frames) };
    } finally {
      await chosen.close();
    }
  });
  const fix = `remove ${folder} and resume`;
  return { encoder, videos: await readFeatures(path, frames, encoder.featureSize, fix) };
}
