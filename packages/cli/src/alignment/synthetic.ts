import { join } from 'node:path';
import { RandomStream, type RankedClips, type WorkOptions } from '@rapport/core';
import { openPrivilegedDataset } from '@rapport/data';
import { rankByReturns, type SegmentRanking } from '@rapport/policy';
import { raplConfig, rlhfConfig, saveReward } from '@rapport/reward';
import { z } from 'zod';
import {
  crossValidate,
  learnRewards,
  pairsRight,
  type RewardKind,
  returnsOf,
  shareRight,
  statesPreference,
  wayAccuracy,
} from './learned-rewards.js';
import type { RolloutLooks } from './looks.js';
import type { AlignOptions } from './options.js';
import { clipVideos } from './rollout-features.js';
import { stage } from './stage.js';

const intervalSchema = z.object({ mean: z.number(), low: z.number(), high: z.number(), count: z.int() });

/** Rewards that were learned from the annotators' rankings, as the run keeps them. */
const learnedSchema = z.object({
  kind: z.enum(['rapl', 'rlhf']),
  /** Rewards whose mean ranks; each in a folder of its own, by number. */
  members: z.int(),
  cameras: z.array(z.string()),
  encoder: z.object({ kind: z.string(), hash: z.string() }),
  /** Rankings that state a preference. */
  rankings: z.int(),
  /** Of the pairs in these rankings, the share that the mean of the rewards, which learned from them, orders right. */
  learnedPairs: intervalSchema,
  /** The same of rewards that have seen none of the rollouts in the pair; null where too few starts were ranked. */
  unseenPairs: intervalSchema.nullable(),
  /** Of pairs of rollouts of a start that differ in their way, the share ordered right; null where nobody tells ways. */
  waysRight: z.number().nullable(),
  /** Of every rollout. */
  returns: z.array(z.number()),
});
export type LearnedRewards = z.infer<typeof learnedSchema>;

export interface SyntheticPreferences {
  readonly rankings: readonly SegmentRanking[];
  /** Folder of the rewards. */
  readonly folder: string;
  readonly learned: LearnedRewards;
}

/**
 * RAPL's way from few rankings to many: rewards are learned from the annotators' rankings of some rollouts, and the mean of
 * their returns ranks all rollouts of each start. The rewards and what they came to stay in the folder; what is there from an
 * earlier try is taken.
 * @throws InputError when the rankings state nothing to learn from, or no two rollouts begin at the same start
 */
export async function learnedPreferences(
  kind: RewardKind,
  dataset: string,
  { looks, cameras, folder }: { readonly looks: RolloutLooks; readonly cameras: readonly string[]; folder: string },
  rankings: readonly RankedClips[],
  { rewardMembers, leastGap, seed }: Pick<AlignOptions, 'rewardMembers' | 'leastGap'> & { readonly seed: number },
  work: WorkOptions,
): Promise<SyntheticPreferences> {
  const { dataset: recorded, readPrivileged } = await openPrivilegedDataset(dataset);
  const learned = await stage(folder, 'learned', learnedSchema, async () => {
    const stated = rankings.filter(statesPreference);
    const lengths = recorded.episodes.map(({ length }) => length);
    const videos = clipVideos(looks.videos, lengths);
    const options = { rewardMembers, rapl: raplConfig(), rlhf: rlhfConfig() };
    const stream = new RandomStream(seed, `align/${kind}`);
    const data = { rankings: stated, videos, encoder: looks.encoder, stream };
    const rewards = await learnRewards(kind, options, data, work);
    for (const [member, reward] of rewards.entries()) await saveReward(join(folder, String(member)), reward);
    const startOf = ({ items }: RankedClips) => recorded.episode(items[0]!.episode).seed;
    const returns = returnsOf(rewards, looks.videos);
    const rollouts = [];
    for (const { index, seed: start } of recorded.episodes) {
      const { way } = await readPrivileged(index);
      rollouts.push({ seed: start, preferred: way?.preferred ?? false });
    }
    return {
      kind,
      members: rewards.length,
      cameras: [...cameras],
      encoder: { kind: looks.encoder.kind, hash: looks.encoder.hash },
      rankings: stated.length,
      learnedPairs: shareRight(pairsRight(rewards, stated, videos))!,
      unseenPairs: (await crossValidate(kind, options, data, startOf, work)) ?? null,
      waysRight: wayAccuracy(rollouts, returns) ?? null,
      returns,
    };
  });
  const ranked = rankByReturns(recorded.episodes, learned.returns, leastGap);
  return { rankings: ranked.filter(statesPreference), folder, learned };
}
