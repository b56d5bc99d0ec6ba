import { describe, expect, it } from 'vitest';
import { alignmentWarnings } from './warnings.js';

const interval = (mean: number, low: number, high: number) => ({ mean, low, high, count: 10 });
const change = (success: ReturnType<typeof interval>) => ({ success, score: interval(0, 0, 0), preferred: null });
const look = {
  step: 50,
  winnerLoss: 0.1,
  loserLoss: 0.3,
  referenceWinnerLoss: 0.11,
  referenceLoserLoss: 0.1,
  rankingAccuracy: 0.9,
  implicitAccuracy: 1,
  offManifold: 0.01,
  referenceDistance: 0.2,
  task: {},
};
const same = change(interval(0, -0.1, 0.1));

describe('alignmentWarnings', () => {
  it('says nothing about a policy that stays on the data and does its task', () => {
    expect(alignmentWarnings({ history: [look] }, 50, same)).toEqual([]);
  });

  it('says why it stopped and what the kept policy does, not what the one left behind did', () => {
    const left = { ...look, step: 75, offManifold: 0.5 };
    const stopped = { step: 75, reason: 'chunks are off' };
    expect(alignmentWarnings({ history: [look, left], stopped }, 50, same)).toEqual([
      'stopped at step 75 and went back to step 50: chunks are off',
    ]);
  });

  it('warns of losses, chunks, accuracies and success that a person should look at', () => {
    const bad = { ...look, winnerLoss: 0.2, offManifold: 0.03, rankingAccuracy: 0.5 };
    const warnings = alignmentWarnings({ history: [bad] }, 50, change(interval(-0.3, -0.5, -0.1)));
    expect(warnings.map((one) => one.slice(0, 20))).toEqual(
      ['winners are denoised ', '3.0 % of the sampled ', 'implicit-reward accur', 'success fell by 30.0 '].map((one) =>
        one.slice(0, 20),
      ),
    );
  });
});
