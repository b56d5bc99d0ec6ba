import type { FrameStack } from '@rapport/core';
import { type Encoder, RlhfModel, rlhfConfig } from '@rapport/reward';
import { describe, expect, it } from 'vitest';
import { LiveReward } from './live-reward.js';
import { type EpisodeJudgement, rewardStatus } from './reward-messages.js';

const identity = { kind: 'pixels16', hash: '0', features: 'own', featureSize: 1 } as const;
/** The reward of a frame is the value of its first byte. */
const model = new RlhfModel({
  config: rlhfConfig({}),
  encoder: identity,
  standardization: { mean: Float32Array.of(0), scale: Float32Array.of(1) },
  weight: Float32Array.of(1),
  offset: 0,
  scale: 1,
  temperature: 1,
});
const frame = (value: number): FrameStack => ({
  camera: 'front',
  width: 1,
  height: 1,
  data: Uint8Array.of(value, 0, 0),
});

/** A live reward at 10 Hz whose encoder is done when `release` is called, or at once. */
function bench(settings: { readonly slow?: true; readonly episodeFrames?: number } = {}) {
  const judged: (EpisodeJudgement & { readonly stamp: number })[] = [];
  const problems: string[] = [];
  const waiting: (() => void)[] = [];
  const encoder: Encoder = {
    ...identity,
    description: 'the first byte',
    imageSize: { width: 1, height: 1 },
    encode: async ({ data }) => {
      if (settings.slow) await new Promise<void>((resolve) => waiting.push(resolve));
      return Float32Array.of(data[0]!);
    },
    close: async () => {},
  };
  const live = new LiveReward(
    { model, encoder, frameRate: 10, episodeFrames: settings.episodeFrames ?? 0 },
    {
      onJudgement: (judgement, stamp) => judged.push({ ...judgement, stamp }),
      onProblem: (text) => problems.push(text),
    },
  );
  const see = async (stamp: number, value: number) => {
    live.offer(stamp, () => frame(value));
    await live.settle();
  };
  const release = async () => {
    waiting.shift()!();
    await live.settle();
  };
  return { live, judged, problems, waiting, see, release };
}

describe('live reward', () => {
  it('tells partial rewards of an episode and, at its end, the same as complete', async () => {
    const { live, judged, see } = bench();
    await see(0.5, 9);
    expect(judged).toEqual([]);
    live.begin(1);
    await see(1.05, 3);
    await see(1.15, 5);
    expect(await live.finish()).toBe(1);
    expect(judged.map(({ complete, meanReward, stamp }) => [complete, meanReward, stamp])).toEqual([
      [false, 3, 1.05],
      [false, 4, 1.15],
      [true, 4, 1.15],
    ]);
    expect([...judged[2]!.rewards]).toEqual([3, 5]);
    expect(live.episodes).toBe(1);
  });

  it('drops what comes while a picture is encoded, with a count, and queues nothing', async () => {
    const { live, judged, waiting, release } = bench({ slow: true });
    live.begin(0);
    for (const [place, stamp] of [0.05, 0.15, 0.25, 0.35].entries()) live.offer(stamp, () => frame(place));
    expect(waiting.length).toBe(1);
    const report = live.report(0.36);
    expect(report).toMatchObject({ running: true, framesBehind: 3, age: undefined });
    await release();
    live.offer(0.45, () => frame(4));
    await release();
    expect(judged.map(({ rewards, dropped }) => [[...rewards], dropped])).toEqual([
      [[0], 0],
      [[0, 4], 3],
    ]);
    expect(waiting.length).toBe(0);
    expect(live.report(0.5)).toMatchObject({ framesBehind: 0, dropped: 3 });
    expect(live.report(0.5).age).toBeCloseTo(0.05, 12);
    const { level, message } = rewardStatus('/reward', { problems: new Map(), ...live.report(0.5) });
    expect([level, message]).toEqual([1, 'falls behind: 3 pictures of this episode were dropped']);
  });

  it('ends an episode after as many pictures as it has, and when the next one starts', async () => {
    const { live, judged, see } = bench({ episodeFrames: 2 });
    live.begin(0, 7);
    for (const stamp of [0.05, 0.15, 0.25]) await see(stamp, 1);
    live.begin(1, 8);
    await see(1.05, 2);
    live.begin(2, 9);
    await live.settle();
    expect(judged.map(({ episode, frames, complete }) => [episode, frames, complete])).toEqual([
      [7, 1, false],
      [7, 2, false],
      [7, 2, true],
      [8, 1, false],
      [8, 1, true],
    ]);
  });

  it('counts a picture that is being encoded when its episode ends to that episode', async () => {
    const { live, judged, release } = bench({ slow: true });
    live.begin(0);
    live.offer(0.05, () => frame(6));
    const finished = live.finish();
    await release();
    await finished;
    expect(judged.map(({ complete, frames }) => [complete, frames])).toEqual([
      [false, 1],
      [true, 1],
    ]);
  });

  it('calls no episode complete that had no picture, or was left', async () => {
    const { live, judged, problems, see } = bench();
    await expect(live.finish()).rejects.toThrow('no episode is running');
    live.begin(0);
    live.begin(1);
    await live.settle();
    expect(problems).toEqual(['episode 1 had no picture']);
    await see(1.05, 1);
    expect(live.leave()).toBe(2);
    await see(1.15, 1);
    expect(judged.map(({ complete }) => complete)).toEqual([false]);
  });

  it('goes on after a picture that cannot be read', async () => {
    const { live, judged, see } = bench();
    live.begin(0);
    const read = () => {
      throw new Error('no picture');
    };
    expect(() => live.offer(0.05, read)).toThrow('no picture');
    await see(0.06, 2);
    expect(judged.map(({ frames, dropped }) => [frames, dropped])).toEqual([[1, 0]]);
  });
});
