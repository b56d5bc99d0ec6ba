import { RandomStream } from '@rapport/core';
import { describe, expect, it } from 'vitest';
import {
  add,
  compileFunction,
  constant,
  exp,
  formatGraph,
  gradient,
  input,
  logSumExp,
  mean,
  mlp,
  mul,
  square,
  stopGradient,
  sub,
  sum,
  type Tensor,
} from '../index.js';
import { interpret } from '../interpreter.js';
import { topologicalOrder } from '../tensor.js';

describe('gradient', () => {
  it('writes the graph of a small network and its derivative', () => {
    const x = input('x', [4, 3]);
    const net = mlp('net', { inputSize: 3, hiddenSizes: [2], outputSize: 1, activation: 'relu' });
    const loss = mean(square(net.apply(x)));
    const [weight] = gradient(loss, [net.parameters[0]!]);
    expect(formatGraph({ loss, weight: weight! })).toMatchInlineSnapshot(`
      "%0 = input() { name: x } : float32 [4, 3]
      %1 = parameter() { name: net/0/weight } : float32 [2, 3]
      %2 = parameter() { name: net/0/bias } : float32 [2]
      %3 = gemm(%0, %1, %2) { transposeA: false, transposeB: true } : float32 [4, 2]
      %4 = relu(%3) : float32 [4, 2]
      %5 = parameter() { name: net/1/weight } : float32 [1, 2]
      %6 = parameter() { name: net/1/bias } : float32 [1]
      %7 = gemm(%4, %5, %6) { transposeA: false, transposeB: true } : float32 [4, 1]
      %8 = square(%7) : float32 [4, 1]
      %9 = reduceSum(%8) { axes: [0, 1], keepDims: false } : float32 []
      %10 = constant() { data: 0.25 } : float32 []
      %11 = mul(%9, %10) : float32 []
      %12 = constant() { data: 1 } : float32 []
      %13 = mul(%12, %10) : float32 []
      %14 = reshape(%13) : float32 [1, 1]
      %15 = constant() { data: 2 } : float32 []
      %16 = mul(%14, %15) : float32 [1, 1]
      %17 = mul(%16, %7) : float32 [4, 1]
      %18 = matmul(%17, %5) { transposeA: false, transposeB: false } : float32 [4, 2]
      %19 = cast(%4) : bool [4, 2]
      %20 = cast(%19) : float32 [4, 2]
      %21 = mul(%18, %20) : float32 [4, 2]
      %22 = matmul(%21, %0) { transposeA: true, transposeB: false } : float32 [2, 3]
      loss = %11
      weight = %22"
    `);
  });

  it('is linear in the size of an unrolled loop', () => {
    const cost = input('cost', [2, 6, 6]);
    const count = (iterations: number) => topologicalOrder(gradient(sinkhornCost(cost, iterations), [cost])).length;
    const step = count(20) - count(10);
    expect(count(30) - count(20)).toBe(step);
    expect(step).toBeLessThan(10 * 40);
  });

  it('differentiates thirty Sinkhorn iterations as finite differences do', async () => {
    const cost = input('cost', [2, 4, 4]);
    const loss = sinkhornCost(cost, 30);
    const stream = new RandomStream(1, 'sinkhorn');
    const values = Float32Array.from({ length: 32 }, () => stream.uniform());
    const run = await compileFunction({ outputs: { loss, slope: gradient(loss, [cost])[0]! } });
    const found = await run.run({ cost: values });
    const evaluate = (at: Float64Array) => interpret([loss], { cost: at })[0]!.data[0]!;
    const base = Float64Array.from(values);
    expect(found.loss[0]).toBeCloseTo(evaluate(base), 5);
    for (let index = 0; index < 32; index += 3) {
      const moved = (by: number) => evaluate(base.map((value, at) => (at === index ? value + by : value)));
      expect(found.slope[index]).toBeCloseTo((moved(1e-5) - moved(-1e-5)) / 2e-5, 4);
    }
    await run.close();
  });

  it('stops at stopGradient and gives zeros where nothing depends', async () => {
    const [x, y] = [input('x', [2]), input('y', [2])];
    const loss = sum(mul(x, stopGradient(square(x))));
    const [dx, dy] = gradient(loss, [x, y]);
    const run = await compileFunction({ outputs: { dx: dx!, dy: add(dy!, mul(x, 0)) } });
    expect(await run.run({ x: new Float32Array([2, 3]) })).toEqual({
      dx: new Float32Array([4, 9]),
      dy: new Float32Array([0, 0]),
    });
    await run.close();
  });

  it('sums exponentials of huge and of infinite numbers', async () => {
    const x = input('x', [3, 2]);
    const run = await compileFunction({ outputs: { y: logSumExp(x, { axes: [1] }) } });
    const { y } = await run.run({ x: new Float32Array([500, 500, -Infinity, 3, -Infinity, -Infinity]) });
    expect(y[0]).toBeCloseTo(500 + Math.LN2, 4);
    expect([y[1], y[2]]).toEqual([3, -Infinity]);
    await run.close();
  });

  it('differentiates a derivative', async () => {
    const x = input('x', [3]);
    const [first] = gradient(sum(exp(mul(square(x), 0.5))), [x]);
    const [second] = gradient(sum(first!), [x]);
    const run = await compileFunction({ outputs: { second: second! } });
    const values = new Float32Array([0, 0.5, -1]);
    const { second: found } = await run.run({ x: values });
    // d2/dx2 exp(x^2 / 2) = (1 + x^2) exp(x^2 / 2)
    values.forEach((value, index) => {
      expect(found[index]).toBeCloseTo((1 + value ** 2) * Math.exp(value ** 2 / 2), 5);
    });
    await run.close();
  });

  it('refuses a loss that is no scalar', () => {
    const x = input('x', [3]);
    expect(() => gradient(x, [x])).toThrow('the loss is float32 [3]; expected a float32 scalar');
  });
});

/** Entropic transport cost between uniform marginals in the log domain, for a batch of cost matrices. */
function sinkhornCost(cost: Tensor, iterations: number): Tensor {
  const [, rows, columns] = cost.shape;
  const kernel = mul(cost, -1 / 0.1);
  let u: Tensor = constant(new Float32Array(rows!), [1, rows!, 1]);
  let v: Tensor = constant(new Float32Array(columns!), [1, 1, columns!]);
  for (let iteration = 0; iteration < iterations; iteration++) {
    u = sub(-Math.log(rows!), logSumExp(add(kernel, v), { axes: [2], keepDims: true }));
    v = sub(-Math.log(columns!), logSumExp(add(kernel, u), { axes: [1], keepDims: true }));
  }
  return sum(mul(exp(add(add(kernel, u), v)), cost));
}
