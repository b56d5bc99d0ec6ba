import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { RandomStream } from '@rapport/core';
import { describe, expect, it } from 'vitest';
import {
  adam,
  adamW,
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

  it('decays weights apart from the gradient and limits its length', async () => {
    const w = parameter('w', [2], given(new Float32Array([1, -2])));
    const scale = input('scale', [2]);
    const rates = [0.1, 0.05];
    const optimizer = adamW({
      learningRate: (step) => rates[step - 1]!,
      weightDecay: 0.2,
      maxGradientNorm: 2.5,
      epsilon: 1e-3,
    });
    const trainer = await compileTrainer({
      groups: [{ name: 'w', parameters: [w], loss: sum(mul(w, scale)), optimizer }],
      metrics: {},
      stream,
    });
    const expected = [1, -2];
    const m = [0, 0];
    const v = [0, 0];
    // Lengths 5 (halved) and 1 (kept).
    for (const [index, [fed, used]] of [
      [
        [3, -4],
        [1.5, -2],
      ],
      [
        [0.6, 0.8],
        [0.6, 0.8],
      ],
    ].entries()) {
      await trainer.step({ scale: new Float32Array(fed!) });
      for (const k of [0, 1]) {
        m[k] = 0.9 * m[k]! + 0.1 * used![k]!;
        v[k] = 0.999 * v[k]! + 0.001 * used![k]! ** 2;
        const mHat = m[k]! / (1 - 0.9 ** (index + 1));
        const vHat = v[k]! / (1 - 0.999 ** (index + 1));
        expected[k]! -= rates[index]! * (0.2 * expected[k]! + mHat / (Math.sqrt(vHat) + 1e-3));
      }
    }
    const found = trainer.parameters().w!.data;
    expect(found[0]).toBeCloseTo(expected[0]!, 5);
    expect(found[1]).toBeCloseTo(expected[1]!, 5);
    await trainer.close();
  });

  it('gives the same parameter bytes after 100 steps in two processes', async () => {
    const script = new URL('../tests/hundredSteps.mjs', import.meta.url);
    const digests = await Promise.all([digestOf(script), digestOf(script)]);
    expect(digests[0]).toMatch(/^[0-9a-f]{64}$/);
    expect(digests[1]).toBe(digests[0]);
  });

  it('says what is wrong with a batch, a state or a name', async () => {
    const parts = regression(4);
    const trainer = await trainerFor(parts);
    const { x, y } = data(4);
    await expect(trainer.step({ x })).rejects.toThrow('input "y" [4, 2] was not fed');
    await expect(trainer.step({ x, y: y.subarray(1) })).rejects.toThrow(
      'input "y" was fed 7 elements in a Float32Array; expected 8 in a Float32Array for shape [4, 2]',
    );
    const step = trainer.step({ x, y });
    await expect(trainer.step({ x, y })).rejects.toThrow('has not finished');
    await step;
    expect(() => trainer.setParameters({ nat: { shape: [1], data: new Float32Array(1) } })).toThrow(
      'there is no parameter "nat"',
    );
    expect(() => trainer.setParameters({ 'net/0/bais': { shape: [16], data: new Float32Array(16) } })).toThrow(
      'there is no parameter "net/0/bais"; did you mean "net/0/bias"?',
    );
    const wrong = { 'net/0/bias': { shape: [3], data: new Float32Array(3) } };
    expect(() => trainer.setParameters(wrong)).toThrow('3 values of shape [3]; expected [16]');
    expect(() => trainer.restore({ step: 1, tensors: {} })).toThrow('the state has no tensor "parameter/net/0/weight"');
    await trainer.close();
    await expect(
      compileTrainer({
        groups: [
          { name: 'a', parameters: parts.net.parameters, loss: parts.loss, optimizer: adam({ learningRate: 1 }) },
          { name: 'b', parameters: parts.net.parameters, loss: parts.loss, optimizer: adam({ learningRate: 1 }) },
        ],
        metrics: {},
        stream,
      }),
    ).rejects.toThrow('parameter "net/0/weight" is in two groups or averages');
    const same = { outputs: { x: sum(input('x', [2])) } };
    await expect(compileFunction(same)).rejects.toThrow('two different tensors named "x": input "x", output "x"');
  });
});

async function digestOf(script: URL): Promise<string> {
  return (await promisify(execFile)(process.execPath, [fileURLToPath(script)])).stdout.trim();
}
