import { describe, expect, it } from 'vitest';
import { rankByReturns, rankByReward } from './synthetic.js';

const rollouts = [
  { seed: 1, length: 5 },
  { seed: 2, length: 6 },
  { seed: 1, length: 7 },
  { seed: 2, length: 8 },
  { seed: 3, length: 9 },
  { seed: 1, length: 5 },
];

describe('rankByReturns', () => {
  it('ranks rollouts of one start by their returns, with strengths in standard deviations', () => {
    const rankings = rankByReturns(rollouts, [3, 1, 5, 2, 100, 4], 0);
    // Seed 1: 5, 4, 3 around 4; seed 2: 2, 1 around 1.5; the lone seed 3 says nothing.
    const deviation = Math.sqrt((1 + 0 + 1 + 0.25 + 0.25) / 5);
    expect(rankings.map(({ items }) => items.map(({ rollout }) => rollout))).toEqual([
      [2, 5, 0],
      [3, 1],
    ]);
    expect(rankings.map(({ ranks }) => ranks)).toEqual([
      [0, 1, 2],
      [0, 1],
    ]);
    expect(rankings[0]!.items[0]).toEqual({ rollout: 2, start: 0, end: 7 });
    expect(rankings[0]!.strength).toBeCloseTo(2 / deviation);
    expect(rankings[1]!.returns).toEqual([2, 1]);
  });

  it('lets near returns share a place', () => {
    const [first] = rankByReturns(rollouts, [3, 1, 5, 2, 100, 4.9], 0.5);
    expect(first!.ranks).toEqual([0, 0, 1]);
  });

  it('refuses rollouts without a common start, and returns that are not finite', () => {
    expect(() => rankByReturns(rollouts.slice(0, 2), [1, 2], 0)).toThrow(/no two rollouts begin at the same start/);
    expect(() => rankByReturns(rollouts, [1, Number.NaN, 1, 1, 1, 1], 0)).toThrow(/return of rollout 1 is NaN/);
  });
});

describe('rankByReward', () => {
  it('ranks by the sum of the rewards', async () => {
    const episode = (seed: number, name: string) => ({
      envId: 'test',
      seed,
      policy: name,
      length: 2,
      observations: new Float32Array(3),
      actions: new Float32Array(2),
      rewards: new Float32Array(2),
      terminated: false,
      truncated: true,
      frames: [],
    });
    const rewards: Record<string, number[]> = { bad: [1, 1], good: [0, 3] };
    const reward = {
      name: 'known',
      frames: undefined,
      rewards: async ({ policy }: { policy: string }) => Float32Array.from(rewards[policy]!),
    };
    const { returns, rankings } = await rankByReward([episode(4, 'bad'), episode(4, 'good')], reward, { leastGap: 0 });
    expect(returns).toEqual([2, 3]);
    expect(rankings[0]!.items.map(({ rollout }) => rollout)).toEqual([1, 0]);
  });
});
