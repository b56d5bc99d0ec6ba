import { boxSpace, type Policy, type PrivilegedEnv, playEpisode } from '@rapport/core';
import { describe, expect, it } from 'vitest';
import { evaluatePolicy, evaluationSeeds } from './evaluate.js';
import { groundTruthReward } from './reward-sources.js';

/** Three steps; the score of a step is seed % 4 / 8 plus a tenth of the action, success is a seed that 3 divides. */
function scoredEnv(): PrivilegedEnv {
  let seed = 0;
  let step = 0;
  let action = 0;
  const entry = { name: 'x', unit: '1', low: -1, high: 1 };
  return {
    spec: {
      id: 'test/scored',
      summary: 'known scores',
      observationSpace: boxSpace([entry]),
      actionSpace: boxSpace([entry]),
      controlHz: 10,
      maxEpisodeSteps: 3,
      cameras: [],
    },
    reset: (options) => {
      seed = options?.seed ?? 0;
      step = 0;
      return { observation: Float32Array.of(0), info: {} };
    },
    step: (given) => {
      step += 1;
      action = given[0]!;
      return { observation: Float32Array.of(0), reward: 2, terminated: false, truncated: step === 3, info: {} };
    },
    render: (_camera, _size, out = new Uint8Array()) => out,
    close: () => undefined,
    privileged: {
      stepScore: () => (seed % 4) / 8 + action / 10,
      success: () => seed % 3 === 0,
      state: () => Float64Array.of(seed, step),
      restore: () => undefined,
    },
    scene: () => ({ bodies: [], bounds: { min: [0, 0, 0], max: [1, 1, 1] }, view: 'planar' }),
    writePoses: () => undefined,
  };
}

const constant = (value: number): Policy => ({
  name: 'constant',
  reset: () => undefined,
  act: () => Float32Array.of(value),
});

describe('groundTruthReward', () => {
  it('gives the score of every step of the episode that just ended', async () => {
    const { env, reward } = groundTruthReward(scoredEnv());
    for (const seed of [1, 3]) {
      const episode = await playEpisode(env, constant(0.5), { seed, cameras: [] });
      expect(await reward.rewards(episode)).toEqual(new Float32Array(3).fill((seed % 4) / 8 + 0.05));
    }
  });

  it('gives the learner an environment without a way to the score', () => {
    const { env } = groundTruthReward(scoredEnv());
    expect(Object.keys(env).sort()).toEqual(['close', 'render', 'reset', 'spec', 'step']);
  });
});

describe('evaluatePolicy', () => {
  it('counts scores, returns and successes over the seeds', async () => {
    const seeds = [0, 1, 2, 3, 4, 5, 6, 7];
    const {
      score,
      success,
      return: total,
      scores,
    } = await evaluatePolicy({
      env: scoredEnv(),
      policy: constant(0),
      seeds,
    });
    expect(scores).toEqual([0, 0.125, 0.25, 0.375, 0, 0.125, 0.25, 0.375]);
    expect(score.mean).toBeCloseTo(0.1875, 12);
    expect(score.count).toBe(8);
    expect(success.mean).toBe(3 / 8);
    expect(total).toMatchObject({ mean: 6, low: 6, high: 6 });
  });

  it('takes its starts from seeds that training never uses', () => {
    expect(Math.min(...evaluationSeeds(5))).toBe(2 ** 30);
    expect(new Set(evaluationSeeds(100)).size).toBe(100);
  });
});
