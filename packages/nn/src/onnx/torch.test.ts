import { readFile } from 'node:fs/promises';
import { RandomStream } from '@rapport/core';
import { describe, expect, it } from 'vitest';
import { adamW, compileFunction, compileTrainer, gradient, importOnnx, input, mean, square, sub } from '../index.js';

const folder = new URL('../../tests/fixtures/torch_encoder/', import.meta.url);

interface Expected {
  readonly image: number[];
  readonly target: number[];
  readonly code: number[];
  readonly gradients: Record<string, number[]>;
  readonly losses: number[];
  readonly after: Record<string, number[]>;
}

async function exportedByTorch() {
  const model = importOnnx(await readFile(new URL('encoder.onnx', folder)), { name: 'e', source: 'encoder.onnx' });
  const expected: Expected = JSON.parse(await readFile(new URL('expected.json', folder), 'utf8'));
  const { code } = model.apply({ image: input('image', [2, 3, 12, 12]) });
  const loss = mean(square(sub(code!, input('target', [2, 4]))));
  const batch = { image: new Float32Array(expected.image), target: new Float32Array(expected.target) };
  const trained = Object.keys(expected.gradients).map(
    (name) => model.parameters.find(({ attributes }) => attributes.name === `e/${name}`)!,
  );
  return { model, expected, code: code!, loss, batch, trained };
}

describe('a network that PyTorch exported', () => {
  it('has the outputs and gradients of PyTorch', async () => {
    const { model, expected, code, loss, batch, trained } = await exportedByTorch();
    const slopes = gradient(loss, trained);
    const named = Object.keys(expected.gradients).map((name, index) => [name, slopes[index]!] as const);
    const run = await compileFunction({
      outputs: { code, loss, ...Object.fromEntries(named) },
      parameters: model.values,
    });
    const found: Record<string, Float32Array> = await run.run(batch);
    expectClose(found.code!, expected.code, 1e-5);
    expectClose(found.loss!, [expected.losses[0]!], 1e-5);
    for (const [name, values] of Object.entries(expected.gradients)) expectClose(found[name]!, values, 1e-5);
    await run.close();
  });

  it('takes the AdamW steps of PyTorch', async () => {
    const { model, expected, loss, batch, trained } = await exportedByTorch();
    const trainer = await compileTrainer({
      groups: [
        { name: 'trained', parameters: trained, loss, optimizer: adamW({ learningRate: 0.01, weightDecay: 0.1 }) },
      ],
      metrics: { loss },
      stream: new RandomStream(0, 'torch'),
      initial: model.values,
    });
    for (const wanted of expected.losses) expect((await trainer.step(batch)).loss).toBeCloseTo(wanted, 4);
    const values = trainer.parameters();
    for (const [name, wanted] of Object.entries(expected.after)) expectClose(values[`e/${name}`]!.data, wanted, 1e-3);
    await trainer.close();
  });
});

/** Largest difference relative to the largest expected value. */
function expectClose(found: Float32Array, expected: readonly number[], tolerance: number): void {
  expect(found.length).toBe(expected.length);
  const scale = Math.max(...expected.map(Math.abs));
  const worst = expected.reduce((most, value, index) => Math.max(most, Math.abs(found[index]! - value)), 0);
  expect(worst / scale).toBeLessThan(tolerance);
}
