import { CorruptDataError } from '@rapport/core';
import { type EncoderKind, loadReward } from '@rapport/reward';
import { encoderKindSchema } from './encoder.js';
import { rewardFolder } from './policy-folder.js';
import type { RewardSpec } from './policy-job.js';

/**
 * The reward that `--reward` names: `true`, `environment`, or a folder.
 * @param picture width and height of the pictures that a learned reward sees
 * @throws InputError when the folder holds no reward; CorruptDataError when a file is damaged or foreign
 */
export async function readRewardSpec(
  reward: string,
  picture: number,
): Promise<{ readonly name: string; readonly spec: RewardSpec }> {
  if (reward === 'true' || reward === 'environment') return { name: reward, spec: { kind: reward } };
  const directory = rewardFolder(reward);
  const { kind, encoder } = await loadReward(directory);
  return {
    name: kind,
    spec: {
      kind: 'learned',
      directory,
      encoderKind: encoderKindOf(encoder.kind, reward),
      encoderFeatures: encoder.features,
      picture,
    },
  };
}

function encoderKindOf(kind: string, reward: string): EncoderKind {
  const parsed = encoderKindSchema.safeParse(kind);
  if (parsed.success && parsed.data !== 'auto') return parsed.data;
  throw new CorruptDataError(`the reward in ${reward} was trained with encoder "${kind}", which is not known here`, {
    fix: 'train the reward again, or update Rapport to the version that trained it',
  });
}
