import type { ClipReference } from '@rapport/core';
import { RandomStream } from '@rapport/core';
import { describe, expect, it } from 'vitest';
import type { VideoReward } from '../model.js';
import { logistic } from '../training/temperature.js';
import type { FeatureVideo } from '../videos.js';
import { statisticInterval } from './bootstrap.js';
import { calibration } from './calibration.js';
import { evaluateReward } from './evaluate.js';
import { labelEfficiency } from './label-efficiency.js';
import { pairAccuracy, rankedPairs, worstExplained } from './pairs.js';

const pair = (probability: number) => ({ ranking: 0, preferred: 0, other: 1, probability });
const clip = (episode: number): ClipReference => ({ dataset: 'd', episode, start: 0, end: 3 });

/** Reads the reward out of the first feature. */
const readOut: VideoReward = {
  kind: 'rlhf',
  encoder: { kind: 'test', hash: '0', features: 'own', featureSize: 1 },
  rewards: (video) => video.data.slice(),
  preference: (a, b) => logistic(a - b),
};

describe('rankedPairs', () => {
  it('lists strict preferences only', () => {
    const pairs = rankedPairs([{ items: [clip(0), clip(1), clip(2)], ranks: [1, 0, 1] }]);
    expect(pairs).toEqual([
      { ranking: 0, preferred: 1, other: 0 },
      { ranking: 0, preferred: 1, other: 2 },
    ]);
  });
});

describe('pairAccuracy', () => {
  it('counts an undecided pair half and nothing without pairs', () => {
    expect(pairAccuracy([pair(0.9), pair(0.2), pair(0.5), pair(0.6)])?.mean).toBe(2.5 / 4);
    expect(pairAccuracy([])).toBeUndefined();
  });
});

describe('worstExplained', () => {
  it('gives the least likely preferences first', () => {
    expect(worstExplained([pair(0.4), pair(0.1), pair(0.9)], 2).map(({ probability }) => probability)).toEqual([
      0.1, 0.4,
    ]);
  });
});

describe('calibration', () => {
  it('bins confidence and weighs the gaps by their pairs', () => {
    // Bin [0.5, 0.6): confidences 0.55 and 0.55, one right of two. Bin [0.9, 1]: 0.95 and 1, both right.
    const { bins, expectedError } = calibration([pair(0.55), pair(0.45), pair(0.95), pair(1)]);
    expect(bins.map(({ count }) => count)).toEqual([2, 0, 0, 0, 2]);
    expect(bins[0]!.accuracy).toBe(0.5);
    expect(bins[0]!.confidence).toBeCloseTo(0.55, 12);
    expect(expectedError).toBeCloseTo(0.5 * 0.05 + 0.5 * 0.025, 12);
  });
});

describe('statisticInterval', () => {
  it('covers the mean of a known distribution about as often as it says', () => {
    let covered = 0;
    for (let trial = 0; trial < 100; trial++) {
      const stream = new RandomStream(trial, 'coverage');
      const values = Float64Array.from({ length: 60 }, () => stream.normal());
      const { low, high } = statisticInterval(60, (cases) => cases.reduce((sum, at) => sum + values[at]!, 0) / 60);
      if (low < 0 && high > 0) covered += 1;
    }
    expect(covered).toBeGreaterThanOrEqual(86);
  });
});

describe('evaluateReward', () => {
  const videos = (reference: ClipReference): FeatureVideo => ({
    frames: 3,
    width: 1,
    data: Float32Array.from([0, 1, 2].map((t) => reference.episode * 10 + t)),
  });

  it('finds perfect agreement, and perfect disagreement of the reversed truth', () => {
    const clips = [clip(0), clip(1), clip(2), clip(3)];
    const rankings = [{ items: clips, ranks: [3, 2, 1, 0] }];
    const right = evaluateReward(readOut, {
      rankings,
      clips,
      videos,
      stepScores: (reference) => videos(reference).data,
    });
    expect(right.pairAccuracy?.mean).toBe(1);
    expect(right.truePairAccuracy.mean).toBe(1);
    expect(right.acrossVideos.mean).toBeCloseTo(1, 12);
    expect(right.withinVideo?.mean).toBeCloseTo(1, 12);
    const wrong = evaluateReward(readOut, {
      rankings: [{ items: clips, ranks: [0, 1, 2, 3] }],
      clips,
      videos,
      stepScores: (reference) => videos(reference).data.map((value) => -value),
    });
    expect(wrong.pairAccuracy?.mean).toBe(0);
    expect(wrong.acrossVideos.mean).toBeCloseTo(-1, 12);
    expect(wrong.withinVideo?.mean).toBeCloseTo(-1, 12);
    expect(wrong.worst[0]!.probability).toBeCloseTo(logistic(-30), 12);
  });

  it('leaves clips whose truth never changes out of the within-video mean', () => {
    const { withinVideo } = evaluateReward(readOut, {
      rankings: [],
      clips: [clip(0), clip(1)],
      videos,
      stepScores: (reference) => (reference.episode === 0 ? new Float32Array(3) : videos(reference).data),
    });
    expect(withinVideo).toMatchObject({ count: 1 });
  });
});

describe('labelEfficiency', () => {
  it('trains on nested prefixes and leaves out counts beyond the labels', async () => {
    const rankings = Array.from({ length: 30 }, (_, index) => ({
      items: [clip(index), clip(index + 1)],
      ranks: [1, 0],
    }));
    const sizes: number[] = [];
    const points = await labelEfficiency({
      counts: [10, 25, 50],
      rankings,
      heldOut: rankings,
      videos: (reference) => ({ frames: 1, width: 1, data: Float32Array.from([reference.episode]) }),
      train: async (subset) => {
        sizes.push(subset.length);
        return readOut;
      },
      stream: new RandomStream(0, 'efficiency'),
    });
    expect(sizes).toEqual([10, 25]);
    expect(points.map(({ pairAccuracy }) => pairAccuracy?.mean)).toEqual([1, 1]);
  });
});
