import { InputError, RandomStream } from '@rapport/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exactTransport } from './exact.js';
import { expInto } from './exponential.js';
import { maxScaledSquaredDistances, readReferenceCases } from './reference-cases.testing.js';
import { Sinkhorn } from './sinkhorn.js';

const cases = readReferenceCases();

describe('Sinkhorn against POT', () => {
  for (const { name, X, Y, sinkhorn } of cases) {
    for (const [regularization, expected] of Object.entries(sinkhorn)) {
      it(`finds POT's cost, entropy and plan for ${name} at regularization ${regularization}`, () => {
        const costs = maxScaledSquaredDistances(X, Y);
        const solver = new Sinkhorn(X.length, Y.length, {
          regularization: Number(regularization),
          tolerance: 1e-12,
          maxIterations: 100_000,
        });
        const { cost } = solver.solve(costs);
        let entropy = 0;
        for (const mass of solver.plan) entropy -= mass * Math.log(mass + 1e-300);
        expect(cost).toBeCloseTo(expected.cost, 8);
        expect(entropy).toBeCloseTo(expected.entropy, 6);
        expect(solver.plan[0]).toBeCloseTo(expected.P00, 8);
      });
    }
  }
});

describe('Sinkhorn', () => {
  it('meets both marginals and the stated error', () => {
    const stream = new RandomStream(1, 'marginals');
    const rowMass = [0.1, 0.2, 0.3, 0.15, 0.25];
    const columnMass = [0.5, 0.3, 0.2];
    const costs = Float64Array.from({ length: 15 }, () => stream.uniform());
    const solver = new Sinkhorn(
      5,
      3,
      { regularization: 0.05, tolerance: 1e-10, maxIterations: 10_000 },
      rowMass,
      columnMass,
    );
    const { marginalError, iterations } = solver.solve(costs);
    expect(marginalError).toBeLessThan(1e-10);
    expect(iterations).toBeLessThan(10_000);
    rowMass.forEach((mass, row) => {
      expect(solver.plan.subarray(row * 3, row * 3 + 3).reduce((a, b) => a + b)).toBeCloseTo(mass, 9);
    });
    columnMass.forEach((mass, column) => {
      let total = 0;
      for (let row = 0; row < 5; row++) total += solver.plan[row * 3 + column]!;
      expect(total).toBeCloseTo(mass, 12);
    });
  });

  it('approaches the exact cost from above as the regularization falls, down to kernels that underflow', () => {
    const stream = new RandomStream(2, 'limit');
    const costs = Float64Array.from({ length: 64 }, () => stream.uniform());
    const uniform = new Array<number>(8).fill(1 / 8);
    const exact = exactTransport(costs, uniform, uniform).cost;
    let previous = Number.POSITIVE_INFINITY;
    for (const regularization of [1, 0.1, 0.01, 0.001, 0.0003]) {
      const solver = new Sinkhorn(8, 8, { regularization, tolerance: 1e-7, maxIterations: 200_000 });
      const { cost } = solver.solve(costs);
      expect(cost).toBeGreaterThan(exact - 1e-6);
      expect(cost).toBeLessThan(previous + 1e-9);
      previous = cost;
    }
    expect(previous).toBeCloseTo(exact, 4);
  });

  it('gives finite plans where every entry of a kernel column underflows', () => {
    // Row minima are 0, so the last column's kernel is exp(-1 / 0.0005): zero in double precision.
    const costs = Float64Array.from([0, 1, 1, 0, 1, 1, 0, 1, 1]);
    const solver = new Sinkhorn(3, 3, { regularization: 0.0005, tolerance: 1e-9, maxIterations: 1000 });
    const { cost, marginalError } = solver.solve(costs);
    expect(marginalError).toBeLessThan(1e-9);
    expect(cost).toBeCloseTo(2 / 3, 6);
  });

  it('sums its row costs to the cost and leaves nothing of the problem before', () => {
    const stream = new RandomStream(3, 'reuse');
    const first = Float32Array.from({ length: 48 }, () => stream.uniform());
    const second = Float32Array.from({ length: 48 }, () => stream.uniform());
    const options = { regularization: 0.1, tolerance: 1e-9, maxIterations: 1000 };
    const reused = new Sinkhorn(6, 8, options);
    reused.solve(first);
    const { cost } = reused.solve(second);
    expect(reused.rowCosts.reduce((a, b) => a + b)).toBeCloseTo(cost, 12);
    expect(cost).toBe(new Sinkhorn(6, 8, options).solve(second).cost);
  });

  it('refuses a regularization that is not positive and costs that are too short', () => {
    expect(() => new Sinkhorn(2, 2, { regularization: 0, tolerance: 1e-6, maxIterations: 10 })).toThrow(
      /regularization is 0; expected a positive number/,
    );
    const solver = new Sinkhorn(2, 2, { regularization: 1, tolerance: 1e-6, maxIterations: 10 });
    expect(() => solver.solve(new Float64Array(3))).toThrow(InputError);
  });
});

describe('exactTransport', () => {
  for (const { name, X, Y, emd_cost } of cases) {
    it(`finds POT's exact cost for ${name}`, () => {
      const uniform = (n: number) => new Array<number>(n).fill(1 / n);
      const { cost } = exactTransport(maxScaledSquaredDistances(X, Y), uniform(X.length), uniform(Y.length));
      expect(cost).toBeCloseTo(emd_cost, 9);
    });
  }

  it('equals the best permutation of small uniform problems', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 16, maxLength: 16 }), (costs) => {
        const best = Math.min(...permutations(4).map((p) => p.reduce((sum, j, i) => sum + costs[i * 4 + j]! / 4, 0)));
        const quarter = [0.25, 0.25, 0.25, 0.25];
        expect(exactTransport(costs, quarter, quarter).cost).toBeCloseTo(best, 9);
      }),
    );
  });

  it('moves unequal masses on a line as the difference of distribution functions says', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 5, maxLength: 5 }),
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 5, maxLength: 5 }),
        (rawA, rawB) => {
          const a = rawA.map((value) => value / rawA.reduce((x, y) => x + y));
          const b = rawB.map((value) => value / rawB.reduce((x, y) => x + y));
          const costs = a.flatMap((_, i) => b.map((_, j) => Math.abs(i - j)));
          let difference = 0;
          let expected = 0;
          for (let i = 0; i < 5; i++) {
            difference += a[i]! - b[i]!;
            expected += Math.abs(difference);
          }
          expect(exactTransport(costs, a, b).cost).toBeCloseTo(expected, 9);
        },
      ),
    );
  });

  it('refuses unequal total masses', () => {
    expect(() => exactTransport([0, 0, 0, 0], [0.5, 0.5], [0.5, 0.4])).toThrow(/expected equal sums/);
  });
});

describe('expInto', () => {
  it('agrees with Math.exp to 1e-13 and ends at zero', () => {
    const stream = new RandomStream(4, 'exp');
    const inputs = Float64Array.from({ length: 2000 }, () => stream.uniformBetween(-690, 40));
    const values = inputs.slice();
    expInto(values);
    inputs.forEach((x, index) => {
      expect(Math.abs(values[index]! / Math.exp(x) - 1)).toBeLessThan(1e-13);
    });
    const edges = Float64Array.from([0, Number.NEGATIVE_INFINITY, -800, Number.NaN]);
    expInto(edges);
    expect([...edges]).toEqual([1, 0, 0, Number.NaN]);
  });
});

function permutations(count: number): number[][] {
  if (count === 0) return [[]];
  return permutations(count - 1).flatMap((rest) =>
    Array.from({ length: count }, (_, at) => [...rest.slice(0, at), count - 1, ...rest.slice(at)]),
  );
}
