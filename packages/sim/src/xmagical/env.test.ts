import { InputError, learnerView, poseTrackWidth, RandomStream } from '@rapport/core';
import { describe, expect, it } from 'vitest';
import { XMagicalEnv } from './env.js';
import { type SweepVariant, sweepToTop } from './sweep-to-top.js';
import type { EmbodimentName } from './view.js';

const embodiments: readonly EmbodimentName[] = ['gripper', 'shortstick', 'mediumstick', 'longstick'];

function makeEnv(embodiment: EmbodimentName, variant: SweepVariant): XMagicalEnv {
  return new XMagicalEnv({ id: 'test', embodiment, task: sweepToTop({ variant, reward: 'sparse' }) });
}

function randomActions(embodiment: EmbodimentName, count: number, seed: number): Float32Array[] {
  const random = new RandomStream(seed, 'test/actions');
  const size = embodiment === 'gripper' ? 3 : 2;
  return Array.from({ length: count }, () =>
    Float32Array.from({ length: size }, (_, index) =>
      index === 1 ? random.uniformBetween(-0.05, 0.05) : random.uniform(),
    ),
  );
}

/** Rewards of an episode in which one action is repeated. */
function repeat(env: XMagicalEnv, action: readonly number[]): number[] {
  const rewards: number[] = [];
  for (;;) {
    const { reward, truncated } = env.step(action);
    rewards.push(reward);
    if (truncated) return rewards;
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

/** Mean score (last reward), success rate and return of 200 episodes, the first after seeding left out (as recorded). */
function evaluate(env: XMagicalEnv, chooseAction: () => ArrayLike<number>) {
  const episodes = 200;
  env.reset({ seed: 0 });
  const scores: number[] = [];
  const returns: number[] = [];
  for (let episode = 0; episode < episodes; episode++) {
    env.reset();
    let total = 0;
    for (;;) {
      const { reward, truncated } = env.step(chooseAction());
      total += reward;
      if (!truncated) continue;
      scores.push(reward);
      returns.push(total);
      break;
    }
  }
  return {
    score: sum(scores) / episodes,
    success: scores.filter((score) => score === 1).length / episodes,
    return: sum(returns) / episodes,
  };
}

describe('XMagicalEnv', () => {
  it('pays a Longstick that drives straight ahead in Demo 37 in all, the first full reward at step 14', () => {
    const env = makeEnv('longstick', 'Demo');
    env.reset({ seed: 0 });
    const rewards = repeat(env, [1, 0]);
    expect(rewards).toHaveLength(50);
    expect(rewards.indexOf(1)).toBe(13);
    expect(sum(rewards)).toBeCloseTo(37, 9);
    expect(env.privileged.success()).toBe(true);
    expect(env.privileged.stepScore()).toBe(1);
  });

  it.each([
    // What the original reaches with the same action on the same 200 starts.
    ['TestLayout', 0.8667, 0.765, 32.04],
    ['TestShape', 1, 1, 37],
    ['TestColor', 1, 1, 37],
    ['TestDynamics', 0.625, undefined, 22.8],
    ['TestAll', 0.727, 0.69, 26.5],
  ] as const)('scores as the original does on %s, Longstick straight ahead', (variant, score, success, total) => {
    const found = evaluate(makeEnv('longstick', variant), () => [1, 0]);
    expect(found.score).toBeCloseTo(score, 2);
    if (success !== undefined) expect(found.success).toBeCloseTo(success, 3);
    expect(Math.abs(found.return - total)).toBeLessThan(0.25);
  });

  it.each(embodiments)('scores next to nothing for a %s that acts at random', (embodiment) => {
    const actions = randomUniformActions(embodiment);
    const { score } = evaluate(makeEnv(embodiment, 'TestLayout'), actions);
    expect(score).toBeLessThan(0.01);
  });

  it('ends by the time limit: 50 steps for Longstick, 100 for the others', () => {
    for (const embodiment of embodiments) {
      const env = makeEnv(embodiment, 'TestLayout');
      env.reset({ seed: 3 });
      const steps = repeat(env, embodiment === 'gripper' ? [0, 0, 0] : [0, 0]).length;
      expect(steps).toBe(embodiment === 'longstick' ? 50 : 100);
      expect(steps).toBe(env.spec.maxEpisodeSteps);
      expect(() => env.step([0, 0, 0])).toThrow(/the episode has ended; call reset/);
    }
  });

  it.each(embodiments)('goes on with the same bits from a restored state: %s', (embodiment) => {
    const env = makeEnv(embodiment, 'TestAll');
    const actions = randomActions(embodiment, 45, 7);
    env.reset({ seed: 11 });
    for (const action of actions.slice(0, 20)) env.step(action);
    const saved = env.privileged.state();
    const first = actions.slice(20).map((action) => env.step(action));
    const firstEnd = env.privileged.state();

    const other = makeEnv(embodiment, 'TestAll');
    other.reset({ seed: 4 });
    other.privileged.restore(saved);
    const second = actions.slice(20).map((action) => other.step(action));
    expect(second).toEqual(first);
    expect(other.privileged.state()).toEqual(firstEnd);
    const size = { width: 64, height: 64 };
    expect(other.render('above', size)).toEqual(env.render('above', size));
  });

  it('gives the same episode for the same seed and another one for the next reset without a seed', () => {
    const env = makeEnv('mediumstick', 'TestLayout');
    const first = env.reset({ seed: 5 }).observation;
    const next = env.reset().observation;
    expect(next).not.toEqual(first);
    expect(env.reset({ seed: 5 }).observation).toEqual(first);
    expect(env.reset().observation).toEqual(next);
  });

  it('writes poses that match its scene and its observation', () => {
    for (const embodiment of embodiments) {
      const env = makeEnv(embodiment, 'TestAll');
      env.reset({ seed: 2 });
      for (const action of randomActions(embodiment, 10, 1)) env.step(action);
      const scene = env.scene();
      const poses = new Float32Array(poseTrackWidth(scene));
      env.writePoses(poses);
      const { observation } = env.step(new Float32Array(embodiment === 'gripper' ? 3 : 2));
      env.writePoses(poses);
      // Robot and blocks come first in both; a pose has an angle between them.
      expect([poses[0], poses[1]]).toEqual([observation[0], observation[1]]);
      expect([poses[3], poses[4]]).toEqual([observation[2], observation[3]]);
      expect(Math.cos(poses[2]!)).toBeCloseTo(observation[8]!, 6);
      expect(scene.bodies.filter(({ pose }) => pose === 'planar')).toHaveLength(embodiment === 'gripper' ? 8 : 6);
    }
  });

  it('hides the score, the scene and the state from a learner', () => {
    const env = learnerView(makeEnv('longstick', 'TestLayout'));
    expect(Object.keys(env).sort()).toEqual(['close', 'render', 'reset', 'spec', 'step']);
    env.reset({ seed: 0 });
    expect(env.step([1, 0]).info).toEqual({});
  });

  it('refuses wrong calls in one line', () => {
    const env = makeEnv('shortstick', 'Demo');
    expect(() => env.step([0, 0])).toThrow(/no episode has begun; call reset first/);
    env.reset({ seed: 0 });
    expect(() => env.step([0])).toThrow(/action has 1 values; expected 2/);
    expect(() => env.step([0, Number.NaN])).toThrow(/relative_heading/);
    expect(() => env.render('front', { width: 8, height: 8 })).toThrow(InputError);
    expect(() => env.privileged.restore(new Float64Array(3))).toThrow(/state has 3 numbers; expected more/);
  });
});

function randomUniformActions(embodiment: EmbodimentName): () => Float32Array {
  const random = new RandomStream(1, `test/random/${embodiment}`);
  const action = new Float32Array(embodiment === 'gripper' ? 3 : 2);
  return () => {
    for (let index = 0; index < action.length; index++) action[index] = random.uniformBetween(-1, 1);
    return action;
  };
}
