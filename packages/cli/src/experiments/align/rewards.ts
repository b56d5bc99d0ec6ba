import { mean, type RandomStream, type RankedClips, type WorkOptions } from '@rapport/core';
import type { SegmentRanking } from '@rapport/policy';
import {
  type EncoderIdentity,
  type FeatureVideo,
  type RewardModel,
  trainRapl,
  trainRlhf,
  type VideoReward,
} from '@rapport/reward';
import type { AlignExperimentOptions } from './options.js';
import type { RolloutSummaries } from './rollouts.js';

/**
 * Learns rewards from a person's rankings of rollouts, each with first weights and held-back rankings of its own. Their mean
 * errs less than one of them, as in Christiano et al. 2017 (arXiv 1706.03741, section 2.2.3).
 */
export async function learnRewards(
  kind: 'rapl' | 'rlhf',
  options: Pick<AlignExperimentOptions, 'rapl' | 'rlhf' | 'rewardMembers'>,
  data: {
    readonly rankings: readonly RankedClips[];
    readonly videos: readonly FeatureVideo[];
    readonly encoder: EncoderIdentity;
    readonly stream: RandomStream;
  },
  work: WorkOptions,
): Promise<RewardModel[]> {
  const { rankings, encoder, stream } = data;
  const videos = ({ episode }: RankedClips['items'][number]) => data.videos[episode]!;
  const models: RewardModel[] = [];
  for (let member = 0; member < options.rewardMembers; member++) {
    const common = { ...work, rankings, videos, encoder, stream: stream.fork(`member-${member}`) };
    const { model } =
      kind === 'rapl'
        ? await trainRapl({ ...common, config: options.rapl })
        : await trainRlhf({ ...common, config: options.rlhf });
    models.push(model);
  }
  return models;
}

/**
 * Return of every rollout: the mean of the rewards, which have a common scale, over its pictures, so that length does not
 * count.
 */
export function returnsOf(rewards: readonly VideoReward[], videos: readonly FeatureVideo[]): number[] {
  return videos.map((video) => mean(rewards.flatMap((reward) => [...reward.rewards(video)])));
}

/** A person's rankings as preferences about whole rollouts. */
export function personsRankings(rankings: readonly RankedClips[]): SegmentRanking[] {
  return rankings.map(({ items, ranks }) => ({
    items: items.map(({ episode, start, end }) => ({ rollout: episode, start, end })),
    ranks,
  }));
}

/**
 * Of the pairs of a start of which one rollout went the preferred way and one did not, the share that the returns order
 * right; undefined when there is no such pair.
 */
export function wayAccuracy({ rollouts }: RolloutSummaries, returns: readonly number[]): number | undefined {
  let [right, pairs] = [0, 0];
  rollouts.forEach((one, index) => {
    rollouts.forEach((other, place) => {
      if (one.seed !== other.seed || !one.preferred || other.preferred) return;
      pairs += 1;
      right += Number(returns[index]! > returns[place]!);
    });
  });
  return pairs === 0 ? undefined : right / pairs;
}
