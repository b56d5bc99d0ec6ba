import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeTensors } from '@rapport/nn';
import { describe, expect, it } from 'vitest';
import { at, fixturePath, floatsAt, readFixture, relativeError, temporaryFolder } from './fixtures.js';
import { featureAffine, normalize } from './normalization.js';
import { readStanfordCheckpoint } from './stanford.js';

const ckpt = fixturePath('S_stanford/tiny.ckpt');
const expected = readFixture('S_stanford/expected.json');

describe('readStanfordCheckpoint', () => {
  it('takes the averaged weights under the names of LeRobot', async () => {
    const { parameters } = await readStanfordCheckpoint(ckpt, 6);
    const renamed = at(expected, 'to_lerobot') as Record<string, string>;
    expect(Object.keys(parameters).sort()).toEqual(Object.values(renamed).sort());
    for (const [name, lerobot] of Object.entries(renamed)) {
      const { data, shape } = parameters[lerobot]!;
      const recorded = at(expected, 'ema_model', name);
      expect([...shape]).toEqual(at(recorded, 'shape'));
      expect([...data.slice(0, 4)]).toEqual([...floatsAt(recorded, 'first4')]);
      const total = data.reduce((sum, value) => sum + value, 0);
      expect(Math.abs(total - (at(recorded, 'sum') as number))).toBeLessThan(1e-3);
    }
  });

  it('has the weights and settings of the LeRobot checkpoint that the file was made of', async () => {
    const { config, parameters } = await readStanfordCheckpoint(ckpt, 6);
    const path = fixturePath('A2/ckpt/model.safetensors');
    const { tensors } = decodeTensors(await readFile(path), path);
    expect(parameters).toEqual(tensors);
    expect(config).toMatchObject({
      horizon: 12,
      nObsSteps: 3,
      nActionSteps: 3,
      downDims: [24, 40],
      kernelSize: 3,
      nGroups: 4,
      diffusionStepEmbedDim: 20,
      useFilmScaleModulation: false,
      noiseSchedulerType: 'DDPM',
      numTrainTimesteps: 50,
      predictionType: 'sample',
      numInferenceSteps: 10,
    });
  });

  it('normalises by the scale and offset of the file', async () => {
    const { config, statistics } = await readStanfordCheckpoint(ckpt, 6);
    const field = (key: string, part: string) => at(expected, 'ema_model', `normalizer.params_dict.${key}.${part}`);
    const first = (key: string, part: string) => floatsAt(field(key, part), 'first4');
    const x = Float32Array.from([0.3, -1.2, 2, 0.5, 0, 0]);
    const [scale, offset] = [first('obs', 'scale'), first('obs', 'offset')];
    const affine = featureAffine('observation.state', 'STATE', config.normalizationMapping, statistics);
    const wanted = [...scale].map((value, channel) => x[channel]! * value + offset[channel]!);
    expect(relativeError(normalize(affine, x).slice(0, 4), wanted)).toBeLessThan(1e-5);
  });

  it('asks how many of the observed numbers are the state', async () => {
    await expect(readStanfordCheckpoint(ckpt)).rejects.toThrow(`observes 8 numbers; expected to be told how many`);
    await expect(readStanfordCheckpoint(ckpt, 8)).rejects.toThrow('from 1 to 7');
  });

  it('refuses other content by name, and executes nothing', async () => {
    const folder = temporaryFolder();
    const bytes = await readFile(ckpt);
    const refusal = async (from: string, to: string): Promise<string> => {
      const copy = Buffer.from(bytes);
      for (let start = copy.indexOf(from); start >= 0; start = copy.indexOf(from, start + 1)) copy.write(to, start);
      const path = join(folder, 'changed.ckpt');
      await writeFile(path, copy);
      const error = await readStanfordCheckpoint(path, 6).then(
        () => 'nothing was refused',
        ({ message }: Error) => message.replace(path, 'FILE'),
      );
      return error;
    };
    expect(await refusal('comegaconf.base\nContainerMetadata', 'cposix.base\nsystem\nrMetadata00000')).toContain(
      'FILE names posix.base.system, which is not on the list of allowed names',
    );
    expect(await refusal('DiffusionUnetLowdimPolicy', 'DiffusionUnetHybridPolicy')).toContain(
      'holds a policy of class diffusion_policy.policy.diffusion_unet_lowdim_policy.DiffusionUnetHybridPolicy',
    );
    expect(await refusal('obs_as_global_cond', 'obs_as_glopal_cond')).toContain('obs_as_global_cond');
    await writeFile(join(folder, 'cut.ckpt'), bytes.subarray(0, 1000));
    await expect(readStanfordCheckpoint(join(folder, 'cut.ckpt'), 6)).rejects.toThrow('is not a zip file');
  });
});
