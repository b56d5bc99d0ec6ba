import { type ClipReference, RandomStream } from '@rapport/core';
import {
  clipKey,
  type FeatureVideo,
  lookupIn,
  type RewardModel,
  raplConfig,
  rlhfConfig,
  trainRapl,
  trainRlhf,
} from '@rapport/reward';
import { describe, expect, it } from 'vitest';
import { EpisodeReward } from './episode-reward.js';
import { frameRewards, rewardValues, transportPlan } from './reward-messages.js';

const WIDTH = 6;
const stream = new RandomStream(3, 'videos');
const randomVideo = (frames: number): FeatureVideo => ({
  frames,
  width: WIDTH,
  data: stream.fillNormal(new Float32Array(frames * WIDTH)),
});
const clips: ClipReference[] = [0, 1, 2].map((episode) => ({ dataset: 'made-up', episode, start: 0, end: 9 }));
const training = {
  rankings: [{ items: clips, ranks: [1, 2, 3] }],
  videos: lookupIn(new Map(clips.map((clip) => [clipKey(clip), randomVideo(9)]))),
  encoder: { kind: 'made-up', hash: '0', features: 'own', featureSize: WIDTH },
} as const;
const rapl = async (): Promise<RewardModel> => {
  const config = raplConfig({ epochs: 1, referenceEpochs: 0, embeddingSize: 4 });
  return (await trainRapl({ ...training, config, stream: new RandomStream(0, 'rapl') })).model;
};
const rlhf = async (): Promise<RewardModel> =>
  (await trainRlhf({ ...training, config: rlhfConfig({ epochs: 1 }), stream: new RandomStream(0, 'rlhf') })).model;

const frame = ({ data }: FeatureVideo, number: number) => data.slice(number * WIDTH, (number + 1) * WIDTH);

describe('episode reward', () => {
  it.each([
    ['RAPL', rapl],
    ['RLHF', rlhf],
  ])('of %s is, after every frame, what the library gives for a video of the frames so far', async (_, train) => {
    const model = await train();
    // Longer than what is kept at first, so that the memory grows.
    const video = randomVideo(70);
    const episode = new EpisodeReward(model);
    expect(episode.judgement).toBeUndefined();
    for (let frames = 1; frames <= video.frames; frames++) {
      const { rewards, meanReward } = episode.add(frame(video, frames - 1));
      const expected = model.rewards({ frames, width: WIDTH, data: video.data.slice(0, frames * WIDTH) });
      expect(rewards).toEqual(expected);
      expect(meanReward).toBeCloseTo(expected.reduce((sum, one) => sum + one, 0) / frames, 6);
    }
    expect(episode.judgement!.frames).toBe(70);
  });

  it('has a plan that gives every frame the same mass, also of a part of an episode', async () => {
    const episode = new EpisodeReward(await rapl());
    const video = randomVideo(5);
    for (let number = 0; number < 5; number++) {
      const { comparison, frames } = episode.add(frame(video, number));
      const columns = comparison!.plan.length / frames;
      for (let row = 0; row < frames; row++) {
        const mass = comparison!.plan.slice(row * columns, (row + 1) * columns).reduce((sum, one) => sum + one, 0);
        expect(mass).toBeCloseTo(1 / frames, 3);
      }
    }
  });

  it('leaves a frame out that has a feature that is not finite', async () => {
    const episode = new EpisodeReward(await rapl());
    const video = randomVideo(2);
    const before = episode.add(frame(video, 0));
    expect(() => episode.add(new Float32Array(WIDTH).fill(Number.NaN))).toThrow('not finite');
    expect(episode.judgement).toBe(before);
    expect(episode.add(frame(video, 1)).frames).toBe(2);
  });
});

describe('messages of a judgement', () => {
  it('are marked as partial until the episode has ended', async () => {
    const judgement = new EpisodeReward(await rapl()).add(frame(randomVideo(1), 0));
    for (const complete of [false, true]) {
      const judged = { ...judgement, episode: 7, complete, dropped: 2 };
      const { names, values } = rewardValues(judged);
      const told = Object.fromEntries(names!.map((name, place) => [name, values![place]]));
      expect(told).toMatchObject({ complete: complete ? 1 : 0, episode: 7, frames: 1, dropped_frames: 2 });
      expect(told.mean_reward).toBe(judgement.meanReward);
      const label = complete ? 'frames (complete)' : 'frames (partial)';
      expect(frameRewards(judged).layout!.dim![0]!.label).toBe(label);
      const { layout, data } = transportPlan(judged)!;
      expect(layout!.dim).toEqual([
        { label, size: 1, stride: data!.length },
        { label: `frames of reference ${told.reference}`, size: data!.length, stride: data!.length },
      ]);
    }
  });

  it('have no plan where a reward has no references', async () => {
    const judgement = new EpisodeReward(await rlhf()).add(frame(randomVideo(1), 0));
    const judged = { ...judgement, episode: 1, complete: true, dropped: 0 };
    expect(transportPlan(judged)).toBeUndefined();
    expect(rewardValues(judged).names).not.toContain('distance');
  });
});
