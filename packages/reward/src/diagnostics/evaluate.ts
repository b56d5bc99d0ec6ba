import { type ClipReference, type Interval, mean, meanInterval, type RankedClips, spearman } from '@rapport/core';
import type { VideoReward } from '../model.js';
import { clipKey, type VideoLookup } from '../videos.js';
import { statisticInterval } from './bootstrap.js';
import { type Calibration, calibration } from './calibration.js';
import { type JudgedPair, pairAccuracy, rankedPairs, worstExplained } from './pairs.js';

/** Held-out data to judge a reward by; no clip of it may have been used in training. */
export interface HeldOut {
  /** Rankings of held-out clips. */
  readonly rankings: readonly RankedClips[];
  /** Clips whose true scores are known; those of the rankings may be among them. */
  readonly clips: readonly ClipReference[];
  readonly videos: VideoLookup;
  /** Privileged: the true step scores of a clip, shape [frames]. */
  readonly stepScores: (clip: ClipReference) => Float32Array;
}

export interface EvaluatedClip {
  readonly clip: ClipReference;
  /** Shape [frames]. */
  readonly rewards: Float32Array;
  readonly meanReward: number;
  /** Mean of the true step scores. */
  readonly score: number;
}

/** How well a reward agrees with people and with the truth; every interval is 95 % and says its number of cases. */
export interface RewardEvaluation {
  /** Share of the strict preferences in the held-out rankings that the reward orders right; undefined without any. */
  readonly pairAccuracy: Interval | undefined;
  /** The same over all pairs of clips whose true scores differ; pairs share clips, so the interval resamples clips. */
  readonly truePairAccuracy: Interval;
  /** Spearman's correlation over clips of the mean reward with the true score. */
  readonly acrossVideos: Interval;
  /** Mean over clips of Spearman's correlation of rewards with true step scores inside the clip. */
  readonly withinVideo: Interval | undefined;
  readonly calibration: Calibration;
  /** The held-out preferences that the reward finds least likely. */
  readonly worst: readonly JudgedPair[];
  readonly clips: readonly EvaluatedClip[];
}

const WORST_SHOWN = 10;

/** Judges a reward on held-out data. */
export function evaluateReward(model: VideoReward, heldOut: HeldOut): RewardEvaluation {
  const clips = heldOut.clips.map((clip): EvaluatedClip => {
    const rewards = model.rewards(heldOut.videos(clip));
    return { clip, rewards, meanReward: mean(rewards), score: mean(heldOut.stepScores(clip)) };
  });
  const judged = judgePairs(model, heldOut.rankings, heldOut.videos);
  const within = clips
    .map(({ clip, rewards }) => spearman(rewards, heldOut.stepScores(clip)))
    .filter((correlation) => !Number.isNaN(correlation));
  return {
    pairAccuracy: pairAccuracy(judged),
    truePairAccuracy: statisticInterval(clips.length, (cases) => trueAccuracy(clips, cases)),
    acrossVideos: statisticInterval(clips.length, (cases) =>
      spearman(
        Float64Array.from(cases, (index) => clips[index]!.meanReward),
        Float64Array.from(cases, (index) => clips[index]!.score),
      ),
    ),
    withinVideo: within.length === 0 ? undefined : meanInterval(within),
    calibration: calibration(judged),
    worst: worstExplained(judged, WORST_SHOWN),
    clips,
  };
}

/** Every strict preference of the rankings with the probability that the model gives to it. */
export function judgePairs(model: VideoReward, rankings: readonly RankedClips[], videos: VideoLookup): JudgedPair[] {
  const meanRewards = new Map<string, number>();
  const meanRewardOf = (clip: ClipReference): number => {
    const key = clipKey(clip);
    const known = meanRewards.get(key) ?? mean(model.rewards(videos(clip)));
    meanRewards.set(key, known);
    return known;
  };
  return rankedPairs(rankings).map((pair) => {
    const { items } = rankings[pair.ranking]!;
    const probability = model.preference(meanRewardOf(items[pair.preferred]!), meanRewardOf(items[pair.other]!));
    return { ...pair, probability };
  });
}

function trueAccuracy(clips: readonly EvaluatedClip[], cases: Int32Array): number {
  let right = 0;
  let count = 0;
  for (let i = 0; i < cases.length; i++) {
    for (let j = 0; j < i; j++) {
      const a = clips[cases[i]!]!;
      const b = clips[cases[j]!]!;
      if (a.score === b.score) continue;
      const agreement = (a.meanReward - b.meanReward) * (a.score - b.score);
      right += agreement > 0 ? 1 : agreement === 0 ? 0.5 : 0;
      count += 1;
    }
  }
  return right / count;
}
