import {
  type Interval,
  mean,
  proportionInterval,
  type RandomStream,
  type RankedClips,
  type WorkOptions,
} from '@rapport/core';
import {
  type EncoderIdentity,
  type FeatureVideo,
  type RaplConfig,
  type RewardModel,
  type RlhfConfig,
  rankedPairs,
  trainRapl,
  trainRlhf,
  type VideoLookup,
  type VideoReward,
} from '@rapport/reward';

/** What a reward can be learned by: RAPL, or its baseline. */
export type RewardKind = 'rapl' | 'rlhf';

export interface RewardLearning {
  /** Rewards that are learned from the same rankings. */
  readonly rewardMembers: number;
  readonly rapl: RaplConfig;
  readonly rlhf: RlhfConfig;
}

/** What rewards of rollouts are learned from. */
export interface RankedRollouts {
  readonly rankings: readonly RankedClips[];
  /** What the reward sees of the rankings' clips. */
  readonly videos: VideoLookup;
  readonly encoder: EncoderIdentity;
  readonly stream: RandomStream;
}

/**
 * Learns rewards from a person's rankings of rollouts, each with first weights and held-back rankings of its own. Their mean
 * errs less than one of them, as in Christiano et al. 2017 (arXiv 1706.03741, section 2.2.3).
 */
export async function learnRewards(
  kind: RewardKind,
  options: RewardLearning,
  { stream, ...data }: RankedRollouts,
  work: WorkOptions,
): Promise<RewardModel[]> {
  const models: RewardModel[] = [];
  for (let member = 0; member < options.rewardMembers; member++) {
    models.push(await learnReward(kind, options, { ...data, stream: stream.fork(`member-${member}`) }, work));
  }
  return models;
}

async function learnReward(
  kind: RewardKind,
  { rapl, rlhf }: RewardLearning,
  data: RankedRollouts,
  work: WorkOptions,
): Promise<RewardModel> {
  const common = { ...work, ...data };
  const { model } =
    kind === 'rapl' ? await trainRapl({ ...common, config: rapl }) : await trainRlhf({ ...common, config: rlhf });
  return model;
}

/** The rewards, which have a common scale, mean over the pictures of a video, so that length does not count. */
export function meanReward(rewards: readonly VideoReward[], video: FeatureVideo): number {
  return mean(rewards.flatMap((reward) => [...reward.rewards(video)]));
}

/** Return of every rollout. */
export function returnsOf(rewards: readonly VideoReward[], videos: readonly FeatureVideo[]): number[] {
  return videos.map((video) => meanReward(rewards, video));
}

/** Pairs of ranked clips that rewards order as the person did; equal rewards are half right. */
export interface PairsRight {
  readonly right: number;
  readonly pairs: number;
}

/** How many of the person's strict preferences the mean of the rewards agrees with. */
export function pairsRight(
  rewards: readonly VideoReward[],
  rankings: readonly RankedClips[],
  videos: VideoLookup,
): PairsRight {
  const pairs = rankedPairs(rankings);
  const right = pairs.map(({ ranking, preferred, other }) => {
    const { items } = rankings[ranking]!;
    const [better, worse] = [items[preferred]!, items[other]!].map((clip) => meanReward(rewards, videos(clip)));
    return 0.5 + 0.5 * Math.sign(better! - worse!);
  });
  return { right: right.reduce((sum, one) => sum + one, 0), pairs: pairs.length };
}

/** Parts of the rankings that are left out in turn. */
const FOLDS = 5;

/**
 * Cross-validation: in turn a fifth of the ranked starts is left out, one reward is learned from rankings that show none of
 * the rollouts in theirs, and orders the pairs left out. A single reward, of fewer rankings, errs more than the mean of all.
 * @param startOf what a ranking is about: those about the same are left out together
 * @returns undefined when there is nothing to learn from without what is left out
 */
export async function crossValidate(
  kind: RewardKind,
  options: RewardLearning,
  { stream, rankings, ...data }: RankedRollouts,
  startOf: (ranking: RankedClips) => number,
  work: WorkOptions,
): Promise<Interval | undefined> {
  let total: PairsRight = { right: 0, pairs: 0 };
  const folds = foldsOf(rankings, startOf, stream.fork('folds'));
  for (const [fold, { learned, left }] of folds.entries()) {
    const own = { ...data, rankings: learned, stream: stream.fork(`fold-${fold}`) };
    const reward = await learnReward(kind, options, own, work);
    const { right, pairs } = pairsRight([reward], left, data.videos);
    total = { right: total.right + right, pairs: total.pairs + pairs };
  }
  return shareRight(total);
}

/** The share as an interval of 95 % (Wilson); undefined when there is no pair. */
export function shareRight({ right, pairs }: PairsRight): Interval | undefined {
  return pairs === 0 ? undefined : proportionInterval(right, pairs);
}

interface Fold {
  readonly learned: readonly RankedClips[];
  readonly left: readonly RankedClips[];
}

/** Rankings to leave out and, for each lot, those that show none of its rollouts; lots that leave nothing to learn are skipped. */
export function foldsOf(
  rankings: readonly RankedClips[],
  startOf: (ranking: RankedClips) => number,
  stream: RandomStream,
): Fold[] {
  const starts = stream.shuffled([...new Set(rankings.map(startOf))]);
  const foldOf = new Map(starts.map((start, place) => [start, place % FOLDS]));
  return Array.from({ length: Math.min(FOLDS, starts.length) }, (_, fold): Fold => {
    const left = rankings.filter((ranking) => foldOf.get(startOf(ranking)) === fold);
    const shown = new Set(left.flatMap(({ items }) => items.map(({ episode }) => episode)));
    const learned = rankings.filter(({ items }) => !items.some(({ episode }) => shown.has(episode)));
    return { learned, left };
  }).filter(({ learned }) => learned.some(statesPreference));
}

/** Whether a ranking is more than ties. */
export function statesPreference({ ranks }: Pick<RankedClips, 'ranks'>): boolean {
  return Math.max(...ranks) > 0;
}

/** A rollout, and whether it went the preferred way. */
export interface WayOfRollout {
  readonly seed: number;
  readonly preferred: boolean;
}

/**
 * Of the pairs of a start of which one rollout went the preferred way and one did not, the share that the returns order
 * right; undefined when there is no such pair.
 */
export function wayAccuracy(rollouts: readonly WayOfRollout[], returns: readonly number[]): number | undefined {
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
