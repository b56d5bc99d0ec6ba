import { mean, RandomStream } from '@rapport/core';
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
      { first: 1, second: 0, target: 1 },
      { first: 0, second: 2, target: 0.5 },
      { first: 1, second: 2, target: 1 },
    ]);
  });
});

describe('trainRlhf', () => {
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
