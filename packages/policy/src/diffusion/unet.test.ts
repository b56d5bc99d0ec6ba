import { compileFunction, input, loadTensors } from '@rapport/nn';
import { describe, expect, it } from 'vitest';
import { at, fixturePath, floatsAt, readFixture, relativeError, shapeAt } from './fixtures.js';
import { conditionalUNet } from './unet.js';

const cases = [
  { name: 'A', downDims: [16, 32, 64], kernelSize: 5, nGroups: 8, embed: 32, scale: true },
  { name: 'A2', downDims: [24, 40], kernelSize: 3, nGroups: 4, embed: 20, scale: false },
];

describe('conditionalUNet', () => {
  for (const one of cases) {
    it(`computes what LeRobot computes with checkpoint ${one.name}`, async () => {
      const fixture = readFixture(`${one.name}/fixture.json`);
      const { tensors } = await loadTensors(fixturePath(`${one.name}/ckpt/model.safetensors`));
      const [batch, horizon, actionSize] = shapeAt(fixture, 'unet', 'x') as [number, number, number];
      const conditionSize = shapeAt(fixture, 'global_cond')[1]!;
      const config = {
        downDims: one.downDims,
        kernelSize: one.kernelSize,
        nGroups: one.nGroups,
        diffusionStepEmbedDim: one.embed,
        useFilmScaleModulation: one.scale,
      };
      const unet = conditionalUNet('diffusion.unet', config, actionSize, conditionSize);
      expect(unet.parameters.map(({ attributes }) => attributes.name).sort()).toEqual(Object.keys(tensors).sort());

      const out = unet.apply(
        input('x', [batch, horizon, actionSize]),
        input('timesteps', [1]),
        input('condition', [batch, conditionSize]),
      );
      const compiled = await compileFunction({ outputs: { out }, parameters: tensors });
      const timesteps = at(fixture, 'unet', 'timesteps') as number[];
      const found: number[] = [];
      for (const timestep of timesteps) {
        const results = await compiled.run({
          x: floatsAt(fixture, 'unet', 'x'),
          timesteps: new Float32Array([timestep]),
          condition: floatsAt(fixture, 'global_cond'),
        });
        found.push(...results.out);
      }
      await compiled.close();
      expect(relativeError(found, floatsAt(fixture, 'unet', 'out'))).toBeLessThan(1e-5);
    });
  }
});
