import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Where `train policy` trains, below its run folder. */
export const TRAINING_FOLDER = 'training';
/** Where `train reward` leaves its reward, below its run folder. */
export const REWARD_FOLDER = 'reward';

/** The policy that a path names: the folder itself, or the one that a run of `train policy` left. */
export function policyFolder(path: string): string {
  return firstWith('policy.json', [path, join(path, 'policy'), join(path, TRAINING_FOLDER, 'policy')]);
}

/** Where alignments leave the rewards that they learn, below their run folder, one in each folder by number. */
export const REWARDS_FOLDER = 'rewards';

/** The reward that a path names: the folder itself, or the (first) one that a run of `train reward` or an alignment left. */
export function rewardFolder(path: string): string {
  return firstWith('reward.json', [path, join(path, REWARD_FOLDER), join(path, REWARDS_FOLDER, '0')]);
}

/** The first folder that holds the file; the first of all when none does, which the reader will complain about. */
function firstWith(file: string, folders: readonly string[]): string {
  return folders.find((folder) => existsSync(join(folder, file))) ?? folders[0]!;
}
