import { RandomStream } from '@rapport/core';
import { expect, it } from 'vitest';
import {
  adam,
  add,
  compileFunction,
  compileTrainer,
  given,
  input,
  matmul,
  mean,
  type ParameterValues,
  parameter,
  square,
  type Tensor,
  transpose,
} from './index.js';

const first = Float32Array.from({ length: 6 }, (_, index) => index / 3 - 1);
const x = input('x', [4, 2]);
const batch = { x: new RandomStream(2, 'x').fillNormal(new Float32Array(8)) };

/** Trains a matrix [3, 2] and averages it; whether the graph reads it transposed, and the average too, is given. */
async function train(read: (weight: Tensor) => Tensor, readAverage?: (average: Tensor) => Tensor) {
  const weight = parameter('weight', [3, 2], given(first));
  const average = parameter('average', [3, 2], given(first));
  const loss = mean(square(add(read(weight), 1)));
  const trainer = await compileTrainer({
    groups: [{ name: 'weight', parameters: [weight], loss, optimizer: adam({ learningRate: 0.1 }) }],
    averages: [{ target: [average], source: [weight], rate: 0.3 }],
    metrics: { loss: readAverage === undefined ? loss : add(loss, mean(readAverage(average))) },
    stream: new RandomStream(0, 'unused'),
  });
  const after: ParameterValues[] = [];
  for (let step = 0; step < 3; step++) {
    await trainer.step(batch);
    after.push(trainer.parameters());
  }
  const state = trainer.state();
  await trainer.close();
  return { after, state };
}

const asItIs = (weight: Tensor) => matmul(x, weight, { transposeB: true });
const transposed = (weight: Tensor) => matmul(x, transpose(weight));

it('trains a parameter that is kept transposed like one that is not, and averages it in every combination', async () => {
  const plain = await train(asItIs);
  const close = ({ data }: { data: Float32Array }) => [...data].map((value) => expect.closeTo(value, 5));
  for (const readAverage of [undefined, transposed, asItIs]) {
    const { after, state } = await train(transposed, readAverage);
    let average = first;
    after.forEach(({ weight, average: found }, step) => {
      expect(weight!.shape).toEqual([3, 2]);
      expect([...weight!.data]).toEqual(close(plain.after[step]!.weight!));
      average = average.map((value, index) => value + 0.3 * (weight!.data[index]! - value));
      expect([...found!.data]).toEqual(close({ data: average }));
    });
    expect([...state.tensors['parameter/weight']!.data]).toEqual([...after[2]!.weight!.data]);
  }
});

it('takes values for a function in the parameter’s own shape', async () => {
  const weight = parameter('weight', [3, 2], given(first));
  const both = { kept: transposed(weight) };
  const one = await compileFunction({ outputs: both, parameters: { weight: { shape: [3, 2], data: first } } });
  const { kept } = await one.run(batch);
  const second = first.map((value) => 2 * value);
  one.setParameters({ weight: { shape: [3, 2], data: second } });
  const doubled = (await one.run(batch)).kept;
  await one.close();
  const expected = Array.from({ length: 12 }, (_, at) => {
    const [row, column] = [Math.floor(at / 3), at % 3];
    return batch.x[2 * row]! * first[2 * column]! + batch.x[2 * row + 1]! * first[2 * column + 1]!;
  });
  expect([...kept]).toEqual(expected.map((value) => expect.closeTo(value, 5)));
  expect([...doubled]).toEqual(expected.map((value) => expect.closeTo(2 * value, 5)));
});
