import { boxSpace, type Env, mean, type Policy, RandomStream, type RewardSource } from '@rapport/core';
import { describe, expect, it } from 'vitest';
import { sacConfigSchema } from './config.js';
import { type SacCheckpoint, trainSac } from './train.js';

/** A point on a line that the action moves; the reward is high near the target, which the observation holds. */
function reachingEnv(): Env {
  const entry = (name: string, limit: number) => ({ name, unit: '1', low: -limit, high: limit });
  let position = 0;
  let target = 0;
  let step = 0;
  const observation = () => Float32Array.of(position, target);
  return {
    spec: {
      id: 'test/reach',
      summary: 'a point on a line',
      observationSpace: boxSpace([entry('position', 3), entry('target', 1)]),
      actionSpace: boxSpace([{ name: 'velocity', unit: '1', low: -0.5, high: 1.5 }]),
      controlHz: 10,
      maxEpisodeSteps: 20,
      cameras: [],
    },
    reset: ({ seed = 0 } = {}) => {
      position = 0;
      step = 0;
      target = new RandomStream(seed, 'target').uniformBetween(-1, 1);
      return { observation: observation(), info: {} };
    },
    step: (action) => {
      // A velocity of 0.5 stands still, so that the centre of the action space is no help.
      position += 0.4 * (action[0]! - 0.5);
      step += 1;
      const reward = Math.exp(-4 * (position - target) ** 2);
      return { observation: observation(), reward, terminated: false, truncated: step === 20, info: {} };
    },
    render: (_camera, _size, out = new Uint8Array()) => out,
    close: () => undefined,
  };
}

const reward: RewardSource = { name: 'test', frames: undefined, rewards: async (episode) => episode.rewards };

const config = sacConfigSchema.parse({
  steps: 2_000,
  randomSteps: 300,
  frameStack: 1,
  hiddenSizes: [32, 32],
  batchSize: 64,
  learningRate: 3e-3,
  discount: 0.9,
  targetRate: 0.02,
  evaluateEvery: 500,
});

async function meanReward(policy: Policy, env: Env): Promise<number> {
  const rewards: number[] = [];
  for (let seed = 500; seed < 520; seed++) {
    policy.reset(seed);
    let { observation } = env.reset({ seed });
    let ended = false;
    while (!ended) {
      const result = env.step(await policy.act(observation));
      rewards.push(result.reward);
      ({ observation, truncated: ended } = result);
    }
  }
  return mean(rewards);
}

describe('trainSac', () => {
  it('learns to reach a target given in the observation', async () => {
    const env = reachingEnv();
    const reached: number[] = [];
    await trainSac({
      env,
      reward,
      config,
      seed: 0,
      onEvaluation: async (_step, policy) => {
        reached.push(await meanReward(policy, env));
      },
    });
    // Standing still gets 0.36 on average over targets in [-1, 1]; the best possible is about 0.93.
    expect(reached[0]).toBeLessThan(0.5);
    expect(reached.at(-1)).toBeGreaterThan(0.8);
  });

  it('ends with the same bytes when it is interrupted and resumed', async () => {
    const short = { ...config, steps: 800, evaluateEvery: 400 };
    const checkpoints: SacCheckpoint[] = [];
    const options = { reward, config: short, seed: 7 };
    const whole = await trainSac({
      ...options,
      env: reachingEnv(),
      onCheckpoint: async (checkpoint) => {
        checkpoints.push(structuredClone(checkpoint));
      },
    });
    const resumed = await trainSac({ ...options, env: reachingEnv(), resume: checkpoints[0]! });
    expect(checkpoints[0]!.step).toBe(400);
    expect(resumed.parameters).toEqual(whole.parameters);
  });

  it('refuses a reward that is not finite', async () => {
    const broken: RewardSource = {
      ...reward,
      rewards: async ({ length }) => new Float32Array(length).fill(Number.NaN),
    };
    await expect(trainSac({ env: reachingEnv(), reward: broken, config, seed: 0 })).rejects.toThrow(
      'the test reward of step 0 is NaN',
    );
  });
});
