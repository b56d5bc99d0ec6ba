import { compileFunction, gradient, input, reshape, slice, sub, sum, type Tensor } from '@rapport/nn';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plackettLuce } from './list.js';
import { bradleyTerry, type MarginObjective, probabilityError } from './margin.js';

const logistic = (x: number): number => 1 / (1 + Math.exp(-x));

/** Losses and their derivatives with respect to the margin. */
async function evaluate(objective: MarginObjective, margins: readonly number[], target: number) {
  const margin = input('margin', [margins.length]);
  const losses = objective(margin, target);
  const compiled = await compileFunction({ outputs: { losses, slope: gradient(sum(losses), [margin])[0]! } });
  const result = await compiled.run({ margin: Float32Array.from(margins) });
  await compiled.close();
  return result;
}

const margins = [-30, -3, -0.5, 0, 0.7, 4, 40];

describe('bradleyTerry', () => {
  it('is -y log S(m) - (1 - y) log S(-m), with slope S(m) - y, at strict, soft and tied targets', async () => {
    for (const target of [1, 0.8, 0.5, 0]) {
      const { losses, slope } = await evaluate(bradleyTerry, margins, target);
      margins.forEach((m, index) => {
        const expected = target * Math.log1p(Math.exp(-m)) + (1 - target) * Math.log1p(Math.exp(m));
        expect(losses[index]).toBeCloseTo(expected, 4);
        expect(slope[index]).toBeCloseTo(logistic(m) - target, 5);
      });
    }
  });
});

describe('probabilityError', () => {
  it('is 1 - S(m) for a preference, S(m) for its reverse and (1/2 - S(m))^2 for a tie', async () => {
    for (const [target, expected] of [
      [1, (p: number) => 1 - p],
      [0, (p: number) => p],
      [0.5, (p: number) => (0.5 - p) ** 2],
    ] as const) {
      const { losses } = await evaluate(probabilityError, margins, target);
      margins.forEach((m, index) => {
        expect(losses[index]).toBeCloseTo(expected(logistic(m)), 6);
      });
    }
  });

  it('has its minimum for a tie at margin 0', async () => {
    const { losses, slope } = await evaluate(probabilityError, [-1, 0, 1], 0.5);
    expect(slope[0]).toBeLessThan(0);
    expect(slope[1]).toBeCloseTo(0, 6);
    expect(losses[1]).toBeCloseTo(0, 6);
  });
});

describe('plackettLuce', () => {
  it('equals bradleyTerry of the difference for two items', async () => {
    const scores = input('scores', [3, 2]);
    const column = (index: number): Tensor => reshape(slice(scores, 1, index, index + 1), [3]);
    const compiled = await compileFunction({
      outputs: { list: plackettLuce(scores), pair: bradleyTerry(sub(column(0), column(1)), 1) },
    });
    const { list, pair } = await compiled.run({ scores: Float32Array.from([1, 0, -2, 3, 0.4, 0.4]) });
    await compiled.close();
    list.forEach((value, index) => {
      expect(value).toBeCloseTo(pair[index]!, 5);
    });
  });

  it('gives probabilities of all orders of four items that sum to 1', async () => {
    const orders = permutations([0, 1, 2, 3]);
    const scores = input('scores', [orders.length, 4]);
    const compiled = await compileFunction({ outputs: { losses: plackettLuce(scores) } });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.float({ min: -3, max: 3, noNaN: true }), { minLength: 4, maxLength: 4 }),
        async (items) => {
          const { losses } = await compiled.run({
            scores: Float32Array.from(orders.flatMap((order) => order.map((item) => items[item]!))),
          });
          expect(losses.reduce((total, loss) => total + Math.exp(-loss), 0)).toBeCloseTo(1, 4);
        },
      ),
      { numRuns: 25 },
    );
    await compiled.close();
  });

  it('refuses scores of a single item', () => {
    expect(() => plackettLuce(input('scores', [5, 1]))).toThrow(/expected \[batch, 2 or more\]/);
  });
});

function permutations(items: readonly number[]): number[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((item) => permutations(items.filter((other) => other !== item)).map((rest) => [item, ...rest]));
}
