import { existsSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { cast, compileFunction, gather, input, less, linear, mul, parameter, sum, where, zeros } from './index.js';

const layer = linear('layer', { inputSize: 2, outputSize: 1 });
const x = input('x', [1, 2]);
const weights = (a: number, b: number, bias: number) => ({
  'layer/weight': { shape: [1, 2], data: new Float32Array([a, b]) },
  'layer/bias': { shape: [1], data: new Float32Array([bias]) },
});

const telemetryLog = join(tmpdir(), `mat-debug-${process.pid}.log`);
// An earlier process of the same number may have left one.
beforeAll(() => rmSync(telemetryLog, { force: true }));

describe('compileFunction', () => {
  it('takes new weights without compiling again, and ignores names that it does not use', async () => {
    const run = await compileFunction({ outputs: { y: layer.apply(x) }, parameters: weights(1, 2, 3) });
    const batch = { x: new Float32Array([10, 100]) };
    expect([...(await run.run(batch)).y]).toEqual([213]);
    run.setParameters({ ...weights(0, 1, 0), other: { shape: [1], data: new Float32Array(1) } });
    expect([...(await run.run(batch)).y]).toEqual([100]);
    expect(() => run.setParameters({ 'layer/bias': { shape: [2], data: new Float32Array(2) } })).toThrow(
      'parameter "layer/bias" was given 2 values of shape [2]; expected [1]',
    );
    await run.close();
  });

  it('computes the same with baked weights and keeps them', async () => {
    const run = await compileFunction({
      outputs: { y: layer.apply(x) },
      parameters: weights(1, 2, 3),
      weights: 'baked',
    });
    expect([...(await run.run({ x: new Float32Array([10, 100]) })).y]).toEqual([213]);
    expect(() => run.setParameters(weights(0, 1, 0))).toThrow('the weights are baked into this function');
    await run.close();
  });

  it('takes inputs of every element type', async () => {
    const pixels = cast(input('pixels', [2, 2], 'uint8'), 'float32');
    const rows = gather(pixels, input('rows', [3], 'int32'));
    const again = gather(rows, input('again', [2], 'int64'));
    const y = where(input('keep', [2, 2], 'bool'), again, -1);
    const run = await compileFunction({ outputs: { y } });
    const found = await run.run({
      pixels: new Uint8Array([1, 2, 200, 255]),
      rows: new Int32Array([1, 1, 0]),
      again: new BigInt64Array([2n, 0n]),
      keep: new Uint8Array([1, 0, 1, 1]),
    });
    expect([...found.y]).toEqual([1, -1, 200, 255]);
    await run.close();
  });

  it('says which value is missing and which output has no float type', async () => {
    const unset = parameter('w', [2], zeros);
    await expect(compileFunction({ outputs: { y: sum(mul(unset, 2)) } })).rejects.toThrow(
      'no value was given for parameter "w" [2]',
    );
    await expect(compileFunction({ outputs: { small: less(x, 1) } })).rejects.toThrow(
      'output "small" is bool; expected float32 (cast it first)',
    );
  });

  it('runs without the telemetry of onnxruntime, which would leave a log', async () => {
    const run = await compileFunction({ outputs: { y: layer.apply(x) }, parameters: weights(1, 2, 3) });
    await run.close();
    expect(existsSync(telemetryLog)).toBe(false);
  });
});
