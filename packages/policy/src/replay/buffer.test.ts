import { RandomStream } from '@rapport/core';
import { describe, expect, it } from 'vitest';
import { allocateBatch, ReplayBuffer } from './buffer.js';

/** Episode whose numbers encode where they came from: observation = 100 e + t, action = -(100 e + t), reward = 0.5 (100 e + t). */
function numberedEpisode(episode: number, steps: number) {
  const label = (step: number) => 100 * episode + step;
  return {
    observations: Float32Array.from({ length: steps + 1 }, (_, step) => label(step)),
    actions: Float32Array.from({ length: steps }, (_, step) => -label(step)),
    rewards: Float32Array.from({ length: steps }, (_, step) => 0.5 * label(step)),
  };
}

function add(buffer: ReplayBuffer, episode: number, steps: number, end: 'terminated' | 'truncated') {
  const { observations, actions, rewards } = numberedEpisode(episode, steps);
  buffer.addEpisode(observations, actions, rewards, end);
}

describe('ReplayBuffer', () => {
  it('keeps the five parts of a transition together', () => {
    const buffer = new ReplayBuffer({ capacity: 5000, observationSize: 1, actionSize: 1 });
    for (let episode = 1; episode <= 60; episode++) add(buffer, episode, 40, episode % 2 ? 'terminated' : 'truncated');
    const batch = allocateBatch(512, 1, 1);
    buffer.sample(new RandomStream(3, 'test'), batch);
    for (let index = 0; index < 512; index++) {
      const label = batch.observation[index]!;
      const episode = Math.floor(label / 100);
      expect(batch.action[index]).toBe(-label);
      expect(batch.reward[index]).toBe(0.5 * label);
      expect(batch.nextObservation[index]).toBe(label + 1);
      expect(batch.continues[index]).toBe(label % 100 === 39 && episode % 2 === 1 ? 0 : 1);
    }
  });

  it('overwrites the oldest transitions when it is full', () => {
    const buffer = new ReplayBuffer({ capacity: 10, observationSize: 1, actionSize: 1 });
    for (let episode = 1; episode <= 4; episode++) add(buffer, episode, 4, 'truncated');
    expect(buffer.length).toBe(10);
    const seen = new Set<number>();
    const batch = allocateBatch(400, 1, 1);
    buffer.sample(new RandomStream(1, 'test'), batch);
    for (const value of batch.observation) seen.add(value);
    expect([...seen].sort((a, b) => a - b)).toEqual([202, 203, 300, 301, 302, 303, 400, 401, 402, 403]);
  });

  it('goes on from a saved state with the same samples', () => {
    const buffer = new ReplayBuffer({ capacity: 30, observationSize: 1, actionSize: 1 });
    for (let episode = 1; episode <= 9; episode++) add(buffer, episode, 7, 'truncated');
    const copy = new ReplayBuffer({ capacity: 30, observationSize: 1, actionSize: 1 });
    copy.restore(buffer.state());
    add(buffer, 10, 5, 'truncated');
    add(copy, 10, 5, 'truncated');
    const [first, second] = [allocateBatch(64, 1, 1), allocateBatch(64, 1, 1)];
    buffer.sample(new RandomStream(9, 'test'), first);
    copy.sample(new RandomStream(9, 'test'), second);
    expect(second).toEqual(first);
  });

  it('refuses an episode whose arrays disagree', () => {
    const buffer = new ReplayBuffer({ capacity: 30, observationSize: 2, actionSize: 1 });
    expect(() => buffer.addEpisode(new Float32Array(6), new Float32Array(3), new Float32Array(3), 'truncated')).toThrow(
      'an episode of 3 rewards came with 3 observations and 3 actions; expected 4 and 3',
    );
  });
});
