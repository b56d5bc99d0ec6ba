import { RandomStream } from '@rapport/core';
import type { ParameterValues } from '@rapport/nn';
import { describe, expect, it } from 'vitest';
import type { DiffusionCheckpoint } from '../diffusion/checkpoint.js';
import type { Demonstration } from '../diffusion/demonstrations.js';
import { relativeError, smallConfig } from '../diffusion/fixtures.js';
import { diffusionNetwork } from '../diffusion/network.js';
import { denormalize, featureAffine } from '../diffusion/normalization.js';
import { DiffusionPolicy } from '../diffusion/policy.js';
import { compileSampler } from '../diffusion/sampler.js';
import { toyConfig } from './toy.testing.js';
import { rolloutWindows } from './windows.js';

const length = 6;
const ramp = (size: number, scale: number) => Float32Array.from({ length: size * length }, (_, index) => scale * index);
const rollout: Demonstration = {
  length,
  vectors: {
    'observation.state': ramp(2, 1),
    'observation.environment_state': ramp(1, 10),
    action: ramp(2, 0.1),
  },
  pictures: {},
};
const range = (low: number, high: number, size: number) => ({
  min: new Float32Array(size).fill(low),
  max: new Float32Array(size).fill(high),
});
const checkpoint: DiffusionCheckpoint = {
  config: toyConfig,
  statistics: {
    'observation.state': range(0, 2, 2),
    'observation.environment_state': range(0, 20, 1),
    action: range(0, 2, 2),
  },
  parameters: {},
};
const network = diffusionNetwork(toyConfig);
const cut = (chunk: 'executed' | 'horizon') =>
  rolloutWindows(checkpoint, network, [rollout], { what: 'rollout', chunk }, {});

describe('rolloutWindows', () => {
  it('gives the observations up to a step, normalised by the policy, with the first one before the start', async () => {
    const windows = await cut('executed');
    const out = new Float32Array(2 * windows.conditionSize);
    windows.writeCondition(0, 0, out, 0);
    windows.writeCondition(0, 3, out, 1);
    // Per step: the state 2t, 2t + 1 and the environment 10t, minus 1 after division by half of the range.
    expect([...out]).toEqual([-1, 0, -1, -1, 0, -1, 3, 4, 1, 5, 6, 2]);
  });

  it('counts the executed actions that exist, or all that exist', async () => {
    const weightsAt = async (chunk: 'executed' | 'horizon', step: number) => {
      const out = new Float32Array(8);
      (await cut(chunk)).writeWeights(0, step, out, 0);
      return [...out].map((weight) => Math.round(weight * 100) / 100);
    };
    // Two observations: place 1 is now, and four actions are executed from there.
    expect(await weightsAt('executed', 1)).toEqual([0, 0.25, 0.25, 0.25, 0.25, 0, 0, 0]);
    expect(await weightsAt('executed', 4)).toEqual([0, 0.5, 0.5, 0, 0, 0, 0, 0]);
    expect(await weightsAt('horizon', 0)).toEqual([0, 0.17, 0.17, 0.17, 0.17, 0.17, 0.17, 0]);
  });

  it('takes the recorded actions around a step, the nearest one past the ends', async () => {
    const windows = await cut('executed');
    const out = new Float32Array(windows.chunkSize);
    windows.writeChunk(0, 0, out, 0);
    const first = [...out].filter((_, index) => index % 2 === 0).map((value) => Math.round(10 * (value + 1)));
    expect(first).toEqual([0, 0, 2, 4, 6, 8, 10, 10]);
  });

  it('refuses rollouts without a feature of the policy, or with another size', async () => {
    const broken = async (vectors: Demonstration['vectors']) =>
      rolloutWindows(checkpoint, network, [{ ...rollout, vectors }], { what: 'rollout', chunk: 'executed' }, {});
    const { vectors } = rollout;
    await expect(broken({ ...vectors, 'observation.state': ramp(3, 1) })).rejects.toThrow(
      'rollout 0: feature "observation.state" has 3 numbers per step; the reference policy expects 2',
    );
    await expect(broken({ 'observation.state': ramp(2, 1), action: ramp(2, 1) })).rejects.toThrow(
      'rollout 0: feature "observation.environment_state" is missing',
    );
    await expect(broken({ ...vectors, action: ramp(2, Number.NaN) })).rejects.toThrow(
      'rollout 0: feature "action" holds a value that is not finite',
    );
  });

  it('encodes pictures as the policy does when it acts: the same noise gives the same action', async () => {
    const front = 'observation.images.front';
    const [size, steps] = [24, 18];
    const config = smallConfig({
      inputFeatures: {
        'observation.state': { type: 'STATE', shape: [2] },
        [front]: { type: 'VISUAL', shape: [3, size, size] },
      },
      outputFeatures: { action: { type: 'ACTION', shape: [2] } },
      normalizationMapping: { VISUAL: 'MEAN_STD', STATE: 'MIN_MAX', ACTION: 'MIN_MAX' },
      cropShape: [20, 20],
    });
    const network = diffusionNetwork(config);
    const stream = new RandomStream(0, 'windows');
    const parameters: ParameterValues = Object.fromEntries(
      [...network.trained, ...network.fixed].map(({ attributes: { name, shape, initializer } }) => [
        name,
        { shape, data: initializer(shape, stream.fork(name)) },
      ]),
    );
    const statistics = {
      'observation.state': range(0, 2, 2),
      action: range(0, 3, 2),
      [front]: { mean: new Float32Array([0.4, 0.5, 0.6]), std: new Float32Array([0.2, 0.3, 0.1]) },
    };
    const seen: DiffusionCheckpoint = { config, statistics, parameters };
    const state = Float32Array.from({ length: 2 * steps }, () => stream.uniform());
    const pictures = Uint8Array.from({ length: 3 * size * size * steps }, () => stream.integer(256));
    const recorded = {
      length: steps,
      vectors: { 'observation.state': state, action: state },
      pictures: { [front]: pictures },
    };
    const windows = await rolloutWindows(seen, network, [recorded], { what: 'rollout', chunk: 'executed' }, {});

    const policy = await DiffusionPolicy.create(seen, { name: 'seen' });
    const sampler = await compileSampler(network, parameters, { batch: 1, weights: 'baked' });
    const noise = {
      start: stream.fillNormal(new Float32Array(windows.chunkSize)),
      steps: stream.fillNormal(new Float32Array(sampler.stepNoiseSize)),
    };
    const planned: number[][] = [];
    for (let step = 0; step < steps; step++) {
      const frame = pictures.subarray(3 * size * size * step, 3 * size * size * (step + 1));
      const planes = Float32Array.from(
        frame,
        (_, at) => frame[(at % size ** 2) * 3 + Math.floor(at / size ** 2)]! / 255,
      );
      const observed = { 'observation.state': state.subarray(2 * step, 2 * step + 2), [front]: planes };
      const action = await policy.selectAction(observed, () => noise);
      // It plans at every fourth step.
      if (step % config.nActionSteps === 0) planned.push([...action]);
    }
    const affine = featureAffine('action', 'ACTION', config.normalizationMapping, statistics);
    const fromWindows: number[][] = [];
    for (let step = 0; step < steps; step += config.nActionSteps) {
      const condition = new Float32Array(windows.conditionSize);
      windows.writeCondition(0, step, condition, 0);
      const chunk = denormalize(affine, await sampler.sample(condition, noise.start, noise.steps));
      fromWindows.push([...chunk.subarray(2 * (config.nObsSteps - 1), 2 * config.nObsSteps)]);
    }
    await policy.close();
    await sampler.close();
    expect(relativeError(fromWindows.flat(), planned.flat())).toBeLessThan(1e-5);
    // The plans differ by what is seen.
    expect(relativeError(planned.slice(1).flat(), planned.slice(0, -1).flat())).toBeGreaterThan(1e-3);
  });
});
