import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FrameStack, UnavailableError } from '@rapport/core';
import { fetchModel } from '@rapport/data';
import { compileFunction, importOnnx, input } from '@rapport/nn';
import { encoderToOnnx, loadBestEncoder, loadEncoder, type Network, readNetwork } from '@rapport/reward';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

type Name = 'lite0' | 'mobilenetv2' | 'objectron';

interface Reference {
  readonly kp8: readonly number[];
  readonly kp16: readonly number[];
  readonly gap: readonly number[];
  readonly map8: { readonly shape: readonly number[]; readonly mean: number; readonly meanSquare: number };
  readonly map16: { readonly shape: readonly number[]; readonly mean: number; readonly meanSquare: number };
}

const references: Record<Name, Reference> = JSON.parse(
  readFileSync(new URL('fixtures/encoders/reference.json', import.meta.url), 'utf8'),
);

/** SHA-256 of the folded weights, in the order of their layers: what the conversion of the weight files must give. */
const weightHashes: Record<Name, string> = {
  lite0: '3898d8711b1e8752966441ec14cf9fb206f810fdf0815341946fb8bd688248d2',
  mobilenetv2: '7b4fc0e8a2daf1ebd0dd99a24dc5d971cb1b7570564356fbb2446f788ac83ab2',
  objectron: 'e1a6b980cac8fe8bcdb2090c1de4f2a7afc1b1b6772f7d2729749bc308a00b08',
};

const size = 112;

function testPicture(): FrameStack {
  const data = new Uint8Array(size * size * 3);
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      const inDisc = (row - 40) ** 2 + (column - 60) ** 2 < 400;
      data.set([(2 * row + column) % 256, inDisc ? 255 : 30, (2 * column) % 256], (row * size + column) * 3);
    }
  }
  return { camera: 'test', width: size, height: size, data };
}

function hashOfWeights({ backbone }: Network): string {
  const hash = createHash('sha256');
  const layers = [
    backbone.stem,
    ...backbone.blocks.flatMap(({ expand, depthwise, project }) => [...(expand ? [expand] : []), depthwise, project]),
    backbone.head,
  ];
  for (const { weight, bias } of layers) {
    for (const { buffer, byteOffset, byteLength } of [weight.data, bias]) {
      hash.update(new Uint8Array(buffer, byteOffset, byteLength));
    }
  }
  return hash.digest('hex');
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rapport-encoders-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Why the weights are not here, or undefined when they are; fetches them once into the project's cache. */
async function whyMissing(name: Name): Promise<string | undefined> {
  try {
    await fetchModel(name);
    return undefined;
  } catch (error) {
    if (error instanceof UnavailableError) return [error.message, error.fix].join('; ');
    throw error;
  }
}

for (const name of ['lite0', 'mobilenetv2', 'objectron'] as const) {
  const missing = await whyMissing(name);
  describe.skipIf(missing !== undefined)(`encoder ${name}${missing ? ` (skipped: ${missing})` : ''}`, () => {
    const reference = references[name];

    it('agrees with an independent conversion in every output of its ONNX file', async () => {
      const network = await readNetwork(name);
      expect(hashOfWeights(network)).toBe(weightHashes[name]);
      const bytes = encoderToOnnx(network, 1, size);
      expect(Buffer.compare(encoderToOnnx(await readNetwork(name), 1, size), bytes)).toBe(0);

      const model = importOnnx(bytes, { name, source: `${name}.onnx` });
      const outputs = model.apply({ image: input('image', [1, size, size, 3], 'uint8') });
      expect(Object.keys(outputs)).toEqual(['map8', 'map16', 'kp8', 'kp16', 'gap']);
      const run = await compileFunction({ outputs, parameters: model.values });
      const found = await run.run({ image: testPicture().data });
      await run.close();
      for (const output of ['kp8', 'kp16', 'gap'] as const) {
        const expected = reference[output];
        expect(found[output]!.length).toBe(output === 'gap' ? 1280 : expected.length);
        expected.forEach((value, index) => {
          expect(found[output]![index]).toBeCloseTo(value, 4);
        });
      }
      for (const output of ['map8', 'map16'] as const) {
        const { shape, mean, meanSquare } = reference[output];
        expect(outputs[output]!.shape).toEqual(shape);
        const values = [...found[output]!];
        const average = (numbers: number[]) => numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
        expect(average(values)).toBeCloseTo(mean, 4);
        expect(average(values.map((value) => value * value)) / meanSquare).toBeCloseTo(1, 4);
      }
    });

    it('gives the keypoints of each picture, also of a batch that is not full, and from its own ONNX file', async () => {
      const encoder = await loadEncoder(name);
      const picture = testPicture();
      const expected = [...reference.kp8, ...reference.kp16];
      expect(encoder.featureSize).toBe(expected.length);
      // Eleven pictures are a whole batch and a part of one; the sixth and the last are the test picture.
      const count = 11;
      const frames: FrameStack = { ...picture, data: new Uint8Array(count * picture.data.length).fill(90) };
      for (const place of [5, 10]) frames.data.set(picture.data, place * picture.data.length);
      const features = await encoder.encode(frames);
      await encoder.close();
      expect(features.length).toBe(count * expected.length);
      for (const place of [5, 10]) {
        const row = features.subarray(place * expected.length, (place + 1) * expected.length);
        expected.forEach((value, index) => {
          expect(row[index]).toBeCloseTo(value, 4);
        });
      }

      const path = join(folder, `${name}.onnx`);
      await writeFile(path, encoderToOnnx(await readNetwork(name), 4, size));
      const fromFile = await loadEncoder(`onnx:${path}`);
      const again = await fromFile.encode(frames);
      await fromFile.close();
      expect(fromFile.hash).not.toBe(encoder.hash);
      again.forEach((value, index) => {
        expect(Math.abs(value - features[index]!)).toBeLessThan(1e-5);
      });
    });
  });
}

it('chooses the best encoder that can be had, and says why a better one could not', async () => {
  const path = process.env.PATH;
  process.env.PATH = folder; // neither python3 nor npm
  const { encoder, unavailable } = await loadBestEncoder({ cacheDirectory: join(folder, 'empty-cache') }).finally(
    () => {
      process.env.PATH = path;
    },
  );
  expect(encoder.kind).toBe('random');
  expect(unavailable.map(({ kind }) => kind)).toEqual(['lite0', 'objectron']);
  expect(unavailable[0]!.reason).toMatch(/python3 is not installed/);
  expect(unavailable[1]!.reason).toMatch(/npm is not installed/);
  await encoder.close();
});
