import { RandomStream } from '@rapport/core';
import { describe, expect, it } from 'vitest';
import {
  compileFunction,
  conv2d,
  dropout,
  filled,
  groupNorm,
  heNormal,
  input,
  layerNorm,
  linear,
  type Module,
  mlp,
  orthogonal,
  type ParameterValues,
  uniformFanIn,
} from './index.js';

const stream = new RandomStream(11, 'layers');

function drawn({ parameters }: Module): ParameterValues {
  return Object.fromEntries(
    parameters.map(({ attributes: { name, shape, initializer } }) => [
      name,
      { shape, data: initializer(shape, stream.fork(name)) },
    ]),
  );
}

async function evaluate(module: Module, shape: readonly number[], x: Float32Array): Promise<Float32Array> {
  const run = await compileFunction({ outputs: { y: module.apply(input('x', shape)) }, parameters: drawn(module) });
  const { y } = await run.run({ x });
  await run.close();
  return y;
}

describe('layers', () => {
  it('computes linear layers on any leading axes', async () => {
    const layer = linear('l', {
      inputSize: 2,
      outputSize: 1,
      weight: () => new Float32Array([3, -1]),
      bias: filled(0.5),
    });
    const y = await evaluate(layer, [2, 2, 2], new Float32Array([1, 2, 3, 4, 5, 6, 7, 8]));
    expect([...y]).toEqual([1.5, 5.5, 9.5, 13.5]);
  });

  it('names the parameters of an mlp and gives a clone its own', () => {
    const options = { inputSize: 3, hiddenSizes: [4], outputSize: 2, activation: 'tanh' } as const;
    const net = mlp('net', options);
    const shapes = (module: Module) =>
      module.parameters.map(({ attributes }) => `${attributes.name} ${attributes.shape}`);
    expect(shapes(net)).toEqual(['net/0/weight 4,3', 'net/0/bias 4', 'net/1/weight 2,4', 'net/1/bias 2']);
    const copy = net.clone('copy');
    expect(shapes(copy)[0]).toBe('copy/0/weight 4,3');
    expect(copy.parameters.some((one) => net.parameters.includes(one))).toBe(false);
  });

  it('normalises the last axis to mean 0 and variance 1', async () => {
    const x = stream.fork('layerNorm').fillNormal(new Float32Array(3 * 50));
    const y = await evaluate(
      layerNorm('n', 50),
      [3, 50],
      x.map((value) => value * 7 + 3),
    );
    for (let row = 0; row < 3; row++) expectStandard(y.subarray(row * 50, row * 50 + 50));
  });

  it('normalises groups of channels per sample', async () => {
    const x = stream.fork('groupNorm').fillNormal(new Float32Array(2 * 6 * 20));
    const y = await evaluate(
      groupNorm('n', 6, 3),
      [2, 6, 4, 5],
      x.map((value, index) => value * (index % 7) - 2),
    );
    for (let group = 0; group < 6; group++) expectStandard(y.subarray(group * 40, group * 40 + 40));
  });

  it('zeroes what the dropout mask names and scales the rest', async () => {
    const y = dropout(input('x', [4]), input('mask', [4]), 0.8);
    const run = await compileFunction({ outputs: { y } });
    const found = await run.run({ x: new Float32Array([4, 8, 12, 16]), mask: new Float32Array([1, 0, 1, 1]) });
    expect([...found.y]).toEqual([5, 0, 15, 20]);
    await run.close();
  });

  it('says which sizes do not fit', () => {
    expect(() => conv2d('c', { inputChannels: 3, outputChannels: 4, kernel: 3, groups: 2 })).toThrow(
      'conv2d "c": 3 channels do not split into 2 groups',
    );
    expect(() => groupNorm('n', 6, 4)).toThrow('groupNorm "n": 6 channels do not split into 4 groups');
    expect(() => linear('l', { inputSize: 3, outputSize: 2 }).apply(input('x', [5, 4]))).toThrow(
      'gemm: [5, 4] and [2, 3] (second transposed) do not multiply',
    );
  });
});

describe('initializers', () => {
  it('draws orthonormal rows or columns, times the gain', () => {
    for (const [rows, columns] of [
      [3, 5],
      [5, 3],
    ] as const) {
      const w = orthogonal(2)([rows, columns], stream.fork(`${rows}`));
      const [count, at] =
        rows < columns
          ? [rows, (vector: number, k: number) => w[vector * columns + k]!]
          : [columns, (vector: number, k: number) => w[k * columns + vector]!];
      for (let a = 0; a < count; a++) {
        for (let b = 0; b < count; b++) {
          let product = 0;
          for (let k = 0; k < Math.max(rows, columns); k++) product += at(a, k) * at(b, k);
          expect(product).toBeCloseTo(a === b ? 4 : 0, 5);
        }
      }
    }
  });

  it('draws the deviations that the fan in asks for', () => {
    const deviation = (values: Float32Array) =>
      Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0) / values.length);
    expect(deviation(heNormal(50)([4000], stream.fork('he')))).toBeCloseTo(Math.sqrt(2 / 50), 2);
    const uniform = uniformFanIn(25)([4000], stream.fork('uniform'));
    expect(Math.max(...uniform)).toBeLessThan(0.2);
    expect(deviation(uniform)).toBeCloseTo(0.2 / Math.sqrt(3), 2);
  });
});

function expectStandard(values: Float32Array): void {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  expect(mean).toBeCloseTo(0, 4);
  expect(variance).toBeCloseTo(1, 3);
}
