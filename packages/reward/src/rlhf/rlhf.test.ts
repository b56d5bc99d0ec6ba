import { mean, RandomStream, type RankedClips } from '@rapport/core';
import { describe, expect, it } from 'vitest';
import { evaluateReward } from '../diagnostics/evaluate.js';
import { syntheticEncoder, syntheticWorld } from '../training/synthetic.testing.js';
import { rlhfConfig } from './config.js';
import { comparedPairs } from './pairs.js';
import { trainRlhf } from './train.js';

const world = syntheticWorld(4, 60);
const learned = world.clips.slice(0, 40);
const rankings = world.rankings(learned, 50);
const config = rlhfConfig({ framesPerVideo: 6, epochs: 150 });

async function train(seed = 1, some = rankings) {
  return trainRlhf({
    rankings: some,
    videos: world.videos,
    encoder: syntheticEncoder,
    config,
    stream: new RandomStream(seed, 'rlhf'),
  });
}

describe('comparedPairs', () => {
  it('makes three pairs of a triplet, the better first, ties with target 1/2', () => {
    const items = [0, 1, 2].map((episode) => ({ dataset: 'd', episode, start: 0, end: 1 }));
    expect(comparedPairs([{ items, ranks: [1, 0, 1] }], ({ episode }) => episode)).toEqual([
      { first: 1, second: 0, target: 1, strength: 0 },
      { first: 0, second: 2, target: 0.5, strength: 0 },
      { first: 1, second: 2, target: 1, strength: 0 },
    ]);
  });
});

describe('trainRlhf', () => {
  /** Two clips of four frames and two features, and what is learned from some rankings of them without decay. */
  const twoClips = async (first: number[], second: number[], some: readonly RankedClips[], marginScale = 1) => {
    const videos = [first, second].map((data) => ({ frames: 4, width: 2, data: Float32Array.from(data) }));
    const { model } = await trainRlhf({
      rankings: some,
      videos: ({ episode }) => videos[episode]!,
      encoder: { ...syntheticEncoder, featureSize: 2 },
      config: rlhfConfig({ framesPerVideo: 4, epochs: 300, learningRate: 0.02, weightDecay: 0, marginScale }),
      stream: new RandomStream(1, 'rlhf'),
    });
    return model.parts.weight;
  };
  const items = [0, 1].map((episode) => ({ dataset: 'd', episode, start: 10, end: 14 }));

  it('learns from the frames that decided alone, where they were marked', async () => {
    // The first feature differs in the first half of the clips, the second in the second half.
    const clips = [
      [1, 0, 1, 0, 0, 1, 0, 1],
      [-1, 0, -1, 0, 0, -1, 0, -1],
    ] as const;
    const half = { start: 10, end: 12 };
    const marked = await twoClips([...clips[0]], [...clips[1]], [{ items, ranks: [0, 1], windows: [half, half] }]);
    const unmarked = await twoClips([...clips[0]], [...clips[1]], [{ items, ranks: [0, 1] }]);
    expect(marked[0]).toBeGreaterThan(0.5);
    expect(marked[1]).toBeCloseTo(0, 6);
    expect(unmarked[1]).toBeCloseTo(unmarked[0]!, 6);
  });

  it('asks for a larger margin where a strength was stated', async () => {
    // One ranking says with strength 3 that the first is better, one says plainly that it is not. The sum of
    // softplus(3 - m) and softplus(m) is least at the margin m = 3 / 2; without the strength at 0.
    const contrary: RankedClips[] = [
      { items, ranks: [0, 1], strength: 3 },
      { items, ranks: [1, 0] },
    ];
    const [high, low] = [Array<number>(8).fill(1), Array<number>(8).fill(-1)];
    const margin = async (scale: number) => {
      const weight = await twoClips(high, low, contrary, scale);
      // Standardised features are 1 and -1.
      return 2 * (weight[0]! + weight[1]!);
    };
    expect(await margin(1)).toBeCloseTo(1.5, 2);
    expect(await margin(0)).toBeCloseTo(0, 2);
  });

  it('learns the order of held-out videos', async () => {
    const { model } = await train();
    const clips = world.clips.slice(40);
    const evaluation = evaluateReward(model, {
      rankings: world.rankings(clips, 40),
      clips,
      videos: world.videos,
      stepScores: world.stepScores,
    });
    expect(evaluation.pairAccuracy!.mean).toBeGreaterThan(0.85);
    expect(evaluation.acrossVideos.mean).toBeGreaterThan(0.8);
  });

  it('finds a head that points the other way when every ranking is turned round', async () => {
    const { model } = await train();
    const turned = await train(
      1,
      rankings.map(({ items, ranks }) => ({ items, ranks: ranks.map((rank) => 2 - rank) })),
    );
    const [a, b] = [model.parts.weight, turned.model.parts.weight];
    const dot = a.reduce((sum, value, index) => sum + value * b[index]!, 0);
    expect(dot / (Math.hypot(...a) * Math.hypot(...b))).toBeLessThan(-0.9);
  });

  it('gives the same bits for the same seed', async () => {
    expect((await train(5)).model.parts).toEqual((await train(5)).model.parts);
  });

  it('gives the frames of the training clips mean 0 and deviation 1', async () => {
    const { model } = await train();
    const rewards = learned.flatMap((clip) => Array.from(model.rewards(world.videos(clip))));
    expect(mean(rewards)).toBeCloseTo(0, 4);
    expect(Math.sqrt(mean(rewards.map((reward) => reward ** 2)))).toBeCloseTo(1, 4);
  });
});
