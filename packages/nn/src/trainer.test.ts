import { RandomStream } from '@rapport/core';
import { describe, expect, it } from 'vitest';
import {
  adam,
  add,
  compileFunction,
  compileTrainer,
  given,
  input,
  mean,
  mlp,
  mul,
  parameter,
  reshape,
  square,
  sub,
  sum,
} from './index.js';

const stream = new RandomStream(7, 'test');

function regression(batch: number) {
  const x = input('x', [batch, 5]);
  const y = input('y', [batch, 2]);
  const net = mlp('net', { inputSize: 5, hiddenSizes: [16, 16], outputSize: 2, activation: 'tanh' });
  return { x, y, net, loss: mean(square(sub(net.apply(x), y))) };
}

function data(batch: number) {
  const draw = new RandomStream(3, 'data');
  return { x: draw.fillNormal(new Float32Array(batch * 5)), y: draw.fillNormal(new Float32Array(batch * 2)) };
}

function trainerFor({ net, loss }: ReturnType<typeof regression>) {
  return compileTrainer({
    groups: [{ name: 'net', parameters: net.parameters, loss, optimizer: adam({ learningRate: 1e-2 }) }],
    metrics: { loss },
    stream,
  });
}

describe('compileTrainer', () => {
  it('makes two Adam steps as computed by hand', async () => {
    const w = parameter('w', [2], given(new Float32Array([1, -2])));
    const scale = input('scale', [2]);
    const loss = sum(mul(w, scale));
    const trainer = await compileTrainer({
      groups: [{ name: 'w', parameters: [w], loss, optimizer: adam({ learningRate: 0.1 }) }],
      metrics: { loss },
      stream,
    });
    const gradients = [new Float32Array([0.5, -3]), new Float32Array([-0.25, 1])];
    const expected = [1, -2];
    const m = [0, 0];
    const v = [0, 0];
    for (const [index, g] of gradients.entries()) {
      const before = expected[0]! * g[0]! + expected[1]! * g[1]!;
      expect((await trainer.step({ scale: g })).loss).toBeCloseTo(before, 5);
      for (const k of [0, 1]) {
        m[k] = 0.9 * m[k]! + 0.1 * g[k]!;
        v[k] = 0.999 * v[k]! + 0.001 * g[k]! ** 2;
        const mHat = m[k]! / (1 - 0.9 ** (index + 1));
        const vHat = v[k]! / (1 - 0.999 ** (index + 1));
        expected[k]! -= (0.1 * mHat) / (Math.sqrt(vHat) + 1e-8);
      }
    }
    const found = trainer.parameters().w!.data;
    expect(found[0]).toBeCloseTo(expected[0]!, 6);
    expect(found[1]).toBeCloseTo(expected[1]!, 6);
    await trainer.close();
  });

  it('lowers a regression loss and hands its weights to a function of another batch size', async () => {
    const parts = regression(32);
    const trainer = await trainerFor(parts);
    const batch = data(32);
    const first = (await trainer.step(batch)).loss;
    for (let step = 0; step < 150; step++) await trainer.step(batch);
    const last = (await trainer.step(batch)).loss;
    expect(last).toBeLessThan(first * 0.5);

    const one = input('x', [1, 5]);
    const predict = await compileFunction({
      outputs: { y: parts.net.apply(one) },
      parameters: trainer.parameters(),
    });
    let squares = 0;
    for (let row = 0; row < 32; row++) {
      const { y } = await predict.run({ x: batch.x.subarray(row * 5, row * 5 + 5) });
      squares += (y[0]! - batch.y[row * 2]!) ** 2 + (y[1]! - batch.y[row * 2 + 1]!) ** 2;
    }
    expect(squares / 64).toBeCloseTo((await trainer.step(batch)).loss, 4);
    await predict.close();
    await trainer.close();
  });

  it('goes on from a state with the same bytes', async () => {
    const batch = data(8);
    const whole = await trainerFor(regression(8));
    for (let step = 0; step < 10; step++) await whole.step(batch);
    const state = whole.state();
    for (let step = 0; step < 10; step++) await whole.step(batch);

    const resumed = await trainerFor(regression(8));
    resumed.restore(state);
    for (let step = 0; step < 10; step++) await resumed.step(batch);
    expect(resumed.state()).toEqual(whole.state());
  });

  it('differentiates each loss for its own group only and averages after the step', async () => {
    const a = parameter('a', [1], given(new Float32Array([2])));
    const b = parameter('b', [1], given(new Float32Array([3])));
    const slow = parameter('slow', [1], given(new Float32Array([0])));
    const product = sum(mul(a, b));
    const trainer = await compileTrainer({
      groups: [
        { name: 'a', parameters: [a], loss: product, optimizer: adam({ learningRate: 0.5 }) },
        { name: 'b', parameters: [b], loss: sum(mul(add(a, b), 0)), optimizer: adam({ learningRate: 0.5 }) },
      ],
      averages: [{ target: [slow], source: [a], rate: 0.25 }],
      metrics: { product, slow: reshape(slow, []) },
      stream,
    });
    expect(await trainer.step({})).toEqual({ product: 6, slow: 2 });
    const { a: newA, b: newB, slow: newSlow } = trainer.parameters();
    expect(newA!.data[0]).toBeCloseTo(1.5, 6);
    expect(newB!.data[0]).toBe(3);
    expect(newSlow!.data[0]).toBeCloseTo(2 + 0.25 * (1.5 - 2), 6);
  });
});
