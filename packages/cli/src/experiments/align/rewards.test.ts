import { describe, expect, it } from 'vitest';
import { personsRankings, wayAccuracy } from './rewards.js';
import type { RolloutSummaries } from './rollouts.js';

const rollout = (seed: number, preferred: boolean): RolloutSummaries['rollouts'][number] => ({
  seed,
  length: 10,
  success: true,
  way: preferred ? 'handle' : 'inside',
  preferred,
  score: 0.5,
  frames: 4,
});

describe('wayAccuracy', () => {
  it('counts pairs of one start that differ in their way, and no others', () => {
    const rollouts = [rollout(1, true), rollout(1, false), rollout(1, false), rollout(2, true), rollout(3, false)];
    // Right about the first pair of start 1, wrong about the second; starts 2 and 3 have no pair.
    expect(wayAccuracy({ rollouts, featureSize: 1 }, [0.5, 0.1, 0.9, 0, 1])).toBe(0.5);
  });

  it('is undefined where all rollouts of a start went the same way', () => {
    expect(wayAccuracy({ rollouts: [rollout(1, true), rollout(1, true)], featureSize: 1 }, [0, 1])).toBeUndefined();
  });
});

describe('personsRankings', () => {
  it('names rollouts by the number of their episode', () => {
    const clip = (episode: number) => ({ dataset: 'd', episode, start: 0, end: 10 });
    expect(personsRankings([{ items: [clip(4), clip(2)], ranks: [1, 0] }])).toEqual([
      {
        items: [
          { rollout: 4, start: 0, end: 10 },
          { rollout: 2, start: 0, end: 10 },
        ],
        ranks: [1, 0],
      },
    ]);
  });
});
