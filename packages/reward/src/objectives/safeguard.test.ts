import { compileFunction, gradient, input, mean, square, sum } from '@rapport/nn';
import { describe, expect, it } from 'vitest';
import { safeguardedLoss } from './safeguard.js';

/** Value of the loss and its gradient by the loser's prediction error, two samples of two dimensions. */
async function evaluate(winner: readonly number[], loser: readonly number[], mu: number) {
  const [winnerError, loserError] = [input('winner', [2, 2]), input('loser', [2, 2])];
  const loss = mean(square(loserError), { axes: [1] });
  const guarded = safeguardedLoss(loss, winnerError, loserError, mu);
  const compiled = await compileFunction({
    outputs: { guarded, slope: gradient(sum(guarded), [loserError])[0]! },
  });
  const result = await compiled.run({ winner: Float32Array.from(winner), loser: Float32Array.from(loser) });
  await compiled.close();
  return result;
}

describe('safeguardedLoss', () => {
  const loser = [2, 1, -1, 3];

  it('keeps the value and scales the gradient by (1 - mu) |w|^2 / (w . l) where both errors point the same way', async () => {
    const winner = [0.5, 0.5, 0, 0.5]; // |w|^2 = 0.75, w . l = 3
    const { guarded, slope } = await evaluate(winner, loser, 0.4);
    expect(Array.from(guarded)).toEqual([2.5, 5]);
    loser.forEach((error, index) => {
      expect(slope[index]).toBeCloseTo(((0.6 * 0.75) / 3) * error, 5);
    });
  });

  it('leaves the gradient alone where the errors point apart, and where the winner has more to lose', async () => {
    for (const winner of [
      [-1, 0, 0, 0],
      [0, 0, 0, 9],
    ]) {
      const { slope } = await evaluate(winner, loser, 0.4);
      expect(Array.from(slope)).toEqual(loser);
    }
  });

  it('does not let a gradient step on winner minus loser raise the loss of the winner to first order', async () => {
    // One network output serves both, so a step along g_l moves the winner by g_w . g_l.
    const winner = [0.5, 0.5, 0, 0.5];
    const { slope } = await evaluate(winner, loser, 0);
    const descent = winner.map((error, index) => error - slope[index]!);
    const change = winner.reduce((total, error, index) => total + error * descent[index]!, 0);
    expect(change).toBeGreaterThan(-1e-6);
    const unguarded = winner.reduce((total, error, index) => total + error * (error - loser[index]!), 0);
    expect(unguarded).toBeLessThan(0);
  });
});
