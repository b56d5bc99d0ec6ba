import { RandomStream, type RankedClips } from '@rapport/core';
import type { FeatureVideo, VideoReward } from '@rapport/reward';
import { describe, expect, it } from 'vitest';
import { foldsOf, pairsRight, shareRight, wayAccuracy } from './learned-rewards.js';
import { clipVideos } from './rollout-features.js';

const ranking = (episodes: readonly number[], ranks: readonly number[]): RankedClips => ({
  items: episodes.map((episode) => ({ dataset: 'd', episode, start: 0, end: 10 })),
  ranks,
});

describe('wayAccuracy', () => {
  it('counts pairs of one start that differ in their way, and no others', () => {
    const rollout = (seed: number, preferred: boolean) => ({ seed, preferred });
    const rollouts = [rollout(1, true), rollout(1, false), rollout(1, false), rollout(2, true), rollout(3, false)];
    // Right about the first pair of start 1, wrong about the second; starts 2 and 3 have no pair.
    expect(wayAccuracy(rollouts, [0.5, 0.1, 0.9, 0, 1])).toBe(0.5);
  });

  it('is undefined where all rollouts of a start went the same way', () => {
    const alike = { seed: 1, preferred: true };
    expect(wayAccuracy([alike, alike], [0, 1])).toBeUndefined();
  });
});

describe('pairsRight', () => {
  /** A reward that is a multiple of the only feature. */
  const reward = (factor: number): VideoReward => ({
    kind: 'rlhf',
    encoder: { kind: 'pixels16', hash: '0', features: 'own', featureSize: 1 },
    rewards: ({ data }) => data.map((value) => factor * value),
    preference: () => 0.5,
  });
  const videos: FeatureVideo[] = [3, 1, 2, 2].map((value) => ({
    frames: 2,
    width: 1,
    data: Float32Array.of(value, value),
  }));
  const lookup = clipVideos(videos, [10, 10, 10, 10]);
  const rankings = [ranking([0, 1, 2], [0, 1, 2]), ranking([2, 3], [0, 1]), ranking([0, 3], [0, 0])];

  it('asks the mean of the rewards about every strict preference; equal rewards are half right', () => {
    // 3 > 1 and 3 > 2 right, 1 > 2 wrong, 2 > 2 half; the tie states nothing.
    expect(pairsRight([reward(1)], rankings, lookup)).toEqual({ right: 2.5, pairs: 4 });
    expect(pairsRight([reward(1), reward(-3)], rankings, lookup)).toEqual({ right: 1.5, pairs: 4 });
  });

  it('has no share without a pair', () => {
    expect(shareRight(pairsRight([reward(1)], rankings.slice(2), lookup))).toBeUndefined();
  });
});

describe('foldsOf', () => {
  const startOf = ({ items }: RankedClips) => Math.floor(items[0]!.episode / 4);

  it('leaves every ranking out once, and learns from none that shows a rollout of those left out', () => {
    const rankings = Array.from({ length: 12 }, (_, place) => {
      const first = 4 * Math.floor(place / 2);
      return ranking([first, first + 1, first + 2 + (place % 2)], [0, 1, 2]);
    });
    // About two starts: neither is judged by the other.
    rankings.push(ranking([0, 4, 5], [0, 1, 2]));
    const folds = foldsOf(rankings, startOf, new RandomStream(0, 'folds'));
    expect(folds).toHaveLength(5);
    expect(new Set(folds.flatMap(({ left }) => left))).toEqual(new Set(rankings));
    expect(folds.flatMap(({ left }) => left)).toHaveLength(rankings.length);
    for (const { left, learned } of folds) {
      const shown = new Set(left.flatMap(({ items }) => items.map(({ episode }) => episode)));
      expect(learned.flatMap(({ items }) => items).filter(({ episode }) => shown.has(episode))).toEqual([]);
      expect(learned.length).toBeGreaterThan(0);
    }
  });

  it('leaves out nothing when nothing would be left to learn from', () => {
    const one = [ranking([0, 1, 2], [0, 1, 2]), ranking([1, 2, 3], [0, 1, 2])];
    expect(foldsOf(one, startOf, new RandomStream(0, 'folds'))).toEqual([]);
    const ties = [...one, ranking([4, 5, 6], [0, 0, 0])];
    const folds = foldsOf(ties, startOf, new RandomStream(0, 'folds'));
    expect(folds.map(({ left }) => left)).toEqual([[ties[2]]]);
  });
});
