import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CorruptDataError, type FrameStack, InputError } from '@rapport/core';
import { constant, exportOnnx, input, matmul, mean, reshape } from '@rapport/nn';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadEncoder } from './load.js';
import type { EncoderKind } from './types.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rapport-encoder-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function pictures(count: number, width: number, height: number): FrameStack {
  const data = Uint8Array.from({ length: count * width * height * 3 }, (_, index) => (index * 29 + (index >> 7)) % 256);
  return { camera: 'top', width, height, data };
}

it('gives pixels16 as the 16x16 pictures themselves', async () => {
  const encoder = await loadEncoder('pixels16');
  const frames = pictures(3, 16, 16);
  const features = await encoder.encode(frames);
  expect(encoder.featureSize).toBe(768);
  expect(features).toEqual(Float32Array.from(frames.data, (byte) => byte / 255));
});

it('encodes each picture by itself: order and batch do not matter', async () => {
  const encoder = await loadEncoder('random', { seed: 3, imageSize: 48 });
  const frames = pictures(9, 40, 30);
  const whole = await encoder.encode(frames);
  expect(whole.length).toBe(9 * encoder.featureSize);
  expect(encoder.featureSize).toBe(80 + 224);
  const bytes = 40 * 30 * 3;
  const last = await encoder.encode({ ...frames, data: frames.data.subarray(8 * bytes) });
  expect(last).toEqual(whole.subarray(8 * encoder.featureSize));
  await encoder.close();
});

it('hashes what decides the features, and nothing else', async () => {
  const hashes = new Map<string, string>();
  for (const [label, options] of Object.entries({
    first: { seed: 1 },
    again: { seed: 1 },
    seed: { seed: 2 },
    features: { seed: 1, features: 'gap' },
    size: { seed: 1, imageSize: 96 },
  } as const)) {
    const encoder = await loadEncoder('random', options);
    hashes.set(label, encoder.hash);
    if (label === 'features') expect(encoder.featureSize).toBe(1280);
    await encoder.close();
  }
  expect(hashes.get('again')).toBe(hashes.get('first'));
  expect(new Set(hashes.values()).size).toBe(4);
});

it('takes an ONNX file whose input is float pictures, channels first', async () => {
  // The mean of each normalised channel, times a fixed matrix.
  const image = input('pixels', [2, 3, 8, 8]);
  const averages = mean(reshape(image, [2, 3, 64]), { axes: [2] });
  const outputs = { code: matmul(averages, constant(Float32Array.of(1, 0, 0, 1, 0, 0), [3, 2])) };
  const path = join(folder, 'own.onnx');
  await writeFile(path, exportOnnx({ outputs, parameters: {} }));
  const encoder = await loadEncoder(`onnx:${path}`);
  expect(encoder).toMatchObject({ featureSize: 2, imageSize: { width: 8, height: 8 }, kind: `onnx:${path}` });
  const frames: FrameStack = { camera: 'top', width: 8, height: 8, data: new Uint8Array(3 * 192) };
  for (let index = 0; index < frames.data.length; index++) frames.data[index] = [10, 200, 90][index % 3]!;
  const features = await encoder.encode(frames);
  for (let picture = 0; picture < 3; picture++) {
    expect(features[2 * picture]).toBeCloseTo((10 - 123.675) / 58.395, 4);
    expect(features[2 * picture + 1]).toBeCloseTo((200 - 116.28) / 57.12, 4);
  }
  await encoder.close();
});

it('names what is wrong with an unknown kind or a foreign file', async () => {
  const unknown = loadEncoder('lite' as EncoderKind);
  await expect(unknown).rejects.toThrow(InputError);
  await expect(unknown).rejects.toMatchObject({ fix: 'did you mean lite0?' });
  await expect(loadEncoder('random', { imageSize: 100 })).rejects.toThrow(
    /image size is 100; expected a multiple of 16/,
  );
  await expect(loadEncoder(`onnx:${join(folder, 'none.onnx')}`)).rejects.toThrow(/none\.onnx cannot be read/);
  const garbage = join(folder, 'garbage.onnx');
  await writeFile(garbage, 'this is not a model');
  await expect(loadEncoder(`onnx:${garbage}`)).rejects.toThrow(CorruptDataError);
  const narrow = join(folder, 'narrow.onnx');
  await writeFile(narrow, exportOnnx({ outputs: { y: mean(input('x', [4, 7]), { axes: [1] }) }, parameters: {} }));
  await expect(loadEncoder(`onnx:${narrow}`)).rejects.toThrow(/input "x" is \[4, 7\]; expected \[N, H, W, 3\]/);
});
