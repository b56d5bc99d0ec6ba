import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeTensors, encodeTensors, type TensorValue } from '@rapport/nn';
import { describe, expect, it } from 'vitest';
import { loadDiffusionPolicy, saveDiffusionPolicy } from './files.js';
import { fixturePath, temporaryFolder } from './fixtures.js';
import { readDiffusionCheckpoint, writeDiffusionCheckpoint } from './lerobot.js';

const original = fixturePath('A2/ckpt');
const folder = temporaryFolder();

async function copyOf(name: string): Promise<string> {
  const copy = join(folder, name);
  await cp(original, copy, { recursive: true });
  return copy;
}

/** What reading says of a copy that was changed, with the folder's name taken out. */
async function refusal(change: (directory: string) => Promise<unknown>): Promise<string> {
  const copy = await copyOf('changed');
  await change(copy);
  const message = await readDiffusionCheckpoint(copy).then(
    () => 'nothing was refused',
    (error: Error) => error.message.replaceAll(copy, 'DIR'),
  );
  await rm(copy, { recursive: true });
  return message;
}

const changeText = (file: string, from: string | RegExp, to: string) => async (directory: string) => {
  const path = join(directory, file);
  await writeFile(path, (await readFile(path, 'utf8')).replace(from, to));
};

const changeTensors = (change: (tensors: Record<string, TensorValue>) => void) => async (directory: string) => {
  const path = join(directory, 'model.safetensors');
  const { tensors } = decodeTensors(await readFile(path), path);
  const changed = { ...tensors };
  change(changed);
  await writeFile(path, encodeTensors(changed));
};

describe('writeDiffusionCheckpoint', () => {
  it('hands settings and processors back byte for byte, and the same tensors', async () => {
    const copy = join(folder, 'exported');
    await writeDiffusionCheckpoint(copy, await readDiffusionCheckpoint(original));
    const names = (await readdir(original)).sort();
    expect((await readdir(copy)).sort()).toEqual(names);
    for (const name of names.filter((one) => one !== 'model.safetensors')) {
      expect(await readFile(join(copy, name))).toEqual(await readFile(join(original, name)));
    }
    const tensors = async (directory: string) => {
      const path = join(directory, 'model.safetensors');
      return decodeTensors(await readFile(path), path).tensors;
    };
    expect(await tensors(copy)).toEqual(await tensors(original));
  });

  it('makes files that say the same where there were none', async () => {
    const { files: _, ...bare } = await readDiffusionCheckpoint(original);
    const copy = join(folder, 'remade');
    await writeDiffusionCheckpoint(copy, bare);
    expect(await readDiffusionCheckpoint(copy)).toMatchObject(bare);
  });

  it('keeps a policy with its name, and refuses one of another kind', async () => {
    const directory = join(folder, 'policy');
    const checkpoint = await readDiffusionCheckpoint(original);
    await saveDiffusionPolicy(directory, { name: 'tidy', checkpoint });
    expect(await loadDiffusionPolicy(directory)).toEqual({ name: 'tidy', checkpoint });
    await writeFile(join(directory, 'policy.json'), '{"format":1,"kind":"sac"}');
    await expect(loadDiffusionPolicy(directory)).rejects.toThrow('of kind "sac"; expected "diffusion"');
  });
});

describe('readDiffusionCheckpoint', () => {
  it('reads names that a compiled model leaves', async () => {
    const copy = await copyOf('compiled');
    await changeTensors((tensors) => {
      for (const [name, value] of Object.entries(tensors)) {
        delete tensors[name];
        tensors[name.replace('diffusion.unet.', 'diffusion.unet._orig_mod.')] = value;
      }
    })(copy);
    const { parameters } = await readDiffusionCheckpoint(original);
    expect((await readDiffusionCheckpoint(copy)).parameters).toEqual(parameters);
  });

  it('refuses what is no diffusion policy', async () => {
    expect(await refusal((directory) => rm(join(directory, 'config.json')))).toBe(
      'DIR holds no LeRobot policy: it has no config.json',
    );
    expect(await refusal(changeText('config.json', '"diffusion"', '"act"'))).toBe(
      'DIR/config.json is of policy type "act"; expected "diffusion"',
    );
    const pickled = async (directory: string) => {
      await rm(join(directory, 'model.safetensors'));
      await writeFile(join(directory, 'pytorch_model.bin'), 'cposix\nsystem\n');
    };
    expect(await refusal(pickled)).toBe(
      'DIR/pytorch_model.bin is a pickle, which is never executed; expected model.safetensors',
    );
  });

  it('names the tensor, what was found and what was expected', async () => {
    const name = 'diffusion.unet.final_conv.1.bias';
    const weights = 'DIR/model.safetensors: tensor';
    expect(
      await refusal(
        changeTensors((tensors) => {
          delete tensors[name];
        }),
      ),
    ).toBe(`${weights} "${name}" is missing; expected shape [2]`);
    expect(
      await refusal(
        changeTensors((tensors) => {
          tensors[name] = { shape: [3], data: new Float32Array(3) };
        }),
      ),
    ).toBe(`${weights} "${name}" has shape [3]; expected [2]`);
    expect(
      await refusal(
        changeTensors((tensors) => {
          tensors.extra = { shape: [1], data: new Float32Array(1) };
        }),
      ),
    ).toBe(`${weights} "extra" is unknown to a policy with these settings; expected 100 others`);
    expect(
      await refusal(
        changeTensors((tensors) => {
          tensors[name] = { shape: [2], data: new Float32Array([0, Number.NaN]) };
        }),
      ),
    ).toBe(`${weights} "${name}" holds a value that is not finite`);
  });

  it('names the setting that is missing, wrong or contradicts another', async () => {
    expect(await refusal(changeText('config.json', '"horizon": 12', '"horizon": "long"'))).toContain(
      'DIR/config.json: horizon: Invalid input',
    );
    expect(await refusal(changeText('config.json', /"n_groups": 4,/, ''))).toContain('DIR/config.json: n_groups:');
    expect(await refusal(changeText('config.json', '"horizon": 12', '"horizon": 14'))).toBe(
      'DIR/config.json: horizon is 14; expected a multiple of 4',
    );
    expect(await refusal(changeText('config.json', '"n_action_steps": 3', '"n_action_steps": 11'))).toBe(
      'DIR/config.json: n_action_steps is 11; expected at most 10 (horizon - n_obs_steps + 1)',
    );
    expect(await refusal(changeText('config.json', 'resnet18', 'resnet50'))).toContain('vision_backbone');
  });

  it('refuses processors that compute something else, or read outside the folder', async () => {
    const before = 'policy_preprocessor.json';
    expect(await refusal(changeText(before, 'to_batch_processor', 'delta_action_processor'))).toBe(
      `DIR/${before} has the step "delta_action_processor"; expected one "normalizer_processor" and no other that computes`,
    );
    expect(await refusal(changeText(before, '"STATE": "MEAN_STD"', '"STATE": "MIN_MAX"'))).toBe(
      `DIR/${before} normalises STATE by MIN_MAX; expected MEAN_STD as in config.json`,
    );
    expect(await refusal(changeText(before, '"state_file": "', '"state_file": "../'))).toContain(
      'expected a file beside it',
    );
    expect(await refusal(changeText(before, '"rename_map": {}', '"rename_map": {"a": "b"}'))).toContain(
      'renames features',
    );
    const state = 'policy_postprocessor_step_0_unnormalizer_processor.safetensors';
    expect(await refusal((directory) => rm(join(directory, state)))).toBe(`DIR/${state} is missing`);
  });

  it('reads the settings of the layout before features had types', async () => {
    const copy = join(folder, 'first-layout');
    await mkdir(copy);
    const { parameters, config, statistics } = await readDiffusionCheckpoint(fixturePath('A/ckpt'));
    const {
      input_features: _1,
      output_features: _2,
      normalization_mapping: _3,
      type: _4,
      ...rest
    } = JSON.parse(await readFile(fixturePath('A/ckpt/config.json'), 'utf8'));
    const document = {
      ...rest,
      input_shapes: { 'observation.state': [5], 'observation.environment_state': [4] },
      output_shapes: { action: [3] },
      input_normalization_modes: { 'observation.state': 'min_max' },
      output_normalization_modes: { action: 'min_max' },
    };
    await writeFile(join(copy, 'config.json'), JSON.stringify(document));
    const buffer = (name: string, feature: string) => {
      const { min, max } = statistics[feature]!;
      return Object.entries({ min: min!, max: max! }).map(
        ([key, data]) => [`${name}.${key}`, { shape: [data.length], data }] as const,
      );
    };
    const tensors = {
      ...parameters,
      ...Object.fromEntries([
        ...buffer('normalize_inputs.buffer_observation_state', 'observation.state'),
        ...buffer('unnormalize_outputs.buffer_action', 'action'),
      ]),
    };
    await writeFile(join(copy, 'model.safetensors'), encodeTensors(tensors));
    const read = await readDiffusionCheckpoint(copy);
    expect(read.config).toEqual({ ...config, normalizationMapping: { ...read.config.normalizationMapping } });
    expect(read.config.normalizationMapping).toEqual({ STATE: 'MIN_MAX', ENV: 'IDENTITY', ACTION: 'MIN_MAX' });
    expect(Object.keys(read.statistics)).toEqual(['observation.state', 'action']);
  });
});
