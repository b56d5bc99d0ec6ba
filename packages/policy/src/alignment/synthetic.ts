import { type Episode, InputError, mean, type RewardSource, throwIfAborted, type WorkOptions } from '@rapport/core';
import type { SegmentRanking } from './preferences.js';

/** Rollouts that a learned reward ranks in an annotator's place. */
export interface SyntheticRankings {
  /** By index into the episodes; `strength` is the difference of returns in standard deviations. */
  readonly rankings: readonly SegmentRanking[];
  /** Return of each episode under the reward. */
  readonly returns: readonly number[];
}

/**
 * RAPL's way from few labels to many preferences: a reward learned from a person's rankings ranks rollouts from matched
 * starts, that is, several rollouts of each seed (Tian et al. 2024; the rule is ours, as the paper's is not public). These
 * rankings cost no labels.
 * @param episodes read one by one: their pictures need not be in memory at once
 */
export async function rankByReward(
  episodes: Iterable<Episode> | AsyncIterable<Episode>,
  reward: RewardSource,
  { leastGap, signal }: { readonly leastGap: number } & Pick<WorkOptions, 'signal'>,
): Promise<SyntheticRankings> {
  const rollouts: Pick<Episode, 'seed' | 'length'>[] = [];
  const returns: number[] = [];
  for await (const episode of episodes) {
    throwIfAborted(signal);
    const { seed, length } = episode;
    rollouts.push({ seed, length });
    returns.push((await reward.rewards(episode)).reduce((sum, one) => sum + one, 0));
  }
  return { rankings: rankByReturns(rollouts, returns, leastGap), returns };
}

/**
 * Ranks the rollouts of each seed by their returns. Neighbours whose returns differ by less than `leastGap` standard
 * deviations (of returns around the means of their seeds) share a place.
 * @param rollouts the seed and length of each rollout
 * @throws InputError when no seed has two rollouts, or a return is not finite
 */
export function rankByReturns(
  rollouts: readonly Pick<Episode, 'seed' | 'length'>[],
  returns: readonly number[],
  leastGap: number,
): SegmentRanking[] {
  const odd = returns.findIndex((value) => !Number.isFinite(value));
  if (odd >= 0) throw new InputError(`the return of rollout ${odd} is ${returns[odd]}; expected a finite number`);
  const bySeed = new Map<number, number[]>();
  rollouts.forEach(({ seed }, index) => {
    bySeed.set(seed, [...(bySeed.get(seed) ?? []), index]);
  });
  const groups = [...bySeed.values()].filter((group) => group.length > 1);
  if (groups.length === 0) {
    throw new InputError('no two rollouts begin at the same start; rankings compare rollouts of one start', {
      fix: 'roll the policy out several times from each start',
    });
  }
  const deviations = groups.flatMap((group) => {
    const center = mean(group.map((index) => returns[index]!));
    return group.map((index) => (returns[index]! - center) ** 2);
  });
  const scale = Math.sqrt(mean(deviations)) || 1;
  return groups.map((group) => {
    const sorted = [...group].sort((a, b) => returns[b]! - returns[a]!);
    let place = 0;
    const ranks = sorted.map((index, position) => {
      const above = sorted[position - 1];
      if (above !== undefined && returns[above]! - returns[index]! >= leastGap * scale) place += 1;
      return place;
    });
    return {
      items: sorted.map((index) => ({ rollout: index, start: 0, end: rollouts[index]!.length })),
      ranks,
      strength: (returns[sorted[0]!]! - returns[sorted.at(-1)!]!) / scale,
      returns: sorted.map((index) => returns[index]!),
    };
  });
}
