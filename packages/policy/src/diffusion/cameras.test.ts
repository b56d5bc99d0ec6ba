import { readFileSync, writeFileSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { RandomStream } from '@rapport/core';
import { compileFunction, gradient, input, type ParameterValues, reshape, slice, type Tensor } from '@rapport/nn';
import { describe, expect, it } from 'vitest';
import {
  at,
  fixturePath,
  floatsAt,
  type Json,
  readFixture,
  relativeError,
  shapeAt,
  smallConfig,
  temporaryFolder,
} from './fixtures.js';
import { readDiffusionCheckpoint } from './lerobot.js';
import {
  denoisingErrors,
  denoisingLoss,
  diffusionNetwork,
  joinCondition,
  noiseScales,
  normalizedPictures,
} from './network.js';
import { featureAffine } from './normalization.js';

const CAMERA = 'observation.image';

/** Checkpoint B, whose weights are kept packed. */
async function checkpointB() {
  const folder = temporaryFolder();
  await cp(fixturePath('B/ckpt'), folder, { recursive: true });
  const packed = readFileSync(join(folder, 'model.safetensors.gz'));
  writeFileSync(join(folder, 'model.safetensors'), gunzipSync(packed));
  return readDiffusionCheckpoint(folder);
}

describe('a network with a camera', () => {
  it('has the loss and the gradients of LeRobot in every parameter, with the centre and with a random crop', async () => {
    const fixture = readFixture('B/fixture.json');
    const { config, parameters, statistics } = await checkpointB();
    const network = diffusionNetwork(config);
    const { trained, shapes, encoders } = network;
    const [batch, horizon, actionSize] = shapeAt(fixture, 'loss', 'noise') as [number, number, number];
    const { feature, height, width } = shapes.cameras[0]!;
    const frames = batch * config.nObsSteps;
    const affine = featureAffine(feature, 'VISUAL', config.normalizationMapping, statistics);
    const pictures = normalizedPictures(input(CAMERA, [frames, 3, height, width]), affine);
    const encoder = encoders[0]!;
    const [top, left] = (at(fixture, 'loss', 'train', 'crop_offsets') as [number, number][])[0]!;
    const crop = slice(slice(pictures, 2, top, top + encoder.cropSize[0]), 3, left, left + encoder.cropSize[1]);
    const timesteps = floatsAt(fixture, 'loss', 'timesteps');
    const lossOf = (features: Tensor): Tensor => {
      const chunk = [batch, horizon, actionSize];
      const condition = joinCondition({
        state: input('state', [batch, config.nObsSteps, shapes.stateSize]),
        features: [reshape(features, [batch, config.nObsSteps, -1])],
        environment: undefined,
      });
      const perSample = { timesteps: input('timesteps', [batch]), signalScale: input('signalScale', [batch]) };
      const noiseScale = input('noiseScale', [batch]);
      const noisy = { actions: input('actions', chunk), noise: input('noise', chunk), ...perSample, noiseScale };
      return denoisingLoss(denoisingErrors(network, { ...noisy, condition }));
    };
    const feeds = {
      [CAMERA]: floatsAt(fixture, 'batch', 'raw', CAMERA),
      state: floatsAt(fixture, 'batch', 'norm', 'observation.state'),
      actions: floatsAt(fixture, 'batch', 'norm', 'action'),
      noise: floatsAt(fixture, 'loss', 'noise'),
      timesteps,
      ...noiseScales(config, timesteps),
    };
    for (const [key, features] of [
      ['eval', encoder.apply(pictures)],
      ['train', encoder.encode(crop)],
    ] as const) {
      const loss = lossOf(features);
      const slopes = gradient(loss, trained);
      const outputs: Record<string, Tensor> = { loss: reshape(loss, [1]) };
      trained.forEach(({ attributes }, index) => {
        outputs[`gradient/${attributes.name}`] = slopes[index]!;
      });
      const compiled = await compileFunction({ outputs, parameters });
      const found = await compiled.run(feeds);
      await compiled.close();
      const expected = at(fixture, 'loss', key);
      expect(relativeError(found.loss!, [at(expected, 'loss') as number]), key).toBeLessThan(1e-4);
      let squares = 0;
      for (const { attributes } of trained) {
        for (const value of found[`gradient/${attributes.name}`]!) squares += value * value;
      }
      const total = at(expected, 'grad_total_norm') as number;
      expect(Math.abs(Math.sqrt(squares) / total - 1), key).toBeLessThan(1e-4);
      for (const [name, one] of Object.entries(at(expected, 'grads') as Record<string, Json>)) {
        const slope = found[`gradient/${name}`]!;
        const norm = at(one, 'norm') as number;
        expect(Math.abs(Math.hypot(...slope) / norm - 1), name).toBeLessThan(1e-4);
        floatsAt(one, 'first8').forEach((value, index) => {
          expect(Math.abs(slope[index]! - value), name).toBeLessThan(1e-4 * norm);
        });
      }
      if (key !== 'eval') continue;
      const norms = Object.entries(at(expected, 'grad_norms') as Record<string, number>);
      expect(norms.length).toBe(trained.length);
      for (const [name, norm] of norms) {
        const slope = found[`gradient/${name}`]!;
        const length = Math.sqrt(slope.reduce((sum, value) => sum + value * value, 0));
        expect(Math.abs(length - norm), name).toBeLessThan(1e-4 * norm + 1e-6 * total);
      }
    }
  });
});

/** Numbers in [0, 1), mixed from their positions in 32 bits, as in the fixture's script. */
function numbers(count: number, salt: number): Float64Array {
  return Float64Array.from({ length: count }, (_, index) => {
    let x = (Math.imul(index, 2654435761) + salt * 40503) >>> 0;
    x = (x ^ (x >>> 15)) >>> 0;
    x = Math.imul(x, 0x2c1b3c6d) >>> 0;
    return ((x ^ (x >>> 12)) >>> 0) / 2 ** 32;
  });
}

function weightsOf(name: string, shape: readonly number[], salt: number): Float32Array {
  const size = (sizes: readonly number[]) => sizes.reduce((product, one) => product * one, 1);
  const scale = 2 * Math.sqrt(6 / size(shape.slice(1)));
  return Float32Array.from(numbers(size(shape), salt), (number) => {
    const u = number - 0.5;
    if (shape.length > 1) return u * scale;
    if (name.endsWith('running_var')) return 1 + 0.5 * u;
    return name.endsWith('weight') ? 1 + 0.2 * u : 0.2 * u;
  });
}

interface CameraSettings {
  readonly picture: [number, number];
  readonly use_separate_rgb_encoder_per_camera: boolean;
  readonly use_group_norm: boolean;
  readonly resize_shape?: [number, number];
  readonly crop_ratio?: number;
  readonly crop_shape?: [number, number];
}

interface CameraCase {
  readonly settings: CameraSettings;
  readonly condition: readonly (readonly number[])[];
}

describe('two cameras', () => {
  const text = readFileSync(fixturePath('cameras/cameras.json'), 'utf8');
  for (const [title, one] of Object.entries(JSON.parse(text) as Readonly<Record<string, CameraCase>>)) {
    it(`become the condition that LeRobot makes of them: ${title}`, async () => {
      const { settings, condition: expected } = one;
      const shape = [3, ...settings.picture];
      const config = smallConfig({
        inputFeatures: {
          'observation.state': { type: 'STATE', shape: [3] },
          'observation.images.front': { type: 'VISUAL', shape },
          'observation.images.wrist': { type: 'VISUAL', shape },
        },
        useSeparateRgbEncoderPerCamera: settings.use_separate_rgb_encoder_per_camera,
        useGroupNorm: settings.use_group_norm,
        resizeShape: settings.resize_shape ?? null,
        cropRatio: settings.crop_ratio ?? 1,
        cropShape: settings.crop_shape ?? null,
      });
      const { encoders, trained, fixed } = diffusionNetwork(config);
      const all = [...trained, ...fixed].filter(({ attributes: { name } }) => name.startsWith('diffusion.rgb_encoder'));
      const filled = all
        .map(({ attributes }) => attributes.name)
        .filter((name) => !name.endsWith('pos_grid'))
        .sort();
      const parameters: ParameterValues = Object.fromEntries(
        all.map(({ attributes: { name, shape: size, initializer } }) => {
          const salt = filled.indexOf(name);
          const data = salt < 0 ? initializer(size, new RandomStream(0, name)) : weightsOf(name, size, salt);
          return [name, { shape: size, data }];
        }),
      );
      const [batch, steps] = [2, 2];
      const cameras = ['front', 'wrist'].map((name) => input(name, [batch * steps, ...shape]));
      const condition = joinCondition({
        state: input('state', [batch, steps, 3]),
        features: cameras.map((camera, index) => reshape(encoders[index]!.apply(camera), [batch, steps, -1])),
        environment: undefined,
      });
      const compiled = await compileFunction({ outputs: { condition }, parameters });
      const count = batch * steps * 3;
      const pixels = count * settings.picture[0] * settings.picture[1];
      const found = await compiled.run({
        state: Float32Array.from(numbers(count, 999)),
        front: Float32Array.from(numbers(pixels, 1000)),
        wrist: Float32Array.from(numbers(pixels, 1001)),
      });
      await compiled.close();
      expect(relativeError(found.condition, expected.flat())).toBeLessThan(1e-4);
    });
  }
});
