import { readFileSync } from 'node:fs';
import { RandomStream } from '@rapport/core';
import { compileFunction, gradient, input, mean, type ParameterValues, square, type Tensor } from '@rapport/nn';
import { describe, expect, it } from 'vitest';
import type { Demonstration } from './demonstrations.js';
import { loadDiffusionPolicy, saveDiffusionPolicy } from './files.js';
import { fixturePath, relativeError, smallConfig, temporaryFolder } from './fixtures.js';
import { writeDiffusionCheckpoint } from './lerobot.js';
import { DiffusionPolicy } from './policy.js';
import { trainDiffusion } from './train.js';
import { conditionalTransformer } from './transformer.js';

interface Numbers {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

const reference = JSON.parse(readFileSync(fixturePath('../transformer_denoiser/denoiser.json'), 'utf8')) as {
  readonly noisy: Numbers;
  readonly timesteps: readonly number[];
  readonly condition: Numbers;
  readonly out: Numbers;
  readonly parameters: Readonly<Record<string, Numbers & { readonly gradient: readonly number[] }>>;
};

describe('conditionalTransformer', () => {
  it("computes what PyTorch's own transformer computes, and its gradients", async () => {
    const { noisy, timesteps, condition, out } = reference;
    const sizes = { nObsSteps: 2, horizon: 6, transformerWidth: 8, transformerLayers: 2, transformerHeads: 2 };
    const denoiser = conditionalTransformer('net', sizes, 2, 6);
    const given = Object.entries(reference.parameters).map(
      ([name, { shape, data, gradient: slope }]) => [`net.${name}`, { shape, data, slope }] as const,
    );
    expect(denoiser.parameters.map(({ attributes }) => attributes.name).sort()).toEqual(
      given.map(([name]) => name).sort(),
    );
    const parameters: ParameterValues = Object.fromEntries(
      given.map(([name, { shape, data }]) => [name, { shape, data: Float32Array.from(data) }]),
    );
    const result = denoiser.apply(input('noisy', [3, 6, 2]), input('timesteps', [3]), input('condition', [3, 6]));
    const slopes = gradient(mean(square(result)), denoiser.parameters);
    const outputs: Record<string, Tensor> = Object.fromEntries(
      denoiser.parameters.map(({ attributes }, index) => [`gradient/${attributes.name}`, slopes[index]!]),
    );
    outputs.out = result;
    const compiled = await compileFunction({ outputs, parameters });
    const found = await compiled.run({
      noisy: Float32Array.from(noisy.data),
      timesteps: Float32Array.from(timesteps),
      condition: Float32Array.from(condition.data),
    });
    await compiled.close();
    expect(relativeError(found.out!, out.data)).toBeLessThan(1e-5);
    for (const [name, { slope }] of given)
      expect(relativeError(found[`gradient/${name}`]!, slope), name).toBeLessThan(1e-4);
  });
});

const config = smallConfig({
  horizon: 6,
  backbone: 'transformer',
  transformerWidth: 32,
  transformerLayers: 2,
  transformerHeads: 2,
});

/** From one start, half of the demonstrations go up and half go down; how fast, they are told. */
function bimodal(up: boolean, speed: number): Demonstration {
  const length = 8;
  const action = new Float32Array(length).fill(up ? speed : -speed);
  const vectors = {
    'observation.state': new Float32Array(length),
    'observation.environment_state': new Float32Array(length).fill(speed),
    action,
  };
  return { length, vectors, pictures: {} };
}

describe('a policy with a transformer', () => {
  it('learns both of two ways, is kept in a folder, and is not handed to LeRobot', async () => {
    const speeds = [0.2, 0.4, 0.6, 0.8, 1];
    const demonstrations = speeds.flatMap((speed) => [bimodal(true, speed), bimodal(false, speed)]);
    const checkpoint = await trainDiffusion({
      config,
      demonstrations,
      steps: 1000,
      batchSize: 32,
      averageDecay: 0.97,
      seed: 1,
    });
    const folder = temporaryFolder();
    await saveDiffusionPolicy(`${folder}/policy`, { name: 'both ways', checkpoint });
    const stored = await loadDiffusionPolicy(`${folder}/policy`);
    expect(stored.checkpoint).toMatchObject(checkpoint);
    await expect(writeDiffusionCheckpoint(`${folder}/exported`, checkpoint)).rejects.toThrow(
      'the policy\'s backbone is "transformer"; expected "unet", the only one that LeRobot knows',
    );

    const policy = await DiffusionPolicy.create(stored.checkpoint, { name: 'both ways' });
    const speed = 0.7;
    const stream = new RandomStream(3, 'starts');
    let [ups, error] = [0, 0];
    const count = 60;
    for (let episode = 0; episode < count; episode++) {
      policy.reset(stream.integer(2 ** 30));
      const [action] = await policy.act(Float32Array.of(0, speed));
      ups += Number(action! > 0);
      error += Math.abs(Math.abs(action!) - speed) / count;
    }
    await policy.close();
    // A fair coin leaves this range once in some ten thousand times.
    expect(ups).toBeGreaterThan(14);
    expect(ups).toBeLessThan(46);
    expect(error).toBeLessThan(0.1);
  });
});
