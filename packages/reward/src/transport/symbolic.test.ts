import { InputError, RandomStream } from '@rapport/core';
import { compileFunction, constant, gradient, input, mul, sum } from '@rapport/nn';
import { describe, expect, it } from 'vitest';
import { maxScaledSquaredDistances, readReferenceCases } from './reference-cases.testing.js';
import { Sinkhorn } from './sinkhorn.js';
import { sinkhornTransport } from './symbolic.js';

describe('sinkhornTransport', () => {
  for (const { name, X, Y, sinkhorn } of readReferenceCases()) {
    for (const [regularization, iterations] of [
      ['0.1', 60],
      ['0.05', 150],
    ] as const) {
      it(`finds POT's cost and plan for ${name} at regularization ${regularization}`, async () => {
        const [rows, columns] = [X.length, Y.length];
        const cost = input('cost', [1, rows, columns]);
        const transport = sinkhornTransport(cost, { regularization: Number(regularization), iterations });
        const compiled = await compileFunction({ outputs: { plan: transport.plan, total: transport.cost } });
        const result = await compiled.run({ cost: Float32Array.from(maxScaledSquaredDistances(X, Y)) });
        await compiled.close();
        expect(result.total[0]).toBeCloseTo(sinkhorn[regularization]!.cost, 5);
        expect(result.plan[0]).toBeCloseTo(sinkhorn[regularization]!.P00, 6);
      });
    }
  }

  it('differentiates the costs of a batch as central differences of the plain solver do', async () => {
    const [batch, rows, columns] = [2, 4, 5];
    const size = rows * columns;
    const regularization = 0.2;
    const stream = new RandomStream(5, 'gradient');
    const costs = Float32Array.from({ length: batch * size }, () => stream.uniform());
    const weights = [1, -2];

    const cost = input('cost', [batch, rows, columns]);
    const transport = sinkhornTransport(cost, { regularization, iterations: 60 });
    const loss = sum(mul(transport.cost, constant(weights)));
    const compiled = await compileFunction({ outputs: { derivative: gradient(loss, [cost])[0]! } });
    const { derivative } = await compiled.run({ cost: costs });
    await compiled.close();

    const solver = new Sinkhorn(rows, columns, { regularization, tolerance: 1e-13, maxIterations: 10_000 });
    const lossOf = (values: Float64Array): number =>
      weights.reduce((total, weight, index) => total + weight * solver.solve(values, index * size).cost, 0);
    for (let index = 0; index < batch * size; index++) {
      const step = 1e-5;
      const above = Float64Array.from(costs);
      const below = Float64Array.from(costs);
      above[index] = above[index]! + step;
      below[index] = below[index]! - step;
      expect(derivative[index]).toBeCloseTo((lossOf(above) - lossOf(below)) / (2 * step), 4);
    }
  });

  it('refuses costs that are not a batch of matrices', () => {
    expect(() => sinkhornTransport(input('cost', [3, 3]), { regularization: 1, iterations: 1 })).toThrow(InputError);
  });
});
